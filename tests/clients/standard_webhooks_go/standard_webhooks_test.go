// Package standardwebhooks checks that the Standard Webhooks project's own Go library accepts what
// webhookd signs.
package standardwebhooks

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func TestLibraryJudgesTheVectorsAsWeDo(t *testing.T) {
	data, err := os.ReadFile("../../vectors/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Name    string
			Expect  string
			Keys    []string
			Headers [][2]string
			Body    []byte `json:"body_base64"`
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	accepted, refused := 0, 0
	for _, vector := range file.Vectors {
		header := http.Header{}
		for _, pair := range vector.Headers {
			header.Add(pair[0], pair[1])
		}
		// It takes one key, knows these headers alone, and is not asked about the time: the vectors are old.
		standard := header.Get("webhook-id") != "" && header.Get("webhook-timestamp") != "" && header.Get("webhook-signature") != ""
		determined := header.Get("X-Determined-AI-Signature") != ""
		decided := vector.Expect == "ok" || vector.Expect == "wrong_signature" && !determined
		if !standard || !decided || len(vector.Keys) != 1 {
			continue
		}
		webhook, err := standardwebhooks.NewWebhookRaw([]byte(vector.Keys[0]))
		if err != nil {
			t.Fatal(err)
		}
		err = webhook.VerifyIgnoringTimestamp(vector.Body, header)
		if (err == nil) != (vector.Expect == "ok") {
			t.Errorf("%s: %v; it should be %s", vector.Name, err, vector.Expect)
		}
		if err == nil {
			accepted++
		} else {
			refused++
		}
	}
	if accepted < 10 || refused < 3 {
		t.Errorf("only %d accepted and %d refused", accepted, refused)
	}
}
