// Receiver receives webhooks on a free port, and prints those that are genuine: receiver KEY [KEY...]
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	webhookd "github.com/determined-ai/webhookd/client/go"
	"github.com/determined-ai/webhookd/client/go/signature"
)

// [docs:receive]
func receive(verifier *signature.Verifier) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			answer(w, 413, err)
			return
		}
		if _, err := verifier.Verify(body, r.Header); err != nil {
			answer(w, 401, err)
			return
		}
		event, err := webhookd.ParseEvent(body)
		if err != nil {
			answer(w, 400, err)
			return
		}
		experiment := event.EventData.GetExperiment()
		answer(w, 200, event.EventType, experiment.GetName(), experiment.GetState(), event.EventId)
	}
}

// [docs:end]

func answer(w http.ResponseWriter, code int, message ...any) {
	fmt.Print(code, " ", fmt.Sprintln(message...))
	w.WriteHeader(code)
}

func main() {
	verifier, err := signature.NewVerifier(os.Args[1:]...) // during a rotation: the new and the old key
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, receive(verifier)))
}
