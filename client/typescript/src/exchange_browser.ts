import type { Answer } from "./exchange_node.js";

export type { Answer };

/** One request and its answer. Rejects with an Error, whose name is TimeoutError if there was none in time. */
export async function exchange(verb: string, url: string, headers: Record<string, string>, body: string | undefined, timeoutMs: number): Promise<Answer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new DOMException("", "TimeoutError")), timeoutMs);
  try {
    const response = await fetch(url, { method: verb, headers, body, signal: abort.signal });
    return { status: response.status, text: await response.text() };
  } finally {
    clearTimeout(timer);
  }
}
