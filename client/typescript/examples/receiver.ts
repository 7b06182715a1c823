// Receives webhooks on a free port, and prints those that are genuine: receiver.js KEY [KEY...]
// [docs:receive]
import { createServer } from "node:http";
import { parseEvent } from "../src/event.js"; // "@determined-ai/webhookd-client/event"
import { SignatureError, SignatureVerifier } from "../src/signature.js"; // "@determined-ai/webhookd-client/signature"

const verifier = new SignatureVerifier(process.argv.slice(2)); // the signing key; while it is rotated, the old one too

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  let [status, message] = [200, ""];
  try {
    verifier.verify(body, request.rawHeaders);
    const event = parseEvent(body);
    const experiment = event.eventData?.experiment;
    message = `${event.eventType} ${experiment?.name} ${experiment?.state} ${event.eventId}`;
  } catch (error) {
    [status, message] = [error instanceof SignatureError ? 401 : 400, (error as Error).message];
  }
  console.log(status, message);
  response.writeHead(status).end();
});
// [docs:end]

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log("listening on", address.port);
});
