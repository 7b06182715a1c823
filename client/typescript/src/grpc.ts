// Reports events to webhookd over gRPC, from Node.js. Every event that was reported and answered is stored durably.
import { readFileSync } from "node:fs";
import { type DescMessage, type MessageInitShape, type MessageShape, create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import {
  EventService, ReportExperimentStateRequestSchema, ReportExperimentStateResponseSchema, ReportMetricsRequestSchema,
  ReportMetricsResponseSchema, ReportTaskLogsRequestSchema, ReportTaskLogsResponseSchema, StreamEventsRequestSchema,
  StreamEventsResponseSchema, type StreamEventsRequest, type StreamEventsResponse,
} from "./gen/webhookd/v1/ingest_pb.js";
import { Code, DEFAULTS, type Options, type Report, ReportError, delayAfterMs, delayMs, prepare, retry } from "./report.js";

export { State } from "./gen/determined/experiment/v1/experiment_pb.js";
export { Code, type Options, type Report, ReportError };

type Settings = typeof DEFAULTS & Options;

/** Connects when it is first used. */
export class EventClient {
  readonly #channel: Channel;
  readonly #settings: Settings;

  /** server: HOST:PORT, or https://HOST:PORT for TLS; without a port 8080, or 8443 with TLS. */
  constructor(server: string, options: Options = {}) {
    this.#settings = { ...DEFAULTS, ...options };
    this.#channel = new Channel(server, options);
  }

  /** Resolves once the event is durable. Tries again by itself, under one idempotency key; rejects with ReportError. */
  reportExperimentState(report: MessageInitShape<typeof ReportExperimentStateRequestSchema>): Promise<MessageShape<typeof ReportExperimentStateResponseSchema>> {
    return this.#report({ case: "experimentState", value: report }, "ReportExperimentState",
      ReportExperimentStateRequestSchema, ReportExperimentStateResponseSchema);
  }

  reportTaskLogs(report: MessageInitShape<typeof ReportTaskLogsRequestSchema>): Promise<MessageShape<typeof ReportTaskLogsResponseSchema>> {
    return this.#report({ case: "taskLogs", value: report }, "ReportTaskLogs", ReportTaskLogsRequestSchema, ReportTaskLogsResponseSchema);
  }

  reportMetrics(report: MessageInitShape<typeof ReportMetricsRequestSchema>): Promise<MessageShape<typeof ReportMetricsResponseSchema>> {
    return this.#report({ case: "metrics", value: report }, "ReportMetrics", ReportMetricsRequestSchema, ReportMetricsResponseSchema);
  }

  /** For many reports at a time. Close it before the client. */
  openStream(): EventStream {
    return new EventStream(this.#channel, this.#settings);
  }

  close(): void {
    this.#channel.close();
  }

  async #report<I extends DescMessage, O extends DescMessage>(report: Report, method: string, input: I, output: O): Promise<MessageShape<O>> {
    const request = prepare(report, this.#settings.maxReportBytes);
    return retry(request.idempotencyKey, this.#settings.deadlineMs, (timeLeftMs, unreachable) =>
      new Promise((resolve, reject) => {
        const client = this.#channel.client;
        client.makeUnaryRequest(
          path(method),
          () => Buffer.from(toBinary(input, request as unknown as MessageShape<I>)),
          (bytes: Buffer) => fromBinary(output, bytes),
          request, metadata(this.#settings, unreachable), { deadline: Date.now() + Math.min(timeLeftMs, this.#settings.tryTimeoutMs) },
          (error, response) => {
            if (error === null) {
              resolve(response!);
              return;
            }
            if (error.code === grpc.status.DEADLINE_EXCEEDED) this.#channel.giveUp(client);
            reject(new ReportError(error.code as number, error.details, request.idempotencyKey, false));
          });
      }));
  }
}

/** What calls go over. Connects when it is first used. */
class Channel {
  #client: grpc.Client;
  readonly #make: () => grpc.Client;

  constructor(server: string, options: Options) {
    const { target, tls } = parseServer(server);
    const credentials = tls ? tlsCredentials(options) : grpc.credentials.createInsecure();
    this.#make = () =>
      new grpc.Client(target, credentials, {
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 2_000,
        // A connection that a firewall forgot looks like one where nothing happens.
        "grpc.keepalive_time_ms": 10_000,
        "grpc.keepalive_timeout_ms": 10_000,
        "grpc.keepalive_permit_without_calls": 1,
        "grpc.use_local_subchannel_pool": 1,
      });
    this.#client = this.#make();
  }

  get client(): grpc.Client {
    return this.#client;
  }

  /** Calls from now on go over a new connection; others go on. An attempt to connect would take minutes to fail. */
  giveUp(client: grpc.Client): void {
    if (client !== this.#client) return;
    this.#client = this.#make();
    client.close();
  }

  close(): void {
    this.#client.close();
  }
}

interface Entry {
  request: StreamEventsRequest;
  key: string;
  resolve: (response: StreamEventsResponse) => void;
  reject: (error: ReportError) => void;
  timer: NodeJS.Timeout;
  unanswered: boolean; // it was sent, and the connection ended without an answer
  refusals: number;
  refusal?: { code: Code; message: string };
}

/**
 * mayBeStored: by what failed last; an earlier try may have been stored, too, unless its key belongs to something
 * else.
 */
function failed(entry: Entry, code: Code, message: string, mayBeStored: boolean): ReportError {
  return new ReportError(code, message, entry.key, mayBeStored || (entry.unanswered && code !== Code.ALREADY_EXISTS));
}

/** Whether a stream that ended so is not worth opening again. */
function endsStream(code: Code): boolean {
  return [Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.ALREADY_EXISTS, Code.PERMISSION_DENIED, Code.UNAUTHENTICATED,
    Code.FAILED_PRECONDITION, Code.OUT_OF_RANGE, Code.UNIMPLEMENTED, Code.DATA_LOSS].includes(code);
}

/**
 * Many reports over one gRPC stream. When it breaks it is opened again, and what was not answered goes out again
 * under the same idempotency keys: each is stored once.
 */
export class EventStream {
  readonly #channel: Channel;
  readonly #settings: Settings;
  readonly #entries = new Map<bigint, Entry>();
  #waiters: (() => void)[] = []; // of ready() and flush()
  #unsent: bigint[] = [];
  readonly #sent = new Set<bigint>(); // on this connection
  #heard = false; // an answer, on this connection
  #last = 0n;
  #call: grpc.ClientDuplexStream<StreamEventsRequest, StreamEventsResponse> | undefined;
  #client: grpc.Client | undefined; // of the call
  #connectedAt = 0; // when the call was begun
  #gaveUp = false; // this call, which stalled
  #blocked = false; // gRPC asked to wait before more is written
  #reconnect: NodeJS.Timeout | undefined;
  #stall: NodeJS.Timeout | undefined;
  #failures = 0; // connections in a row that gave no answer
  #lastFailure = "the server cannot be reached";
  #closed = false;

  constructor(channel: Channel, settings: Settings) {
    this.#channel = channel;
    this.#settings = settings;
  }

  /** Resolves when fewer than maxInFlight reports are unanswered: await it before each report. */
  async ready(): Promise<void> {
    while (!this.#closed && this.#entries.size >= this.#settings.maxInFlight) await this.#change();
  }

  /** Takes a report; resolves with the server's answer, or rejects with ReportError, also when too many are unanswered. */
  async report(report: Report): Promise<StreamEventsResponse> {
    const prepared = prepare(report, this.#settings.maxReportBytes);
    const key = prepared.idempotencyKey;
    if (this.#closed) throw new ReportError(Code.FAILED_PRECONDITION, "the stream is closed", key, false);
    if (this.#entries.size >= this.#settings.maxInFlight) {
      throw new ReportError(Code.RESOURCE_EXHAUSTED, `${this.#entries.size} reports are unanswered; await ready() first`, key, false);
    }
    const sequence = ++this.#last;
    const request = create(StreamEventsRequestSchema, { sequence, report: { case: report.case, value: prepared } as Report });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#expire(sequence), this.#settings.deadlineMs);
      this.#entries.set(sequence, { request, key, resolve, reject, timer, unanswered: false, refusals: 0 });
      this.#unsent.push(sequence);
      this.#send();
    });
  }

  /** Resolves when every report that was taken is answered or failed. */
  async flush(): Promise<void> {
    while (this.#entries.size > 0) await this.#change();
  }

  /** Takes no more reports and fails those that are unanswered. Flush first to lose none. */
  close(): void {
    this.#closed = true;
    this.#endAll(Code.CANCELLED, "the stream was closed before the report was answered");
    clearTimeout(this.#reconnect);
    clearTimeout(this.#stall);
    this.#call?.cancel();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #connect(): void {
    const client = this.#channel.client;
    const call = client.makeBidiStreamRequest(
      path("StreamEvents"),
      (request: StreamEventsRequest) => Buffer.from(toBinary(StreamEventsRequestSchema, request)),
      (bytes: Buffer) => fromBinary(StreamEventsResponseSchema, bytes),
      metadata(this.#settings, this.#failures > 0),
    );
    this.#call = call;
    this.#client = client;
    this.#connectedAt = performance.now();
    this.#gaveUp = false;
    this.#blocked = false;
    call.on("data", (response: StreamEventsResponse) => this.#answer(response));
    call.on("drain", () => {
      this.#blocked = false;
      this.#send();
    });
    call.on("error", () => {}); // the status says the same
    call.on("status", (status) => this.#disconnected(status));
  }

  #send(): void {
    if (this.#closed || this.#reconnect !== undefined || this.#unsent.length === 0) return;
    if (this.#call === undefined) this.#connect();
    while (!this.#blocked && this.#unsent.length > 0) {
      const sequence = this.#unsent.shift()!;
      const entry = this.#entries.get(sequence);
      if (entry === undefined || this.#sent.has(sequence)) continue;
      if (this.#sent.size === 0) this.#watch();
      this.#sent.add(sequence);
      this.#blocked = !this.#call!.write(entry.request);
    }
  }

  /** Ends a connection that gives no answers. */
  #watch(): void {
    clearTimeout(this.#stall);
    this.#stall = setTimeout(() => {
      if (this.#sent.size === 0) return;
      this.#gaveUp = true;
      this.#channel.giveUp(this.#client!);
      this.#call?.cancel();
    }, this.#settings.tryTimeoutMs);
    this.#stall.unref();
  }

  #answer(response: StreamEventsResponse): void {
    this.#failures = 0;
    this.#heard = true;
    this.#watch();
    const { sequence, result } = response;
    const entry = this.#entries.get(sequence);
    if (entry === undefined || !this.#sent.delete(sequence)) return; // it expired
    if (result.case === undefined) {
      this.#end(sequence, failed(entry, Code.INTERNAL, "the server's answer is empty", true));
    } else if (result.case !== "error") {
      this.#end(sequence, response);
    } else {
      const { code, message, retryable } = result.value;
      if (!retryable) {
        this.#end(sequence, failed(entry, code, message, false));
        return;
      }
      entry.refusal = { code, message };
      setTimeout(() => {
        this.#unsent.push(sequence);
        this.#send();
      }, delayMs(++entry.refusals));
    }
  }

  #disconnected(status: grpc.StatusObject): void {
    this.#call = undefined;
    const code = status.code as number;
    // A connection that was refused as a whole took nothing.
    if (this.#heard || !endsStream(code)) for (const sequence of this.#sent) this.#entries.get(sequence)!.unanswered = true;
    this.#heard = false;
    this.#sent.clear();
    clearTimeout(this.#stall);
    this.#unsent = [...this.#entries.keys()];
    if (!this.#gaveUp) this.#lastFailure = status.details || "the server ended the stream";
    // Else it may just have waited for the server.
    else if (this.#failures === 0) this.#lastFailure = `a connection gave no answer for ${this.#settings.tryTimeoutMs} ms`;
    this.#failures++;
    if (this.#closed) return;
    if (endsStream(code)) this.#endAll(code, status.details);
    this.#reconnect = setTimeout(() => {
      this.#reconnect = undefined;
      this.#send();
    }, delayAfterMs(this.#failures, this.#connectedAt));
  }

  #expire(sequence: bigint): void {
    const entry = this.#entries.get(sequence)!;
    const after = `no answer within ${this.#settings.deadlineMs} ms`;
    entry.unanswered ||= this.#sent.has(sequence);
    const error =
      entry.refusal !== undefined
        ? failed(entry, entry.refusal.code, entry.refusal.message, false)
        : this.#failures > 0
          ? failed(entry, Code.UNAVAILABLE, `${after}, last ${this.#lastFailure}`, true)
          : failed(entry, Code.DEADLINE_EXCEEDED, after, true);
    this.#end(sequence, error);
  }

  #endAll(code: Code, message: string): void {
    for (const [sequence, entry] of [...this.#entries]) this.#end(sequence, failed(entry, code, message, !endsStream(code)));
  }

  #end(sequence: bigint, outcome: StreamEventsResponse | ReportError): void {
    const entry = this.#entries.get(sequence)!;
    clearTimeout(entry.timer);
    this.#entries.delete(sequence);
    this.#sent.delete(sequence);
    if (outcome instanceof ReportError) entry.reject(outcome);
    else entry.resolve(outcome);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

function path(method: string): string {
  return `/${EventService.typeName}/${method}`;
}

/** waitForReady: once it is known why there is no connection, a call waits for one. */
function metadata(options: Options, waitForReady: boolean): grpc.Metadata {
  const result = new grpc.Metadata({ waitForReady });
  if (options.token) result.set("authorization", `Bearer ${options.token}`);
  return result;
}

function tlsCredentials(options: Options): grpc.ChannelCredentials {
  // Node.js brings authorities of its own, without those that this machine's owner added.
  const file = process.env["NODE_EXTRA_CA_CERTS"];
  return grpc.credentials.createSsl(options.rootCertificates ?? (file ? readFileSync(file) : null));
}

function parseServer(server: string): { target: string; tls: boolean } {
  const match = /^(https?:\/\/)?([^/?#@ ]+)\/?$/.exec(server);
  if (match === null) throw new RangeError(`server is ${JSON.stringify(server)}; write HOST:PORT or https://HOST:PORT`);
  const tls = match[1] === "https://";
  const address = match[2]!;
  const port = /:[0-9]+$/.test(address) ? "" : tls ? ":8443" : ":8080";
  return { target: address + port, tls };
}
