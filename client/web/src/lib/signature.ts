// The signature of a request, as the receiver computes it.
import { timeMs } from "./format";

// The value of X-Determined-AI-Signature-Timestamp: the start of the attempt in Unix seconds.
export function signatureTimestamp(startedAt: string | null | undefined): string | undefined {
  const ms = timeMs(startedAt);
  return ms === undefined ? undefined : String(Math.floor(ms / 1000));
}

// What is signed.
export function signedText(timestamp: string, body: string): string {
  return `${timestamp},${body}`;
}

// A line for a shell that computes the signature.
export function shellCommand(timestamp: string, body: string): string {
  const quoted = signedText(timestamp, body).replaceAll("'", `'\\''`);
  return `printf %s '${quoted}' | openssl dgst -sha256 -hmac "$DET_WEBHOOKS_SIGNING_KEY"`;
}

// Lower-case hex HMAC-SHA256; undefined where the browser computes none (a page on plain HTTP).
export async function sign(key: string, text: string): Promise<string | undefined> {
  if (globalThis.crypto?.subtle === undefined || key === "") return undefined;
  const encoder = new TextEncoder();
  const imported = await crypto.subtle.importKey(
    "raw",
    encoder.encode(key),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
