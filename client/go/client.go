// Package webhookd reports events to webhookd. Every event that was reported and answered is stored
// durably.
//
// Package signature verifies the webhooks that webhookd sends; packages under gen hold every message and
// service. In Go the names of Determined's messages begin with webhookd., so that a program can hold
// Determined's own as well; on the wire nothing differs.
package webhookd

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"
	"time"

	webhookdv1 "github.com/determined-ai/webhookd/client/go/gen/webhookd/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Options of a client; zero values stand for what is said here.
type Options struct {
	Token          string         // of a service or a user; none
	Deadline       time.Duration  // for each report, repetitions included; 30 s
	TryTimeout     time.Duration  // for one try; a stream without answers for as long is opened again; 10 s
	MaxInFlight    int            // reports of a stream that wait for their answer; 256
	MaxReportBytes int            // what the server takes; 4 MiB
	RootCAs        *x509.CertPool // for https:// addresses; the system's
	InitialBackoff time.Duration  // 100 ms
	MaxBackoff     time.Duration  // between tries at most; 4 s, above 5 s a report may come later after an outage than promised
}

func (o Options) withDefaults() Options {
	set := func(value *time.Duration, standard time.Duration) {
		if *value <= 0 {
			*value = standard
		}
	}
	set(&o.Deadline, 30*time.Second)
	set(&o.TryTimeout, 10*time.Second)
	set(&o.InitialBackoff, 100*time.Millisecond)
	set(&o.MaxBackoff, 4*time.Second)
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = 256
	}
	if o.MaxReportBytes <= 0 {
		o.MaxReportBytes = 4 << 20
	}
	return o
}

// delayAfter is how long to wait after so many failures in a row, from 1, counted from the beginning of the last try;
// but at least as after one failure, so that those whom one outage made wait do not all come back at once.
func (o Options) delayAfter(failures int, began time.Time) time.Duration {
	delay, least := o.delay(failures)-time.Since(began), o.delay(1)
	if delay < least {
		return least
	}
	return delay
}

// delay is how long to wait after so many failures in a row, from 1.
func (o Options) delay(failures int) time.Duration {
	whole := o.InitialBackoff
	for i := 1; i < failures && whole < o.MaxBackoff; i++ {
		whole *= 2
	}
	if whole > o.MaxBackoff {
		whole = o.MaxBackoff
	}
	half := int64(whole/2) + 1
	random, err := rand.Int(rand.Reader, big.NewInt(half))
	if err != nil {
		return whole
	}
	return whole/2 + time.Duration(random.Int64())
}

// ReportError says why a report failed.
type ReportError struct {
	Code    codes.Code
	Message string
	// The report's. If MayBeStored, report the event again under it: it is stored once in any case.
	IdempotencyKey string
	// False: nothing was stored. True: nobody knows.
	MayBeStored bool
}

func (e *ReportError) Error() string {
	if !e.MayBeStored {
		return fmt.Sprintf("%v: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%v: %s; the event may be stored: report it again with idempotency key %s", e.Code, e.Message, e.IdempotencyKey)
}

// GRPCStatus lets status.Code(err) and status.FromError work.
func (e *ReportError) GRPCStatus() *status.Status { return status.New(e.Code, e.Error()) }

// EventClient is safe for concurrent use.
type EventClient struct {
	connection *grpc.ClientConn
	stub       webhookdv1.EventServiceClient
	options    Options
}

// NewEventClient takes HOST:PORT, or https://HOST:PORT for TLS; without a port 8080, or 8443 with TLS. It
// connects when it is first used.
func NewEventClient(server string, options Options) (*EventClient, error) {
	options = options.withDefaults()
	target, useTLS, err := parseServer(server)
	if err != nil {
		return nil, err
	}
	transport := insecure.NewCredentials()
	if useTLS {
		transport = credentials.NewTLS(&tls.Config{RootCAs: options.RootCAs, MinVersion: tls.VersionTLS12})
	}
	connection, err := grpc.Dial(target,
		grpc.WithTransportCredentials(transport),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 4 * time.Second,
		}),
		// A connection that a firewall forgot looks like one where nothing happens.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 10 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true,
		}))
	if err != nil {
		return nil, fmt.Errorf("server %q: %w", server, err)
	}
	return &EventClient{connection: connection, stub: webhookdv1.NewEventServiceClient(connection), options: options}, nil
}

// Close ends the connection. Close streams before.
func (c *EventClient) Close() error { return c.connection.Close() }

// ReportExperimentState returns once the event is durable. It tries again by itself, under one
// idempotency key, until the deadline or the context ends; the error is a *ReportError.
func (c *EventClient) ReportExperimentState(ctx context.Context, report *webhookdv1.ReportExperimentStateRequest) (*webhookdv1.ReportExperimentStateResponse, error) {
	report = proto.Clone(report).(*webhookdv1.ReportExperimentStateRequest)
	return retry(ctx, c, report, &report.IdempotencyKey, c.stub.ReportExperimentState)
}

// ReportTaskLogs is as ReportExperimentState.
func (c *EventClient) ReportTaskLogs(ctx context.Context, report *webhookdv1.ReportTaskLogsRequest) (*webhookdv1.ReportTaskLogsResponse, error) {
	report = proto.Clone(report).(*webhookdv1.ReportTaskLogsRequest)
	return retry(ctx, c, report, &report.IdempotencyKey, c.stub.ReportTaskLogs)
}

// ReportMetrics is as ReportExperimentState.
func (c *EventClient) ReportMetrics(ctx context.Context, report *webhookdv1.ReportMetricsRequest) (*webhookdv1.ReportMetricsResponse, error) {
	report = proto.Clone(report).(*webhookdv1.ReportMetricsRequest)
	return retry(ctx, c, report, &report.IdempotencyKey, c.stub.ReportMetrics)
}

func retry[Request proto.Message, Response any](ctx context.Context, c *EventClient, report Request, key *string,
	call func(context.Context, Request, ...grpc.CallOption) (Response, error)) (Response, error) {
	var none Response
	if err := prepare(report, key, c.options); err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Deadline)
	defer cancel()
	var failure *status.Status
	for tries := 1; ; tries++ {
		began := time.Now()
		tryCtx, cancelTry := context.WithTimeout(c.options.authorize(ctx), c.options.TryTimeout)
		// Once it is known why there is no connection, a try waits for one, which succeeds as soon as the server is back.
		response, err := call(tryCtx, report, grpc.WaitForReady(failure.Code() == codes.Unavailable))
		cancelTry()
		if err == nil {
			return response, nil
		}
		now := status.Convert(err)
		if !worthRetrying(now.Code()) {
			// An earlier try may have been taken, unless its key belongs to something else; these two codes also come
			// from what breaks on the way.
			maybe := tries > 1 && now.Code() != codes.AlreadyExists || now.Code() == codes.Internal || now.Code() == codes.Unknown
			return none, &ReportError{Code: now.Code(), Message: now.Message(), IdempotencyKey: *key, MayBeStored: maybe}
		}
		// The last try may have had no time left; why those before it failed says more.
		if failure == nil || now.Code() != codes.DeadlineExceeded {
			failure = now
		}
		timer := time.NewTimer(c.options.delayAfter(tries, began))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			message := fmt.Sprintf("%s (tries: %d, the last ended with %v)", failure.Message(), tries, ctx.Err())
			return none, &ReportError{Code: failure.Code(), Message: message, IdempotencyKey: *key, MayBeStored: true}
		}
	}
}

func (o Options) authorize(ctx context.Context) context.Context {
	if o.Token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+o.Token)
}

// prepare gives the report a key if it has none, and refuses it when it is too large.
func prepare(report proto.Message, key *string, options Options) error {
	if *key == "" {
		*key = timeOrderedUUID()
	}
	if size := proto.Size(report); size > options.MaxReportBytes {
		message := fmt.Sprintf("the report has %d bytes; at most %d are allowed", size, options.MaxReportBytes)
		return &ReportError{Code: codes.InvalidArgument, Message: message, IdempotencyKey: *key}
	}
	return nil
}

// With an idempotency key a repetition is harmless, so what matters is whether it may help. A server
// that stops cancels its calls.
func worthRetrying(code codes.Code) bool {
	switch code {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted, codes.Canceled:
		return true
	}
	return false
}

func parseServer(server string) (target string, useTLS bool, err error) {
	address := server
	if rest := strings.TrimPrefix(server, "https://"); rest != server {
		address, useTLS = rest, true
	} else {
		address = strings.TrimPrefix(server, "http://")
	}
	address = strings.TrimSuffix(address, "/")
	if address == "" || strings.ContainsAny(address, "/?#@ ") {
		return "", false, fmt.Errorf("server is %q; write HOST:PORT, http://HOST:PORT or https://HOST:PORT", server)
	}
	if !strings.Contains(address, ":") || strings.HasSuffix(address, "]") {
		if useTLS {
			address += ":8443"
		} else {
			address += ":8080"
		}
	}
	return address, useTLS, nil
}

// timeOrderedUUID makes a UUID of version 7. The server stores many of one time several times cheaper
// than random ones.
func timeOrderedUUID() string {
	var id [16]byte
	if _, err := rand.Read(id[6:]); err != nil {
		panic(err) // the system has no randomness; nothing could be trusted
	}
	now := uint64(time.Now().UnixMilli())
	for i := 0; i < 6; i++ {
		id[i] = byte(now >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
