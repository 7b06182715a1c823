// The signature of a request, as the receiver computes it.

// What is signed.
export function signedText(timestamp: string, body: string): string {
  return `${timestamp},${body}`;
}

// A line for a shell that computes the signature.
export function shellCommand(timestamp: string, body: string): string {
  const quoted = signedText(timestamp, body).replaceAll("'", `'\\''`);
  return `printf %s '${quoted}' | openssl dgst -sha256 -hmac "$DET_WEBHOOKS_SIGNING_KEY"`;
}
