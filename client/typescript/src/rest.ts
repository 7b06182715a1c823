// Calls webhookd's REST interface, from browsers and Node.js. Routes come from the .proto files.
import {
  type DescMessage, type DescMethod, type DescMethodUnary, type JsonObject, type MessageInitShape, type MessageShape, create, fromJson,
  getOption, hasOption, toJson,
} from "@bufbuild/protobuf";
import { http } from "./gen/google/api/annotations_pb.js";
import { EventService, ReportExperimentStateRequestSchema, type ReportExperimentStateResponse } from "./gen/webhookd/v1/ingest_pb.js";
import { Code, DEFAULTS, type Options, ReportError, prepare, retry, unprefixed } from "./report.js";
import { type Answer, exchange } from "#exchange";

export { State } from "./gen/determined/experiment/v1/experiment_pb.js";
export { Code, ReportError };

/** The server refused a call, or could not be reached (then status is 0 and the code UNAVAILABLE). */
export class RestError extends Error {
  constructor(readonly code: Code, readonly status: number, message: string) {
    super(`${Code[code] ?? code}: ${message}`);
    this.name = "RestError";
  }
}

export class RestClient {
  readonly #options: typeof DEFAULTS & Options;

  /** base: such as https://webhookd.example.com; "" in a browser is where the page came from. */
  constructor(readonly base: string, options: Options = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Resolves once the event is durable. Tries again by itself, under one idempotency key; rejects with ReportError. */
  async reportExperimentState(report: MessageInitShape<typeof ReportExperimentStateRequestSchema>): Promise<ReportExperimentStateResponse> {
    const request = prepare({ case: "experimentState", value: report }, this.#options.maxReportBytes);
    return retry(request.idempotencyKey, this.#options.deadlineMs, async (timeLeftMs) => {
      try {
        const timeout = Math.min(timeLeftMs, this.#options.tryTimeoutMs);
        return await this.call(EventService.method.reportExperimentState, request, timeout);
      } catch (error) {
        if (!(error instanceof RestError)) throw error;
        throw new ReportError(error.code, unprefixed(error), request.idempotencyKey, false);
      }
    });
  }

  /** Any method that has a route, once: call(Determined.method.getWebhooks, {}). Rejects with RestError. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>, input: MessageInitShape<I>, timeoutMs: number = this.#options.deadlineMs,
  ): Promise<MessageShape<O>> {
    const json = toJson(method.input, create(method.input, input)) as JsonObject;
    const { verb, path, body } = route(method, json);
    const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
    if (this.#options.token) headers["Authorization"] = `Bearer ${this.#options.token}`;
    let answer: Answer;
    try {
      answer = await exchange(verb, this.base + path, headers, body === undefined ? undefined : JSON.stringify(body), timeoutMs);
    } catch (error) {
      const late = (error as Error).name === "TimeoutError";
      throw new RestError(late ? Code.DEADLINE_EXCEEDED : Code.UNAVAILABLE, 0, late ? `no answer within ${timeoutMs} ms` : (error as Error).message);
    }
    if (answer.status < 200 || answer.status > 299) throw toError(answer.status, answer.text);
    return fromJson(method.output, JSON.parse(answer.text), { ignoreUnknownFields: true });
  }
}

function toError(status: number, text: string): RestError {
  const byStatus: Record<number, Code> = { 400: Code.INVALID_ARGUMENT, 401: Code.UNAUTHENTICATED, 403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND, 409: Code.ABORTED, 429: Code.RESOURCE_EXHAUSTED, 502: Code.UNAVAILABLE, 503: Code.UNAVAILABLE, 504: Code.UNAVAILABLE };
  try {
    const body = JSON.parse(text);
    const error = body.error ?? body; // Determined's shape or grpc-gateway's
    const code = typeof error.code === "number" && error.code <= 16 ? error.code : (byStatus[status] ?? Code.UNKNOWN);
    return new RestError(code, status, error.message ?? error.error ?? text);
  } catch {
    return new RestError(byStatus[status] ?? Code.UNKNOWN, status, `HTTP ${status}: ${text.slice(0, 200)}`);
  }
}

/** Where a method's option google.api.http says that a request goes. */
function route(method: DescMethod, request: JsonObject): { verb: string; path: string; body?: unknown } {
  if (!hasOption(method, http)) throw new TypeError(`${method.name} has no route`);
  const { pattern, body } = getOption(method, http);
  if (pattern.case === undefined || pattern.case === "custom") throw new TypeError(`${method.name} has no route`);
  const rest = { ...request };
  const byProtoName = new Map(method.input.fields.map((field) => [field.name, field.jsonName]));
  let path = pattern.value.replace(/\{([a-z_0-9.]+)[^}]*\}/g, (_, name: string) => {
    const names = name.split(".");
    const first = byProtoName.get(names[0]!) ?? names[0]!;
    let value: unknown = request[first];
    for (const inner of names.slice(1)) value = (value as JsonObject | undefined)?.[inner.replace(/_(.)/g, (__, c: string) => c.toUpperCase())];
    if (names.length === 1) delete rest[first];
    return encodeURIComponent(value === undefined ? "0" : String(value));
  });
  const result: { verb: string; path: string; body?: unknown } = { verb: pattern.case.toUpperCase(), path };
  if (body === "*") {
    result.body = rest;
  } else {
    if (body) {
      const name = byProtoName.get(body) ?? body;
      result.body = rest[name] ?? {};
      delete rest[name];
    }
    const query = new URLSearchParams();
    append(query, "", rest);
    if (query.toString()) path += `?${query}`;
    result.path = path;
  }
  return result;
}

function append(query: URLSearchParams, prefix: string, value: unknown): void {
  if (Array.isArray(value)) for (const item of value) append(query, prefix, item);
  else if (typeof value === "object" && value !== null) {
    for (const [name, inner] of Object.entries(value)) append(query, prefix ? `${prefix}.${name}` : name, inner);
  } else query.append(prefix, String(value));
}
