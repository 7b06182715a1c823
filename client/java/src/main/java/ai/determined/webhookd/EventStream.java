package ai.determined.webhookd;

import ai.determined.webhookd.v1.EventServiceGrpc;
import ai.determined.webhookd.v1.ReportError;
import ai.determined.webhookd.v1.ReportExperimentStateRequest;
import ai.determined.webhookd.v1.StreamEventsRequest;
import ai.determined.webhookd.v1.StreamEventsResponse;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Many reports over one gRPC stream. When it breaks it is opened again, and what was not answered goes out again
 * under the same idempotency keys: each is stored once. Thread-safe.
 */
public final class EventStream implements AutoCloseable {
  private static final Set<Status.Code> ENDS_STREAM =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND, Status.Code.ALREADY_EXISTS,
          Status.Code.PERMISSION_DENIED, Status.Code.UNAUTHENTICATED, Status.Code.FAILED_PRECONDITION,
          Status.Code.OUT_OF_RANGE, Status.Code.UNIMPLEMENTED, Status.Code.DATA_LOSS);

  private static final class Entry {
    final StreamEventsRequest request;
    final CompletableFuture<StreamEventsResponse> future = new CompletableFuture<>();
    Future<?> expiry;
    boolean unanswered = false; // it was sent, and the connection ended without an answer
    int refusals = 0;
    ReportError refusal = null;

    Entry(StreamEventsRequest request) {
      this.request = request;
    }

    /**
     * mayBeStored: by what failed last; an earlier try may have been stored, too, unless its key belongs to something
     * else.
     */
    ReportException error(Status.Code code, String message, boolean mayBeStored) {
      boolean earlier = unanswered && code != Status.Code.ALREADY_EXISTS;
      return new ReportException(code, message, EventClient.key(request), mayBeStored || earlier);
    }

    ReportException error(ReportError refusal) {
      return error(Status.fromCodeValue(refusal.getCode()).getCode(), refusal.getMessage(), false);
    }
  }

  private final EventServiceGrpc.EventServiceStub stub;
  private final EventClient.Options options;
  private final Runnable resetBackoff; // of the channel, which would wait for minutes
  private final Semaphore slots;
  // All that follows is touched on this thread only.
  private final ScheduledExecutorService loop =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "webhookd-stream");
            thread.setDaemon(true);
            return thread;
          });
  private final SortedMap<Long, Entry> entries = new TreeMap<>(); // by sequence
  private final Deque<Long> unsent = new ArrayDeque<>();
  private final Set<Long> sent = new HashSet<>(); // on this connection
  private boolean heard = false; // an answer, on this connection
  private long lastSequence = 0;
  private Connection connection = null;
  private long connectedAt = 0; // when it was begun
  private boolean waiting = false; // before it connects again
  private long answeredAt = 0; // the server owes an answer since then, or gave one then
  private int failures = 0; // connections in a row that gave no answer
  private String lastFailure = "the server cannot be reached";
  private volatile boolean closed = false;

  EventStream(
      EventServiceGrpc.EventServiceStub stub, EventClient.Options options, Runnable resetBackoff) {
    this.resetBackoff = resetBackoff;
    this.stub = stub;
    this.options = options;
    this.slots = new Semaphore(options.maxInFlight);
    long period = Math.max(1, options.tryTimeout.toMillis() / 8);
    loop.scheduleWithFixedDelay(this::endIfStalled, period, period, TimeUnit.MILLISECONDS);
  }

  /**
   * Takes a report. The future has the server's answer, or fails with ReportException. Blocks while maxInFlight
   * reports are unanswered.
   */
  public CompletableFuture<StreamEventsResponse> report(StreamEventsRequest report)
      throws InterruptedException {
    StreamEventsRequest request = EventClient.prepare(report.toBuilder(), options);
    slots.acquire();
    CompletableFuture<StreamEventsResponse> result = new CompletableFuture<>();
    try {
      loop.execute(() -> add(request, result));
    } catch (java.util.concurrent.RejectedExecutionException e) {
      slots.release();
      throw new IllegalStateException("the stream is closed", e);
    }
    return result;
  }

  public CompletableFuture<StreamEventsResponse> report(ReportExperimentStateRequest report)
      throws InterruptedException {
    return report(StreamEventsRequest.newBuilder().setExperimentState(report).build());
  }

  /** Blocks until every report that was taken is answered or failed. */
  public void flush() throws InterruptedException {
    slots.acquire(options.maxInFlight);
    slots.release(options.maxInFlight);
  }

  /** Takes no more reports and fails those that are unanswered. Flush first to lose none. */
  @Override
  public void close() throws InterruptedException {
    if (closed) return;
    closed = true;
    loop.execute(
        () -> {
          String message = "the stream was closed before the report was answered";
          endAll(Status.Code.CANCELLED, message);
          if (connection != null) connection.cancel(message);
        });
    loop.shutdown();
    loop.awaitTermination(10, TimeUnit.SECONDS);
  }

  private void run(Runnable task) {
    if (!closed) {
      try {
        loop.execute(task);
      } catch (java.util.concurrent.RejectedExecutionException e) {
        // Closed meanwhile: everything is over.
      }
    }
  }

  private void add(StreamEventsRequest request, CompletableFuture<StreamEventsResponse> result) {
    long sequence = ++lastSequence;
    Entry entry = new Entry(request.toBuilder().setSequence(sequence).build());
    entry.future.whenComplete(
        (answer, error) -> {
          slots.release();
          if (error != null) {
            result.completeExceptionally(error);
          } else {
            result.complete(answer);
          }
        });
    entries.put(sequence, entry);
    if (closed) {
      String message = "the stream was closed before the report was sent";
      end(sequence, null, entry.error(Status.Code.CANCELLED, message, false));
      return;
    }
    entry.expiry =
        loop.schedule(() -> expire(sequence), options.deadline.toMillis(), TimeUnit.MILLISECONDS);
    unsent.add(sequence);
    send();
  }

  private void send() {
    if (waiting || unsent.isEmpty()) return;
    if (connection == null) {
      connection = new Connection();
      connectedAt = System.nanoTime();
      stub.streamEvents(connection);
    }
    while (!unsent.isEmpty() && connection.isReady()) {
      long sequence = unsent.poll();
      Entry entry = entries.get(sequence);
      if (entry == null || sent.contains(sequence)) continue;
      if (sent.isEmpty()) answeredAt = System.nanoTime();
      sent.add(sequence);
      connection.send(entry.request);
    }
  }

  private void answer(StreamEventsResponse response) {
    failures = 0;
    heard = true;
    answeredAt = System.nanoTime();
    long sequence = response.getSequence();
    Entry entry = entries.get(sequence);
    if (entry == null || !sent.remove(sequence)) return; // it expired
    switch (response.getResultCase()) {
      case ERROR:
        if (!response.getError().getRetryable()) {
          end(sequence, null, entry.error(response.getError()));
          break;
        }
        entry.refusal = response.getError();
        loop.schedule(
            () -> {
              unsent.add(sequence);
              send();
            },
            EventClient.delay(++entry.refusals).toMillis(), TimeUnit.MILLISECONDS);
        break;
      case RESULT_NOT_SET:
        end(sequence, null, entry.error(Status.Code.INTERNAL, "the server's answer is empty", true));
        break;
      default:
        end(sequence, response, null);
    }
  }

  /** Everything that is not answered is to be sent again, unless the error is final. */
  private void disconnected(Status status) {
    connection = null;
    boolean ends = ENDS_STREAM.contains(status.getCode());
    // A connection that was refused as a whole took nothing.
    if (heard || !ends) {
      for (long sequence : sent) entries.get(sequence).unanswered = true;
    }
    heard = false;
    sent.clear();
    failures++;
    lastFailure = EventClient.describe(status);
    if (ends) endAll(status.getCode(), lastFailure);
    unsent.clear();
    unsent.addAll(entries.keySet());
    waiting = true;
    loop.schedule(
        () -> {
          waiting = false;
          resetBackoff.run();
          send();
        },
        EventClient.delayAfter(failures, connectedAt).toMillis(), TimeUnit.MILLISECONDS);
  }

  private void endIfStalled() {
    if (connection != null && !sent.isEmpty()
        && System.nanoTime() - answeredAt > options.tryTimeout.toNanos()) {
      connection.cancel("no answer within " + options.tryTimeout);
    }
  }

  private void expire(long sequence) {
    Entry entry = entries.get(sequence);
    if (entry == null) return;
    String message = "no answer within " + options.deadline.toMillis() + " ms";
    entry.unanswered |= sent.contains(sequence);
    ReportException error =
        entry.refusal != null
            ? entry.error(entry.refusal)
            : failures > 0
                ? entry.error(Status.Code.UNAVAILABLE, message + ", last " + lastFailure, true)
                : entry.error(Status.Code.DEADLINE_EXCEEDED, message, true);
    end(sequence, null, error);
  }

  private void endAll(Status.Code code, String message) {
    boolean unknown = !ENDS_STREAM.contains(code);
    List<Long> all = new ArrayList<>(entries.keySet());
    for (long sequence : all) end(sequence, null, entries.get(sequence).error(code, message, unknown));
  }

  private void end(long sequence, StreamEventsResponse response, ReportException error) {
    Entry entry = entries.remove(sequence);
    if (entry.expiry != null) entry.expiry.cancel(false);
    sent.remove(sequence);
    if (error != null) {
      entry.future.completeExceptionally(error);
    } else {
      entry.future.complete(response);
    }
  }

  /** gRPC calls it on its own threads. */
  private final class Connection
      implements ClientResponseObserver<StreamEventsRequest, StreamEventsResponse> {
    private ClientCallStreamObserver<StreamEventsRequest> requests;

    @Override
    public void beforeStart(ClientCallStreamObserver<StreamEventsRequest> requests) {
      this.requests = requests;
      requests.setOnReadyHandler(() -> run(EventStream.this::send));
    }

    boolean isReady() {
      return requests.isReady();
    }

    void send(StreamEventsRequest request) {
      requests.onNext(request);
    }

    void cancel(String why) {
      requests.cancel(why, null);
    }

    @Override
    public void onNext(StreamEventsResponse response) {
      run(() -> answer(response));
    }

    @Override
    public void onError(Throwable error) {
      run(() -> disconnected(Status.fromThrowable(error)));
    }

    @Override
    public void onCompleted() {
      run(() -> disconnected(Status.UNAVAILABLE.withDescription("the server ended the stream")));
    }
  }
}
