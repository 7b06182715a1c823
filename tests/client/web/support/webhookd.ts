// A webhookd of the tests' own, with an empty database, on a free port.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const password = "Correct-Horse-7";
export const signingKey = "page-test-signing-key";

const deadlineMs = 60_000;

// The settings of whoever runs the tests must not change them.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !name.startsWith("DET_") && !name.toLowerCase().endsWith("_proxy"),
  ),
);

export class Webhookd {
  private process: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), "webhookd-page-"));
  private port = 0;

  constructor(private readonly flags: readonly string[] = []) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  // Starts it, after a stop on the same port and with the same database.
  async start(): Promise<void> {
    const program = process.env.WEBHOOKD_BIN;
    if (!program) throw new Error("WEBHOOKD_BIN must name the webhookd to test");
    const child = spawn(
      program,
      [
        "--config-file=",
        `--port=${this.port}`,
        `--storage-path=${this.folder}/webhookd.db`,
        "--egress-allow=127.0.0.0/8",
        "--log-format=json",
        ...this.flags,
      ],
      {
        env: {
          ...environment,
          DET_WEBHOOKS_SIGNING_KEY: signingKey,
          DET_SECURITY_INITIAL_USER_PASSWORD: password,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.process = child;
    const lines: string[] = [];
    const address = await new Promise<string>((resolve, reject) => {
      const fail = (what: string): void =>
        reject(new Error(`${what}\n${lines.slice(-20).join("\n")}`));
      const timer = setTimeout(() => fail("webhookd did not listen in time"), deadlineMs);
      child.once("exit", (code) => fail(`webhookd ended with ${code} instead of serving`));
      for (const stream of [child.stdout!, child.stderr!]) {
        createInterface(stream).on("line", (line) => {
          lines.push(line);
          const found = addressOf(line);
          if (found !== undefined) {
            clearTimeout(timer);
            resolve(found);
          }
        });
      }
    });
    this.port = Number(address.split(":").pop());
  }

  async stop(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    await ended;
  }

  async discard(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function addressOf(line: string): string | undefined {
  try {
    const entry = JSON.parse(line) as { message?: string; address?: string };
    return entry.message === "listening" ? entry.address : undefined;
  } catch {
    return undefined;
  }
}
