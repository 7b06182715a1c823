package signature_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/determined-ai/webhookd/client/go/signature"
)

type vector struct {
	Name             string
	Expect           string
	Keys             []string
	Now              int64
	ToleranceSeconds int64       `json:"tolerance_seconds"`
	Headers          [][2]string // name, value
	Body             []byte      `json:"body_base64"`
}

func (v vector) verify(t *testing.T, body []byte) error {
	verifier, err := signature.NewVerifier(v.Keys...)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for _, pair := range v.Headers {
		header.Add(pair[0], pair[1])
	}
	_, err = verifier.WithTolerance(time.Duration(v.ToleranceSeconds)*time.Second).
		WithClock(func() time.Time { return time.Unix(v.Now, 0) }).
		Verify(body, header)
	return err
}

func vectors(t *testing.T) []vector {
	data, err := os.ReadFile("../../../tests/vectors/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) < 100 {
		t.Fatalf("only %d vectors", len(file.Vectors))
	}
	return file.Vectors
}

func TestVerifierJudgesEveryVector(t *testing.T) {
	verdicts := map[string]error{
		"ok": nil, "missing_header": signature.ErrMissingHeader, "doubled_header": signature.ErrDoubledHeader,
		"malformed_header": signature.ErrMalformedHeader, "wrong_signature": signature.ErrWrongSignature,
		"stale": signature.ErrStale, "future": signature.ErrFuture,
	}
	for _, v := range vectors(t) {
		want, known := verdicts[v.Expect]
		if err := v.verify(t, v.Body); !known || !errors.Is(err, want) {
			t.Errorf("%s: %v; it should be %s", v.Name, err, v.Expect)
		}
	}
}

func TestVerifierRefusesEveryChangedBit(t *testing.T) {
	v := vectors(t)[0]
	for bit := 0; bit < 8*len(v.Body); bit++ {
		body := append([]byte{}, v.Body...)
		body[bit/8] ^= 1 << (bit % 8)
		if err := v.verify(t, body); !errors.Is(err, signature.ErrWrongSignature) {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
}

func TestNewVerifierNeedsKeys(t *testing.T) {
	for _, keys := range [][]string{nil, {""}, {"key", ""}} {
		if _, err := signature.NewVerifier(keys...); err == nil {
			t.Errorf("%q were taken", keys)
		}
	}
}
