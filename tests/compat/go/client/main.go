// The client program makes a master's and an operator's calls with the stubs that protoc-gen-go and
// protoc-gen-go-grpc generate from our protos, and prints what came back as one JSON object.
//
// go_client_test.py checks what it prints.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"time"

	apiv1 "github.com/determined-ai/determined/proto/pkg/apiv1"
	experimentv1 "github.com/determined-ai/determined/proto/pkg/experimentv1"
	webhookv1 "github.com/determined-ai/determined/proto/pkg/webhookv1"
	webhookdv1 "github.com/determined-ai/webhookd/client/go/gen/webhookd/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const streamedReports = 50

var report = map[string]json.RawMessage{}

// must stops at the first error, naming the call.
func must[T proto.Message](name string) func(T, error) T {
	return func(message T, err error) T {
		if err != nil {
			log.Fatalf("client: %s: %v", name, err)
		}
		text, err := protojson.Marshal(message)
		if err != nil {
			log.Fatalf("client: %s: %v", name, err)
		}
		report[name] = text
		return message
	}
}

func note(name string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		log.Fatalf("client: %s: %v", name, err)
	}
	report[name] = text
}

func experimentState(key string, id int32) *webhookdv1.ReportExperimentStateRequest {
	now := time.Now()
	return &webhookdv1.ReportExperimentStateRequest{
		IdempotencyKey: key,
		Experiment: &webhookdv1.Experiment{
			Id: id, Name: "from Go", State: experimentv1.State_STATE_COMPLETED,
			StartTime: timestamppb.New(now.Add(-time.Minute)), EndTime: timestamppb.New(now),
			ResourcePool: "default", SlotsPerTrial: 1,
		},
	}
}

func main() {
	server := flag.String("server", "", "address of webhookd, HOST:PORT")
	username := flag.String("user", "admin", "who signs in")
	password := flag.String("password", "", "the password")
	url := flag.String("url", "", "where the webhook's requests go")
	flag.Parse()

	connection, err := grpc.Dial(*server, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatalf("client: %v", err)
	}
	determined := apiv1.NewDeterminedClient(connection)
	events := webhookdv1.NewEventServiceClient(connection)
	deliveries := webhookdv1.NewDeliveryServiceClient(connection)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	must[*apiv1.GetMasterResponse]("master")(determined.GetMaster(ctx, &apiv1.GetMasterRequest{}))
	_, err = determined.GetMe(ctx, &apiv1.GetMeRequest{})
	note("without token", map[string]any{"code": status.Code(err).String(), "message": status.Convert(err).Message()})
	_, err = determined.Login(ctx, &apiv1.LoginRequest{Username: *username, Password: *password + "x"})
	note("wrong password", map[string]any{"code": status.Code(err).String(), "message": status.Convert(err).Message()})
	login := must[*apiv1.LoginResponse]("login")(determined.Login(ctx, &apiv1.LoginRequest{Username: *username, Password: *password}))
	ctx = metadata.AppendToOutgoingContext(ctx, "x-user-token", "Bearer "+login.Token)
	must[*apiv1.GetMeResponse]("me")(determined.GetMe(ctx, &apiv1.GetMeRequest{}))

	condition, err := structpb.NewStruct(map[string]any{"state": "COMPLETED"})
	if err != nil {
		log.Fatalf("client: %v", err)
	}
	created := must[*apiv1.PostWebhookResponse]("created")(determined.PostWebhook(ctx, &apiv1.PostWebhookRequest{
		Webhook: &webhookv1.Webhook{
			Name: "from Go", Url: *url, Mode: webhookv1.WebhookMode_WEBHOOK_MODE_WORKSPACE,
			WebhookType: webhookv1.WebhookType_WEBHOOK_TYPE_DEFAULT,
			Triggers: []*webhookv1.Trigger{{
				TriggerType: webhookv1.TriggerType_TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE, Condition: condition,
			}},
		},
	}))
	must[*apiv1.GetWebhooksResponse]("webhooks")(determined.GetWebhooks(ctx, &apiv1.GetWebhooksRequest{}))

	completed := experimentState("go-unary", 1)
	first := must[*webhookdv1.ReportExperimentStateResponse]("reported")(events.ReportExperimentState(ctx, completed))
	again := must[*webhookdv1.ReportExperimentStateResponse]("reported again")(events.ReportExperimentState(ctx, completed))
	note("same event", first.EventId == again.EventId && again.Duplicate)

	stream, err := events.StreamEvents(ctx)
	if err != nil {
		log.Fatalf("client: StreamEvents: %v", err)
	}
	for i := uint64(1); i <= streamedReports; i++ {
		request := experimentState(fmt.Sprintf("go-stream-%d", i), int32(i))
		if i == streamedReports {
			request.Experiment.Id = -1 // refused, without an end of the stream
		}
		if err := stream.Send(&webhookdv1.StreamEventsRequest{
			Sequence: i, Report: &webhookdv1.StreamEventsRequest_ExperimentState{ExperimentState: request},
		}); err != nil {
			log.Fatalf("client: sending report %d: %v", i, err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		log.Fatalf("client: CloseSend: %v", err)
	}
	accepted, refused := map[uint64]bool{}, map[uint64]string{}
	for i := 0; i < streamedReports; i++ {
		answer, err := stream.Recv()
		if err != nil {
			log.Fatalf("client: answer %d: %v", i, err)
		}
		if problem := answer.GetError(); problem != nil {
			refused[answer.Sequence] = problem.Message
		} else if answer.GetExperimentState().GetDeliveryCount() == 1 {
			accepted[answer.Sequence] = true
		}
	}
	note("streamed", map[string]any{"accepted": len(accepted), "refused": refused})

	listed := must[*webhookdv1.ListDeliveriesResponse]("deliveries")(deliveries.ListDeliveries(ctx,
		&webhookdv1.ListDeliveriesRequest{WebhookId: created.Webhook.Id, PageSize: 10}))
	note("more pages", listed.NextPageToken != "")
	must[*webhookdv1.GetDeliveryResponse]("delivery")(deliveries.GetDelivery(ctx,
		&webhookdv1.GetDeliveryRequest{DeliveryId: first.Deliveries[0].DeliveryId}))
	must[*apiv1.DeleteWebhookResponse]("deleted")(determined.DeleteWebhook(ctx, &apiv1.DeleteWebhookRequest{Id: created.Webhook.Id}))
	_, err = determined.GetWebhook(ctx, &apiv1.GetWebhookRequest{WebhookId: created.Webhook.Id})
	note("after deletion", map[string]any{"code": status.Code(err).String(), "message": status.Convert(err).Message()})
	must[*apiv1.LogoutResponse]("logout")(determined.Logout(ctx, &apiv1.LogoutRequest{}))
	_, err = determined.GetMe(ctx, &apiv1.GetMeRequest{})
	note("after logout", map[string]any{"code": status.Code(err).String(), "message": status.Convert(err).Message()})

	text, err := json.Marshal(report)
	if err != nil {
		log.Fatalf("client: %v", err)
	}
	fmt.Println(string(text))
}
