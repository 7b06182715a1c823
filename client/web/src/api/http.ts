// Requests to the server's REST API. The session is a cookie, which only the server sees.

// The server answered with an error; `message` is its own, made for people.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

// There was no answer: the server is gone, or the network is.
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

const timeoutMs = 40_000; // a test of a slow receiver takes up to 20 s

type Listener = () => void;

// Whether the last request was answered.
class Connection {
  private up = true;
  private readonly listeners = new Set<Listener>();

  readonly isUp = (): boolean => this.up;
  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  set(up: boolean): void {
    if (this.up === up) return;
    this.up = up;
    this.listeners.forEach((listener) => listener());
  }
}

export const connection = new Connection();

export type Query = Record<string, string | number | boolean | undefined>;

export interface Call {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const { method = "GET", body } = options;
  const response = await send(`/api/v1${path}${queryString(options.query)}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
    signal: withTimeout(options.signal),
  });
  const text = await response.text();
  if (!response.ok) {
    // A proxy whose server is gone answers for it, without JSON.
    const message = errorMessage(text);
    if (message === undefined && [502, 503, 504].includes(response.status)) {
      connection.set(false);
      throw new Unreachable(`HTTP ${response.status}`);
    }
    throw new ApiError(response.status, message ?? `HTTP ${response.status}`);
  }
  return JSON.parse(text) as T;
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, init);
    connection.set(true);
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    connection.set(false);
    throw new Unreachable(String(error));
  }
}

function withTimeout(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  if (signal === undefined || !("any" in AbortSignal)) return signal ?? timeout;
  return AbortSignal.any([signal, timeout]);
}

function queryString(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function errorMessage(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { error?: { error?: string }; message?: string };
    return body.error?.error ?? body.message;
  } catch {
    return undefined;
  }
}
