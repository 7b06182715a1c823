// Driver is what tests/clients/run.py drives: driver HOST:PORT TOKEN stream|unary COUNT DEADLINE BYTES [ROOTS]
//
// It reports COUNT events, each with a name of BYTES bytes, and prints what became of each. If COUNT is "-" it reports
// one for each line of standard input, with the key that stands there, and waits for it to be over. ROOTS is a PEM
// file.
package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	webhookd "github.com/determined-ai/webhookd/client/go"
	experimentv1 "github.com/determined-ai/webhookd/client/go/gen/determined/experiment/v1"
	webhookdv1 "github.com/determined-ai/webhookd/client/go/gen/webhookd/v1"
)

func main() {
	server, token, mode := os.Args[1], os.Args[2], os.Args[3]
	oneByOne, deadline, size := os.Args[4] == "-", number(os.Args[5]), number(os.Args[6])
	if token == "-" {
		token = ""
	}
	var roots *x509.CertPool
	if len(os.Args) > 7 {
		pem, err := os.ReadFile(os.Args[7])
		if err != nil {
			log.Fatal(err)
		}
		roots = x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
	}
	client, err := webhookd.NewEventClient(server, webhookd.Options{
		Token: token, Deadline: time.Duration(deadline) * time.Second, MaxInFlight: 8, RootCAs: roots,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	stream := client.OpenStream()
	defer stream.Close()
	var results []<-chan webhookd.Result
	lines := bufio.NewScanner(os.Stdin)
	for i := 1; oneByOne || i <= number(os.Args[4]); i++ {
		report := &webhookdv1.ReportExperimentStateRequest{Experiment: &webhookdv1.Experiment{
			Id: int32(i), Name: strings.Repeat("x", size), State: experimentv1.State_STATE_COMPLETED,
		}}
		if oneByOne {
			if !lines.Scan() {
				return
			}
			report.IdempotencyKey = lines.Text()
		}
		if mode == "unary" {
			response, err := client.ReportExperimentState(context.Background(), report)
			show(response, err)
			continue
		}
		result, err := stream.Report(context.Background(), report)
		if err != nil {
			show(nil, err)
			continue
		}
		if oneByOne {
			result := <-result
			show(result.Response.GetExperimentState(), result.Err)
			continue
		}
		results = append(results, result)
	}
	for _, channel := range results {
		result := <-channel
		show(result.Response.GetExperimentState(), result.Err)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return value
}

var wordStart = regexp.MustCompile("([a-z])([A-Z])")

func show(response *webhookdv1.ReportExperimentStateResponse, err error) {
	var failure *webhookd.ReportError
	if err == nil {
		fmt.Println("stored", response.EventId)
	} else if errors.As(err, &failure) {
		code := strings.ToUpper(wordStart.ReplaceAllString(failure.Code.String(), "${1}_$2"))
		fmt.Println("error", code, map[bool]string{true: "maybe", false: "not-stored"}[failure.MayBeStored], err)
	} else {
		log.Fatal(err)
	}
}
