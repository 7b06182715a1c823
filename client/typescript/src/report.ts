// What the gRPC and the REST client share.
import { type MessageInitShape, create, toBinary } from "@bufbuild/protobuf";
import { ReportExperimentStateRequestSchema, ReportMetricsRequestSchema, ReportTaskLogsRequestSchema } from "./gen/webhookd/v1/ingest_pb.js";
import { randomBytes } from "#random";

/** The numbers of gRPC's status codes. */
export enum Code {
  CANCELLED = 1, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED,
  RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS,
  UNAUTHENTICATED,
}

/** A report failed. */
export class ReportError extends Error {
  /**
   * mayBeStored: false: nothing was stored. true: nobody knows; report the event again under idempotencyKey,
   * which stores it once in any case.
   */
  constructor(readonly code: Code, message: string, readonly idempotencyKey: string, readonly mayBeStored: boolean) {
    const hint = `; the event may be stored: report it again with idempotency key ${idempotencyKey}`;
    super(`${Code[code]}: ${message}${mayBeStored ? hint : ""}`);
    this.name = "ReportError";
  }
}

export interface Options {
  /** Of a service or a user. */
  token?: string;
  /** For each report, repetitions included. */
  deadlineMs?: number;
  /** For one try; a stream without answers for as long is opened again. */
  tryTimeoutMs?: number;
  /** Reports of a stream that wait for their answer. */
  maxInFlight?: number;
  /** What the server takes. */
  maxReportBytes?: number;
  /** PEM, for https:// addresses (gRPC only). */
  rootCertificates?: Buffer;
}

export const DEFAULTS = { deadlineMs: 30_000, tryTimeoutMs: 10_000, maxInFlight: 256, maxReportBytes: 4 * 1024 * 1024 };

export type Report =
  | { case: "experimentState"; value: MessageInitShape<typeof ReportExperimentStateRequestSchema> }
  | { case: "taskLogs"; value: MessageInitShape<typeof ReportTaskLogsRequestSchema> }
  | { case: "metrics"; value: MessageInitShape<typeof ReportMetricsRequestSchema> };

export const SCHEMAS = {
  experimentState: ReportExperimentStateRequestSchema,
  taskLogs: ReportTaskLogsRequestSchema,
  metrics: ReportMetricsRequestSchema,
};

/** A copy with an idempotency key; ReportError when it is too large. */
export function prepare(report: Report, maxBytes: number) {
  const schema = SCHEMAS[report.case] as typeof ReportExperimentStateRequestSchema;
  const message = create(schema, report.value as MessageInitShape<typeof schema>);
  const copy = { ...message, idempotencyKey: message.idempotencyKey || timeOrderedUuid() };
  const size = toBinary(schema, copy).length;
  if (size > maxBytes) {
    throw new ReportError(Code.INVALID_ARGUMENT, `the report has ${size} bytes; at most ${maxBytes} are allowed`,
      copy.idempotencyKey, false);
  }
  return copy;
}

/** With an idempotency key a repetition is harmless, so what matters is whether it may help. */
export function worthRetrying(code: Code): boolean {
  return [Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.RESOURCE_EXHAUSTED, Code.ABORTED, Code.CANCELLED].includes(code);
}

/** How long to wait after so many failures in a row, from 1: less than the 5 s that docs/clients.md promises. */
export function delayMs(failures: number): number {
  const whole = Math.min(4_000, 100 * 2 ** Math.min(failures - 1, 20));
  return whole * (0.5 + Math.random() / 2);
}

/**
 * The same, counted from the beginning of the last try, by performance.now(); but at least as after one failure, so
 * that those whom one outage made wait do not all come back at once.
 */
export function delayAfterMs(failures: number, began: number): number {
  return Math.max(delayMs(failures) - (performance.now() - began), delayMs(1));
}

/** A UUID of version 7. The server stores many of one time several times cheaper than random ones. */
export function timeOrderedUuid(): string {
  const bytes = randomBytes(10);
  const time = Date.now().toString(16).padStart(12, "0");
  bytes[0] = (bytes[0]! & 0x0f) | 0x70;
  bytes[2] = (bytes[2]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8)}`;
}

/** An error's message without the name of its code. */
export function unprefixed(error: Error): string {
  return error.message.replace(/^[A-Z_]+: /, "");
}

/**
 * Tries until the deadline, under one idempotency key. `attempt` throws a ReportError for each failure; it is told
 * when the server could not be reached before.
 */
export async function retry<T>(
  key: string, deadlineMs: number, attempt: (timeLeftMs: number, unreachable: boolean) => Promise<T>,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let failure: ReportError | undefined;
  for (let tries = 1; ; tries++) {
    const began = performance.now();
    try {
      return await attempt(Math.max(1, Math.ceil(end - began)), failure?.code === Code.UNAVAILABLE);
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      if (!worthRetrying(error.code)) {
        // An earlier try may have been taken, unless its key belongs to something else; these two codes also come
        // from what breaks on the way.
        const maybe = (tries > 1 && error.code !== Code.ALREADY_EXISTS) || error.code === Code.INTERNAL || error.code === Code.UNKNOWN;
        throw new ReportError(error.code, unprefixed(error), key, maybe);
      }
      // The last try may have had no time left; why those before it failed says more.
      if (failure === undefined || error.code !== Code.DEADLINE_EXCEEDED) failure = error;
      const delay = delayAfterMs(tries, began);
      if (performance.now() + delay >= end) {
        throw new ReportError(failure.code, `${unprefixed(failure)} (${tries} ${tries === 1 ? "try" : "tries"} in ${deadlineMs} ms)`, key, true);
      }
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
}
