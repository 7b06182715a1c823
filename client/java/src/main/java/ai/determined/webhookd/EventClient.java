package ai.determined.webhookd;

import ai.determined.webhookd.v1.EventServiceGrpc;
import ai.determined.webhookd.v1.ReportExperimentStateRequest;
import ai.determined.webhookd.v1.ReportExperimentStateResponse;
import ai.determined.webhookd.v1.StreamEventsRequest;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.stub.MetadataUtils;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Reports events to webhookd. Every event that was reported and answered is stored durably. Connects when it is
 * first used. Thread-safe.
 */
public final class EventClient implements AutoCloseable {
  /** Change what should differ; read once, when a client is made. */
  public static final class Options {
    public String token = ""; // of a service or a user
    public Duration deadline = Duration.ofSeconds(30); // of each report, repetitions included
    public Duration tryTimeout = Duration.ofSeconds(10); // a stream without answers is opened again, too
    public int maxInFlight = 256; // reports of a stream that wait for their answer
    public int maxReportBytes = 4 * 1024 * 1024; // what the server takes
    public java.io.File rootCertificates = null; // PEM, for https:// addresses; the JDK's if null
  }

  private final ManagedChannel channel;
  private final EventServiceGrpc.EventServiceStub stub;
  private final EventServiceGrpc.EventServiceBlockingStub blocking;
  private final Options options;

  /** Takes HOST:PORT, or https://HOST:PORT for TLS; without a port 8080, or 8443 with TLS. */
  public EventClient(String server, Options options) {
    boolean tls = server.startsWith("https://");
    String address = server.replaceFirst("^https?://", "").replaceFirst("/$", "");
    if (address.isEmpty() || address.matches(".*[/?#@ ].*")) {
      throw new IllegalArgumentException(
          "server is \"" + server + "\"; write HOST:PORT or https://HOST:PORT");
    }
    if (!address.matches(".*:[0-9]+")) address += tls ? ":8443" : ":8080";
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    if (options.rootCertificates != null) {
      try {
        credentials.trustManager(options.rootCertificates);
      } catch (java.io.IOException e) {
        throw new IllegalArgumentException(options.rootCertificates + ": " + e.getMessage(), e);
      }
    }
    this.channel =
        NettyChannelBuilder.forTarget(
                address, tls ? credentials.build() : InsecureChannelCredentials.create())
            .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, 4_000)
            // A connection that a firewall forgot looks like one where nothing happens.
            .keepAliveTime(10, TimeUnit.SECONDS)
            .keepAliveTimeout(10, TimeUnit.SECONDS)
            .keepAliveWithoutCalls(true)
            .build();
    Metadata metadata = new Metadata();
    if (!options.token.isEmpty()) {
      metadata.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + options.token);
    }
    this.stub =
        EventServiceGrpc.newStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
    this.blocking =
        EventServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
    this.options = options;
  }

  /**
   * Returns once the event is durable. Tries again by itself, under one idempotency key, until the deadline; then
   * throws ReportException.
   */
  public ReportExperimentStateResponse reportExperimentState(ReportExperimentStateRequest report)
      throws InterruptedException {
    ReportExperimentStateRequest request =
        prepare(StreamEventsRequest.newBuilder().setExperimentState(report)).getExperimentState();
    String key = request.getIdempotencyKey();
    long end = System.nanoTime() + options.deadline.toNanos();
    Status failure = null;
    for (int tries = 1; ; tries++) {
      long began = System.nanoTime();
      long left = Math.max(1, Math.min(end - began, options.tryTimeout.toNanos()));
      try {
        return blocking.withDeadlineAfter(left, TimeUnit.NANOSECONDS).reportExperimentState(request);
      } catch (StatusRuntimeException e) {
        Status status = withLostConnections(e.getStatus());
        if (!worthRetrying(status.getCode())) {
          // An earlier try may have been taken, unless its key belongs to something else; these two codes also come
          // from what breaks on the way.
          boolean maybe =
              tries > 1 && status.getCode() != Status.Code.ALREADY_EXISTS
                  || status.getCode() == Status.Code.INTERNAL
                  || status.getCode() == Status.Code.UNKNOWN;
          throw new ReportException(status.getCode(), describe(status), key, maybe);
        }
        // The last try may have had no time left; why those before it failed says more.
        if (failure == null || status.getCode() != Status.Code.DEADLINE_EXCEEDED) failure = status;
      }
      Duration delay = delayAfter(tries, began);
      if (System.nanoTime() + delay.toNanos() >= end) {
        String count = tries + (tries == 1 ? " try in " : " tries in ");
        String message = describe(failure) + " (" + count + options.deadline.toMillis() + " ms)";
        throw new ReportException(failure.getCode(), message, key, true);
      }
      Thread.sleep(delay.toMillis());
      channel.resetConnectBackoff(); // it would wait for minutes
    }
  }

  /** For many reports at a time. Close it before the client. */
  public EventStream openStream() {
    return new EventStream(stub, options, channel::resetConnectBackoff);
  }

  /** What is generated, for everything else that the service has. */
  public EventServiceGrpc.EventServiceBlockingStub blockingStub() {
    return blocking;
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow();
    channel.awaitTermination(10, TimeUnit.SECONDS);
  }

  /** Gives the report a key if it has none; ReportException when it is too large. */
  StreamEventsRequest prepare(StreamEventsRequest.Builder report) {
    return prepare(report, options);
  }

  static StreamEventsRequest prepare(StreamEventsRequest.Builder report, Options options) {
    String key = key(report.build());
    if (key.isEmpty()) {
      key = timeOrderedUuid().toString();
      switch (report.getReportCase()) {
        case EXPERIMENT_STATE:
          report.getExperimentStateBuilder().setIdempotencyKey(key);
          break;
        case TASK_LOGS:
          report.getTaskLogsBuilder().setIdempotencyKey(key);
          break;
        case METRICS:
          report.getMetricsBuilder().setIdempotencyKey(key);
          break;
        default:
          throw new IllegalArgumentException("the request holds no report");
      }
    }
    StreamEventsRequest request = report.build();
    if (request.getSerializedSize() > options.maxReportBytes) {
      String message =
          "the report has " + request.getSerializedSize() + " bytes; at most " + options.maxReportBytes
              + " are allowed";
      throw new ReportException(Status.Code.INVALID_ARGUMENT, message, key, false);
    }
    return request;
  }

  static String key(StreamEventsRequest request) {
    switch (request.getReportCase()) {
      case TASK_LOGS:
        return request.getTaskLogs().getIdempotencyKey();
      case METRICS:
        return request.getMetrics().getIdempotencyKey();
      default:
        return request.getExperimentState().getIdempotencyKey();
    }
  }

  /** gRPC calls it UNKNOWN when a call begins on a connection that was lost just then. */
  private static Status withLostConnections(Status status) {
    boolean lost =
        status.getCode() == Status.Code.UNKNOWN
            && status.getCause() instanceof ClosedChannelException;
    return lost
        ? Status.UNAVAILABLE.withDescription(status.getDescription()).withCause(status.getCause())
        : status;
  }

  /** With an idempotency key a repetition is harmless, so what matters is whether it may help. */
  static boolean worthRetrying(Status.Code code) {
    switch (code) {
      case UNAVAILABLE:
      case DEADLINE_EXCEEDED:
      case RESOURCE_EXHAUSTED:
      case ABORTED:
      case CANCELLED:
        return true;
      default:
        return false;
    }
  }

  /**
   * How long to wait after so many failures in a row, from 1, counted from when the last try began; but at least as
   * after one failure, so that those whom one outage made wait do not all come back at once.
   */
  static Duration delayAfter(int failures, long began) {
    Duration delay = delay(failures).minusNanos(System.nanoTime() - began);
    Duration least = delay(1);
    return delay.compareTo(least) < 0 ? least : delay;
  }

  /**
   * How long to wait after so many failures in a row, from 1: so little that a report gets through within the 5 s that
   * docs/clients.md promises.
   */
  static Duration delay(int failures) {
    long whole = Math.min(3_000, 100L << Math.min(failures - 1, 20));
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(whole / 2, whole + 1));
  }

  static String describe(Status status) {
    String text = status.getDescription() == null ? status.getCode().name() : status.getDescription();
    text = text.replaceFirst("(?s)\nChannel Pipeline: .*", ""); // says nothing to whoever reads it
    // Only the innermost cause says what is wrong with a certificate.
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      String message = cause.getMessage();
      if (message != null && !text.contains(message)) text += ": " + message;
    }
    return text;
  }

  /** A UUID of version 7. The server stores many of one time several times cheaper than random ones. */
  private static UUID timeOrderedUuid() {
    UUID random = UUID.randomUUID();
    long high = System.currentTimeMillis() << 16 | 0x7000 | random.getMostSignificantBits() & 0x0fff;
    return new UUID(high, random.getLeastSignificantBits());
  }
}
