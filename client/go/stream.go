package webhookd

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"

	webhookdv1 "github.com/determined-ai/webhookd/client/go/gen/webhookd/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// ErrClosed is what Report returns after Close.
var ErrClosed = errors.New("the stream is closed")

// Result is what became of a report of a stream: the server's answer, or a *ReportError.
type Result struct {
	Response *webhookdv1.StreamEventsResponse
	Err      error
}

// EventStream reports many events over one gRPC stream. When it breaks it is opened again, and what was
// not answered goes out again under the same idempotency keys: each is stored once. Safe for concurrent
// use.
type EventStream struct {
	client *EventClient
	slots  chan struct{} // one for each report under way
	wake   chan struct{} // there is something to send
	closed context.Context
	close  context.CancelFunc
	done   chan struct{}

	mutex    sync.Mutex
	last     uint64
	entries  map[uint64]*entry // by sequence
	unsent   []uint64
	sent     map[uint64]bool // on this connection
	heard    bool            // an answer, on this connection
	answered time.Time       // the server owes an answer since then, or gave one then
	stalled  bool            // this connection, which was given up for that
	failures int             // connections in a row that gave no answer
	failure  string          // why there is no connection
}

type entry struct {
	request    *webhookdv1.StreamEventsRequest
	key        string
	result     chan Result
	expiry     *time.Timer
	unanswered bool // it was sent, and the connection ended without an answer
	refusals   int
	refusal    *webhookdv1.ReportError
}

// failed takes whether the event may be stored by what failed last; an earlier try may have been stored, too, unless
// its key belongs to something else.
func (e *entry) failed(code codes.Code, message string, mayBeStored bool) *ReportError {
	mayBeStored = mayBeStored || e.unanswered && code != codes.AlreadyExists
	return &ReportError{Code: code, Message: message, IdempotencyKey: e.key, MayBeStored: mayBeStored}
}

// OpenStream opens a stream. Close it before the client.
func (c *EventClient) OpenStream() *EventStream {
	closed, closeStream := context.WithCancel(context.Background())
	s := &EventStream{
		client: c, slots: make(chan struct{}, c.options.MaxInFlight), wake: make(chan struct{}, 1),
		closed: closed, close: closeStream, done: make(chan struct{}),
		entries: map[uint64]*entry{}, sent: map[uint64]bool{}, failure: "the server cannot be reached",
	}
	go s.run()
	return s
}

// Report takes a report; the channel gives its result, once. The report is one of
// *ReportExperimentStateRequest, *ReportTaskLogsRequest and *ReportMetricsRequest. While MaxInFlight
// reports are unanswered it blocks, until the context ends.
func (s *EventStream) Report(ctx context.Context, report proto.Message) (<-chan Result, error) {
	request, key, err := s.request(report)
	if err != nil {
		return nil, err
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closed.Done():
		return nil, ErrClosed
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed.Err() != nil {
		<-s.slots
		return nil, ErrClosed
	}
	s.last++
	sequence := s.last
	request.Sequence = sequence
	e := &entry{request: request, key: key, result: make(chan Result, 1)}
	e.expiry = time.AfterFunc(s.client.options.Deadline, func() { s.expire(sequence) })
	s.entries[sequence] = e
	s.unsent = append(s.unsent, sequence)
	s.notify()
	return e.result, nil
}

// Close takes no more reports and fails those that are unanswered: read the results before.
func (s *EventStream) Close() {
	s.close()
	<-s.done
}

func (s *EventStream) request(report proto.Message) (*webhookdv1.StreamEventsRequest, string, error) {
	request := &webhookdv1.StreamEventsRequest{}
	var key *string
	report = proto.Clone(report)
	switch r := report.(type) {
	case *webhookdv1.ReportExperimentStateRequest:
		request.Report, key = &webhookdv1.StreamEventsRequest_ExperimentState{ExperimentState: r}, &r.IdempotencyKey
	case *webhookdv1.ReportTaskLogsRequest:
		request.Report, key = &webhookdv1.StreamEventsRequest_TaskLogs{TaskLogs: r}, &r.IdempotencyKey
	case *webhookdv1.ReportMetricsRequest:
		request.Report, key = &webhookdv1.StreamEventsRequest_Metrics{Metrics: r}, &r.IdempotencyKey
	default:
		return nil, "", fmt.Errorf("%T is not a report", report)
	}
	err := prepare(report, key, s.client.options)
	return request, *key, err
}

func (s *EventStream) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *EventStream) run() {
	defer close(s.done)
	for {
		s.mutex.Lock()
		idle := len(s.entries) == 0
		s.mutex.Unlock()
		if idle {
			select {
			case <-s.wake:
			case <-s.closed.Done():
			}
		}
		if s.closed.Err() == nil && !idle {
			began := time.Now()
			s.disconnected(status.Convert(s.connection()))
			timer := time.NewTimer(s.client.options.delayAfter(s.failures, began))
			select {
			case <-timer.C:
			case <-s.closed.Done():
				timer.Stop()
			}
		}
		if s.closed.Err() != nil {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			s.endAll(codes.Canceled, "the stream was closed before the report was answered")
			return
		}
	}
}

// connection sends and receives until the connection ends, and returns why it did.
func (s *EventStream) connection() error {
	ctx, cancel := context.WithCancel(s.client.options.authorize(s.closed))
	defer cancel()
	// Once it is known why there is no connection, wait for one.
	stream, err := s.client.stub.StreamEvents(ctx, grpc.WaitForReady(s.failures > 0))
	if err != nil {
		return err
	}
	var senders sync.WaitGroup
	senders.Add(2)
	go func() {
		defer senders.Done()
		s.send(ctx, stream)
	}()
	go func() {
		defer senders.Done()
		s.watch(ctx, cancel)
	}()
	for {
		response, err := stream.Recv()
		if err != nil {
			cancel()
			senders.Wait()
			return err
		}
		s.answer(response)
	}
}

func (s *EventStream) send(ctx context.Context, stream webhookdv1.EventService_StreamEventsClient) {
	for {
		request := s.next()
		if request == nil {
			select {
			case <-s.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		// What went wrong is what Recv returns.
		if stream.Send(request) != nil {
			return
		}
	}
}

// watch ends a connection that gives no answers.
func (s *EventStream) watch(ctx context.Context, cancel context.CancelFunc) {
	ticker := time.NewTicker(s.client.options.TryTimeout / 8)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.mutex.Lock()
			s.stalled = len(s.sent) > 0 && time.Since(s.answered) > s.client.options.TryTimeout
			stalled := s.stalled
			s.mutex.Unlock()
			if stalled {
				cancel()
			}
		}
	}
}

func (s *EventStream) next() *webhookdv1.StreamEventsRequest {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for len(s.unsent) > 0 {
		sequence := s.unsent[0]
		s.unsent = s.unsent[1:]
		if e, ok := s.entries[sequence]; ok && !s.sent[sequence] {
			if len(s.sent) == 0 {
				s.answered = time.Now()
			}
			s.sent[sequence] = true
			return e.request
		}
	}
	return nil
}

func (s *EventStream) answer(response *webhookdv1.StreamEventsResponse) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.failures = 0
	s.heard = true
	s.answered = time.Now()
	sequence := response.Sequence
	e, ok := s.entries[sequence]
	if !ok || !s.sent[sequence] {
		return // it expired
	}
	delete(s.sent, sequence)
	if response.Result == nil {
		s.end(sequence, nil, e.failed(codes.Internal, "the server's answer is empty", true))
	} else if refusal := response.GetError(); refusal == nil {
		s.end(sequence, response, nil)
	} else {
		if !refusal.Retryable {
			s.end(sequence, nil, e.failed(codes.Code(refusal.Code), refusal.Message, false))
			return
		}
		e.refusal = refusal
		e.refusals++
		time.AfterFunc(s.client.options.delay(e.refusals), func() {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			s.unsent = append(s.unsent, sequence)
			s.notify()
		})
	}
}

// disconnected makes everything that is not answered go out again, unless the error is final.
func (s *EventStream) disconnected(why *status.Status) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	// A connection that was refused as a whole took nothing.
	if s.heard || !endsStream(why.Code()) {
		for sequence := range s.sent {
			s.entries[sequence].unanswered = true
		}
	}
	if endsStream(why.Code()) {
		s.endAll(why.Code(), why.Message())
	}
	s.failure = why.Message()
	if s.stalled {
		s.failure = fmt.Sprintf("a connection gave no answer for %v", s.client.options.TryTimeout)
	}
	s.failures++
	s.heard, s.stalled = false, false
	s.sent = map[uint64]bool{}
	s.unsent = nil
	for sequence := range s.entries {
		s.unsent = append(s.unsent, sequence)
	}
	sort.Slice(s.unsent, func(i, j int) bool { return s.unsent[i] < s.unsent[j] })
}

func (s *EventStream) expire(sequence uint64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	e, ok := s.entries[sequence]
	if !ok {
		return
	}
	e.unanswered = e.unanswered || s.sent[sequence]
	message := fmt.Sprintf("no answer within %v", s.client.options.Deadline)
	if e.refusal != nil {
		s.end(sequence, nil, e.failed(codes.Code(e.refusal.Code), e.refusal.Message, false))
	} else if s.failures > 0 {
		s.end(sequence, nil, e.failed(codes.Unavailable, message+", last "+s.failure, true))
	} else {
		s.end(sequence, nil, e.failed(codes.DeadlineExceeded, message, true))
	}
}

// endsStream tells whether a stream that ended so is not worth opening again.
func endsStream(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented, codes.DataLoss:
		return true
	}
	return false
}

// endAll holds the mutex.
func (s *EventStream) endAll(code codes.Code, message string) {
	for sequence, e := range s.entries {
		s.end(sequence, nil, e.failed(code, message, !endsStream(code)))
	}
}

// end holds the mutex.
func (s *EventStream) end(sequence uint64, response *webhookdv1.StreamEventsResponse, err *ReportError) {
	e := s.entries[sequence]
	e.expiry.Stop()
	delete(s.entries, sequence)
	delete(s.sent, sequence)
	result := Result{Response: response}
	if err != nil {
		result.Err = err
	}
	e.result <- result // has room for it
	<-s.slots
}
