// Package signature verifies that a request comes from webhookd and is fresh. It needs the standard
// library only.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// DefaultTolerance is how far a request's time may lie from this machine's, before and after.
const DefaultTolerance = 5 * time.Minute

// Why a request was refused, for errors.Is. The error's text says more.
var (
	ErrMissingHeader   = errors.New("missing header")
	ErrDoubledHeader   = errors.New("doubled header")
	ErrMalformedHeader = errors.New("malformed header")
	ErrWrongSignature  = errors.New("wrong signature")
	ErrStale           = errors.New("stale request")
	ErrFuture          = errors.New("request from the future")
)

const (
	determinedTimestamp = "X-Determined-AI-Signature-Timestamp"
	determinedSignature = "X-Determined-AI-Signature"
	standardID          = "webhook-id"
	standardTimestamp   = "webhook-timestamp"
	standardSignature   = "webhook-signature"
)

// Verified is what the signature vouches for.
type Verified struct {
	Timestamp time.Time // when the request was made
	EventID   string    // the webhook-id header, the same for every repetition; empty if there was none
}

// Verifier checks Determined's signature headers and those of Standard Webhooks. A request may bear
// either family or both; every family that it bears must be whole and right. Safe for concurrent use.
type Verifier struct {
	keys      []string
	tolerance time.Duration
	now       func() time.Time
}

// NewVerifier takes the signing key; during a rotation the new and the old one.
func NewVerifier(keys ...string) (*Verifier, error) {
	if len(keys) == 0 {
		return nil, errors.New("a signing key is needed")
	}
	for _, key := range keys {
		if key == "" {
			return nil, errors.New("a signing key is empty")
		}
	}
	return &Verifier{keys: keys, tolerance: DefaultTolerance, now: time.Now}, nil
}

// WithTolerance returns a verifier with another window.
func (v *Verifier) WithTolerance(tolerance time.Duration) *Verifier {
	return &Verifier{keys: v.keys, tolerance: tolerance, now: v.now}
}

// WithClock returns a verifier that asks now for the time.
func (v *Verifier) WithClock(now func() time.Time) *Verifier {
	return &Verifier{keys: v.keys, tolerance: v.tolerance, now: now}
}

type family struct {
	timestamp, signature, id string // values of its headers
	timestampName, name      string
	standard                 bool
}

// Verify checks the body as it came, before anything parsed it. After an error answer 401.
func (v *Verifier) Verify(body []byte, header http.Header) (Verified, error) {
	found, err := find(header)
	if err != nil {
		return Verified{}, err
	}
	var families []family
	if has(found, determinedTimestamp, determinedSignature) {
		f := family{timestampName: determinedTimestamp, name: determinedSignature}
		if err := take(found, map[string]*string{determinedTimestamp: &f.timestamp, determinedSignature: &f.signature}); err != nil {
			return Verified{}, err
		}
		families = append(families, f)
	}
	if has(found, standardID, standardTimestamp, standardSignature) {
		f := family{timestampName: standardTimestamp, name: standardSignature, standard: true}
		if err := take(found, map[string]*string{standardID: &f.id, standardTimestamp: &f.timestamp, standardSignature: &f.signature}); err != nil {
			return Verified{}, err
		}
		families = append(families, f)
	}
	if len(families) == 0 {
		return Verified{}, fmt.Errorf("%w: neither %s nor %s is there", ErrMissingHeader, determinedSignature, standardSignature)
	}
	times := make([]int64, len(families))
	for i, f := range families {
		if times[i], err = parseTimestamp(f.timestampName, f.timestamp); err != nil {
			return Verified{}, err
		}
	}
	for _, f := range families {
		if !v.isSigned(f, body) {
			return Verified{}, fmt.Errorf("%w: header %s does not match: another key signed it, or the body or a header was changed on its way", ErrWrongSignature, f.name)
		}
	}
	now := v.now().Unix()
	for i, f := range families {
		if age := time.Duration(now-times[i]) * time.Second; age > v.tolerance {
			return Verified{}, fmt.Errorf("%w: the signature is right but %v old, by %s; at most %v are accepted. Either the request is replayed, or a clock is wrong", ErrStale, age, f.timestampName, v.tolerance)
		} else if -age > v.tolerance {
			return Verified{}, fmt.Errorf("%w: the signature is right but from %v in the future, by %s; at most %v are accepted. Is this machine's clock slow?", ErrFuture, -age, f.timestampName, v.tolerance)
		}
	}
	return Verified{Timestamp: time.Unix(times[0], 0), EventID: families[len(families)-1].id}, nil
}

// find returns the signature headers by their names above. Names that a handler wrote into the map by
// hand may not be canonical.
func find(header http.Header) (map[string]string, error) {
	found := map[string]string{}
	for name, values := range header {
		for _, known := range []string{determinedTimestamp, determinedSignature, standardID, standardTimestamp, standardSignature} {
			if !strings.EqualFold(name, known) || len(values) == 0 {
				continue
			}
			if _, twice := found[known]; twice || len(values) > 1 {
				return nil, fmt.Errorf("%w: %s is there twice", ErrDoubledHeader, known)
			}
			found[known] = values[0]
		}
	}
	return found, nil
}

func has(found map[string]string, names ...string) bool {
	for _, name := range names {
		if _, ok := found[name]; ok {
			return true
		}
	}
	return false
}

func take(found map[string]string, targets map[string]*string) error {
	for name, target := range targets {
		value, ok := found[name]
		if !ok {
			return fmt.Errorf("%w: %s", ErrMissingHeader, name)
		}
		*target = value
	}
	return nil
}

func parseTimestamp(name, text string) (int64, error) {
	digits := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' }) < 0
	seconds, err := strconv.ParseInt(text, 10, 64)
	if !digits || err != nil || len(text) > 12 {
		return 0, fmt.Errorf("%w: %s is %q, not a number of Unix seconds", ErrMalformedHeader, name, text)
	}
	return seconds, nil
}

// isSigned compares every key and every signature, so that the time tells nothing of them.
func (v *Verifier) isSigned(f family, body []byte) bool {
	right := 0
	for _, key := range v.keys {
		mac := hmac.New(sha256.New, []byte(key))
		var expected string
		given := []string{f.signature}
		if f.standard {
			mac.Write([]byte(f.id + "." + f.timestamp + "."))
			mac.Write(body)
			expected = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
			given = strings.Split(f.signature, " ")
		} else {
			mac.Write([]byte(f.timestamp + ","))
			mac.Write(body)
			expected = hex.EncodeToString(mac.Sum(nil))
		}
		for _, signature := range given {
			right |= subtle.ConstantTimeCompare([]byte(expected), []byte(signature))
		}
	}
	return right == 1
}
