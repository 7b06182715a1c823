import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { SignatureError, SignatureVerifier } from "../src/signature.js";

interface Vector {
  name: string;
  expect: string;
  keys: string[];
  now: number;
  tolerance_seconds: number;
  headers: [string, string][];
  body_base64: string;
}

const file = new URL("../../../../tests/vectors/signatures.json", import.meta.url);
const vectors = (JSON.parse(readFileSync(file, "utf8")) as { vectors: Vector[] }).vectors;

function verdict(vector: Vector, body: Uint8Array): string {
  try {
    new SignatureVerifier(vector.keys, { toleranceSeconds: vector.tolerance_seconds }).verify(body, vector.headers.flat(), vector.now);
    return "ok";
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return error.problem;
  }
}

test("SignatureVerifier judges every vector", () => {
  assert.ok(vectors.length > 100);
  for (const vector of vectors) assert.equal(verdict(vector, Buffer.from(vector.body_base64, "base64")), vector.expect, vector.name);
});

test("SignatureVerifier refuses every changed bit", () => {
  const vector = vectors[0]!;
  const body = Buffer.from(vector.body_base64, "base64");
  for (let bit = 0; bit < 8 * body.length; bit++) {
    const changed = Buffer.from(body);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(verdict(vector, changed), "wrong_signature");
  }
});

test("SignatureVerifier needs keys", () => {
  for (const keys of [[], "", ["key", ""]]) assert.throws(() => new SignatureVerifier(keys), RangeError);
});

test("the Standard Webhooks project's own package judges the vectors as we do", (context) => {
  let [accepted, refused] = [0, 0];
  const now = Date.now;
  context.after(() => (Date.now = now));
  for (const vector of vectors) {
    const headers = Object.fromEntries(vector.headers.map(([name, value]) => [name.toLowerCase(), value]));
    const standard = ["webhook-id", "webhook-timestamp", "webhook-signature"].every((name) => headers[name]);
    const determined = Object.keys(headers).some((name) => name.startsWith("x-determined-"));
    const body = Buffer.from(vector.body_base64, "base64");
    // It takes text, one key, five minutes, and these headers alone.
    if (!standard || vector.keys.length !== 1 || vector.tolerance_seconds !== 300 || Buffer.from(body.toString()).compare(body) !== 0) continue;
    if (vector.expect !== "ok" && (determined || vector.expect === "malformed_header")) continue;
    const webhook = new Webhook(Buffer.from(vector.keys[0]!).toString("base64"));
    Date.now = () => vector.now * 1000;
    let ok = true;
    try {
      webhook.verify(body.toString(), headers);
    } catch (error) {
      // Only afterwards it parses the body, which need not be JSON here.
      ok = error instanceof SyntaxError;
    }
    Date.now = now;
    assert.equal(ok, vector.expect === "ok", vector.name);
    ok ? accepted++ : refused++;
  }
  assert.ok(accepted > 10 && refused > 5, `${accepted} accepted, ${refused} refused`);
});
