// A receiver of webhooks that answers as its path says: /ok, /fail, /gone, /refuse, /slow, or
// /flaky/N, which fails N times first.
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { signingKey } from "./webhookd";

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  authentic: boolean; // by the method of Determined's documentation
}

export class Receiver {
  readonly received: Received[] = [];
  private readonly failures = new Map<string, number>();
  private readonly server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString();
      const path = request.url ?? "";
      this.received.push({
        path,
        headers: request.headers,
        body,
        authentic: isAuthentic(request.headers, body),
      });
      const [status, text, delayMs] = this.answer(path);
      setTimeout(
        () => response.writeHead(status, { "Content-Type": "text/plain" }).end(text),
        delayMs,
      );
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  private answer(path: string): [number, string, number] {
    if (path.startsWith("/fail")) return [503, "the receiver is being restarted", 0];
    if (path.startsWith("/gone")) return [410, "this hook was removed", 0];
    if (path.startsWith("/refuse")) return [404, "no such hook", 0];
    if (path.startsWith("/slow")) return [200, "thanks, at last", 1500];
    const flaky = /^\/flaky\/(\d+)/.exec(path);
    if (flaky !== null) {
      const failed = this.failures.get(path) ?? 0;
      this.failures.set(path, failed + 1);
      if (failed < Number(flaky[1])) return [500, "not yet", 0];
    }
    return [200, "thanks", 0];
  }
}

function isAuthentic(headers: IncomingHttpHeaders, body: string): boolean {
  const timestamp = headers["x-determined-ai-signature-timestamp"];
  const compact = JSON.stringify(JSON.parse(body)).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const expected = createHmac("sha256", signingKey)
    .update(`${String(timestamp)},${compact}`)
    .digest("hex");
  return headers["x-determined-ai-signature"] === expected;
}
