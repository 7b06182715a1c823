// Report reports an experiment's states through a stream: report HOST:PORT [TOKEN]
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	webhookd "github.com/determined-ai/webhookd/client/go"
	experimentv1 "github.com/determined-ai/webhookd/client/go/gen/determined/experiment/v1"
	webhookdv1 "github.com/determined-ai/webhookd/client/go/gen/webhookd/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func main() {
	token := ""
	if len(os.Args) > 2 {
		token = os.Args[2]
	}
	if err := report(os.Args[1], token); err != nil {
		log.Fatal(err)
	}
}

// [docs:report]
func report(server, token string) error {
	client, err := webhookd.NewEventClient(server, webhookd.Options{Token: token})
	if err != nil {
		return err
	}
	defer client.Close()
	stream := client.OpenStream()
	defer stream.Close()
	for _, state := range []experimentv1.State{experimentv1.State_STATE_RUNNING, experimentv1.State_STATE_COMPLETED} {
		answer, err := stream.Report(context.Background(), &webhookdv1.ReportExperimentStateRequest{
			Experiment: &webhookdv1.Experiment{
				Id: 41, Name: "cifar10_pytorch_const", State: state, SlotsPerTrial: 2,
				StartTime: timestamppb.New(time.Now().Add(-41 * time.Second)), EndTime: timestamppb.Now(),
			},
		})
		if err != nil {
			return err
		}
		result := <-answer // a master goes on instead, and reads its answers elsewhere
		if result.Err != nil {
			return result.Err
		}
		fmt.Println("stored", result.Response.GetExperimentState().EventId)
	}
	return nil
}

// [docs:end]
