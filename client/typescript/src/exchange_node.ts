// Without fetch: that of Node.js 18 forgets a request's signal when garbage is collected at the wrong time, and then waits
// for ever.
import * as http from "node:http";
import * as https from "node:https";

export interface Answer {
  status: number;
  text: string;
}

// A connection that was idle for longer may be one that a firewall forgot.
const kept = { keepAlive: true, timeout: 4_000 };
const agents = { "http:": new http.Agent(kept), "https:": new https.Agent(kept) };

/** One request and its answer. Rejects with an Error, whose name is TimeoutError if there was none in time. */
export function exchange(verb: string, url: string, headers: Record<string, string>, body: string | undefined, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { protocol } = new URL(url);
    if (protocol !== "http:" && protocol !== "https:") throw new TypeError(`${url} begins with neither http:// nor https://`);
    const request = (protocol === "https:" ? https : http).request(url, { method: verb, headers, agent: agents[protocol] });
    let late: Error | undefined;
    const timer = setTimeout(() => {
      late = Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: "TimeoutError" });
      request.destroy(late);
    }, timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(late ?? error);
    };
    request.on("error", fail);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() });
      });
    });
    request.end(body);
  });
}
