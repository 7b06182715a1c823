// Node.js 18 has no global crypto yet.
import * as crypto from "node:crypto";

export function randomBytes(count: number): Uint8Array {
  return crypto.randomBytes(count);
}
