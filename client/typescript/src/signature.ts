// Verifies that a request comes from webhookd and is fresh. Needs Node.js only.
import { createHmac, timingSafeEqual } from "node:crypto";

export type SignatureProblem =
  | "missing_header"
  | "doubled_header"
  | "malformed_header"
  | "wrong_signature"
  | "stale"
  | "future";

/** The request must not be trusted; answer 401. */
export class SignatureError extends Error {
  constructor(
    readonly problem: SignatureProblem,
    message: string,
  ) {
    super(message);
    this.name = "SignatureError";
  }
}

/** What the signature vouches for. */
export interface Verified {
  /** When the request was made, in Unix seconds. */
  timestamp: number;
  /** The webhook-id header, if it was there: the same for every repetition. */
  eventId?: string;
}

const DETERMINED = ["X-Determined-AI-Signature-Timestamp", "X-Determined-AI-Signature"] as const;
const STANDARD = ["webhook-timestamp", "webhook-signature", "webhook-id"] as const;
type Family = typeof DETERMINED | typeof STANDARD;
const KNOWN = new Map([...DETERMINED, ...STANDARD].map((name) => [name.toLowerCase(), name]));

/**
 * Checks Determined's signature headers and those of Standard Webhooks. A request may bear either family or
 * both; every family that it bears must be whole and right.
 */
export class SignatureVerifier {
  readonly #keys: string[];
  readonly #tolerance: number;

  /** The signing key, or during a rotation the new and the old one; and how many seconds off its time may be. */
  constructor(keys: string | string[], options: { toleranceSeconds?: number } = {}) {
    this.#keys = typeof keys === "string" ? [keys] : [...keys];
    if (this.#keys.length === 0 || this.#keys.some((key) => !key)) {
      throw new RangeError("a signing key is needed, and it must not be empty");
    }
    this.#tolerance = options.toleranceSeconds ?? 300;
    if (!(this.#tolerance >= 0)) throw new RangeError(`toleranceSeconds is ${this.#tolerance}; it must not be negative`);
  }

  /**
   * Returns what is vouched for, or throws SignatureError.
   *
   * body: the bytes as they came, before anything parsed them. rawHeaders: those of http.IncomingMessage,
   * names and values in turn; its `headers` hides doubled ones. now: in Unix seconds.
   */
  verify(body: Uint8Array, rawHeaders: readonly string[], now = Date.now() / 1000): Verified {
    const found = new Map<string, string>();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = KNOWN.get(rawHeaders[i]!.toLowerCase());
      if (name === undefined) continue;
      if (found.has(name)) throw new SignatureError("doubled_header", `header ${name} is there twice`);
      found.set(name, rawHeaders[i + 1]!);
    }
    const families = ([DETERMINED, STANDARD] as Family[]).filter((f) => f.some((name) => found.has(name)));
    if (families.length === 0) {
      throw new SignatureError("missing_header", "there is neither X-Determined-AI-Signature nor webhook-signature");
    }
    for (const name of families.flat()) {
      if (!found.has(name)) throw new SignatureError("missing_header", `header ${name} is missing`);
    }
    for (const [name] of families) {
      if (!/^[0-9]{1,12}$/.test(found.get(name)!)) {
        const value = JSON.stringify(found.get(name));
        throw new SignatureError("malformed_header", `header ${name} is ${value}, not a number of Unix seconds`);
      }
    }
    for (const family of families) {
      if (!this.#isSigned(family, found, body)) {
        throw new SignatureError(
          "wrong_signature",
          `header ${family[1]} does not match: another key signed it, or the body or a header was changed on its way`,
        );
      }
    }
    for (const [name] of families) this.#checkTime(name, Math.floor(now) - Number(found.get(name)));
    return { timestamp: Number(found.get(families[0]![0])), eventId: found.get("webhook-id") };
  }

  #isSigned(family: Family, found: Map<string, string>, body: Uint8Array): boolean {
    let right = false;
    const timestamp = found.get(family[0])!;
    const signature = found.get(family[1])!;
    // Every key and every signature is compared, so that the time tells nothing of them.
    for (const key of this.#keys) {
      const mac = createHmac("sha256", Buffer.from(key, "utf8"));
      const expected =
        family === DETERMINED
          ? mac.update(`${timestamp},`).update(body).digest("hex")
          : "v1," + mac.update(`${found.get("webhook-id")}.${timestamp}.`).update(body).digest("base64");
      for (const given of family === DETERMINED ? [signature] : signature.split(" ")) {
        const [a, b] = [Buffer.from(expected), Buffer.from(given)];
        if (a.length === b.length && timingSafeEqual(a, b)) right = true;
      }
    }
    return right;
  }

  #checkTime(header: string, age: number): void {
    const limit = `at most ${this.#tolerance} s are accepted`;
    if (age > this.#tolerance) {
      throw new SignatureError(
        "stale",
        `the signature is right but ${age} s old, by ${header}; ${limit}. Either the request is replayed, or a clock is wrong`,
      );
    }
    if (-age > this.#tolerance) {
      throw new SignatureError(
        "future",
        `the signature is right but from ${-age} s in the future, by ${header}; ${limit}. Is this machine's clock slow?`,
      );
    }
  }
}
