import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Determined } from "../src/gen/determined/api/v1/api_pb.js";
import { DeliveryService } from "../src/gen/webhookd/v1/delivery_pb.js";
import { Code, ReportError, RestClient, RestError, State } from "../src/rest.js";

interface Seen {
  line: string;
  authorization: string | undefined;
  body: string;
}

/** Answers with these in turn, and tells what it saw. */
async function withServer(answers: [number, object][], run: (client: RestClient, seen: Seen[]) => Promise<void>) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.push({ line: `${request.method} ${request.url}`, authorization: request.headers.authorization, body });
    const [status, answer] = answers.shift() ?? [500, {}];
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await run(new RestClient(base, { token: "whd_a", deadlineMs: 60_000 }), seen);
  } finally {
    server.close();
  }
}

test("RestClient puts fields into path, query and body as the routes say", () =>
  withServer([[200, {}], [200, {}], [200, { deliveryCount: "3" }], [200, {}]], async (client, seen) => {
    await client.call(Determined.method.deleteWebhook, { id: 7 });
    await client.call(DeliveryService.method.listDeliveries, { webhookId: 7, pageToken: "a b&c" });
    await client.call(DeliveryService.method.redeliverDelivery, { deliveryId: 9n });
    await client.call(Determined.method.postWebhook, { webhook: { name: "ü", url: "http://a" } });
    assert.deepEqual(seen.map((s) => s.line), [
      "DELETE /api/v1/webhooks/7",
      "GET /api/v1/deliveries?webhookId=7&pageToken=a+b%26c",
      "POST /api/v1/deliveries/9/redeliver",
      "POST /api/v1/webhooks",
    ]);
    assert.equal(seen[0]!.authorization, "Bearer whd_a");
    assert.deepEqual(JSON.parse(seen[3]!.body), { name: "ü", url: "http://a" });
  }));

test("RestClient reports again under the same key, and reads 64-bit numbers", () =>
  withServer([[503, { error: { code: 14, message: "later" } }], [200, { eventId: "e", deliveryCount: "9007199254740993" }]],
    async (client, seen) => {
      const answer = await client.reportExperimentState({ experiment: { id: 1, state: State.COMPLETED } });
      assert.equal(answer.deliveryCount, 9007199254740993n);
      const keys = seen.map((s) => JSON.parse(s.body).idempotencyKey);
      assert.equal(keys[0], keys[1]);
      assert.match(keys[0], /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.equal(seen[0]!.line, "POST /api/v1/events/experiment-state");
    }));

test("RestClient says what the server refused, in either shape of error", () =>
  withServer(
    [[400, { code: 3, message: "experiment.id is 0", details: [] }], [401, { error: { code: 16, reason: "", error: "token expired" } }]],
    async (client, seen) => {
      await assert.rejects(client.reportExperimentState({}), (error) =>
        error instanceof ReportError && error.code === Code.INVALID_ARGUMENT && !error.mayBeStored && /experiment.id is 0/.test(error.message));
      await assert.rejects(client.call(Determined.method.getMaster, {}), (error) =>
        error instanceof RestError && error.code === Code.UNAUTHENTICATED && error.status === 401 && /token expired/.test(error.message));
      assert.equal(seen.length, 2);
    }));

test("RestClient says that a try before the refusal may be stored", () =>
  withServer([[503, { error: { code: 14, message: "later" } }], [401, { error: { code: 16, reason: "", error: "token expired" } }]],
    async (client) => {
      await assert.rejects(client.reportExperimentState({}), (error) =>
        error instanceof ReportError && error.code === Code.UNAUTHENTICATED && error.mayBeStored &&
        /^UNAUTHENTICATED: token expired; .* key [0-9a-f-]{36}$/.test(error.message));
    }));

test("RestClient says that nobody listens, and that the event may be stored", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const client = new RestClient(`http://127.0.0.1:${port}`, { deadlineMs: 2000 });
  await assert.rejects(client.reportExperimentState({ experiment: { id: 1 } }), (error) =>
    error instanceof ReportError && error.code === Code.UNAVAILABLE && error.mayBeStored && error.message.includes(error.idempotencyKey));
});

test("RestClient does not wait longer than it may, also when garbage is collected meanwhile", async () => {
  const server = createServer(() => {}).listen(0, "127.0.0.1"); // answers nothing
  await once(server, "listening");
  const client = new RestClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { deadlineMs: 500 });
  const garbage = setInterval(gc!, 50);
  try {
    await assert.rejects(client.reportExperimentState({ experiment: { id: 1 } }), (error) =>
      error instanceof ReportError && error.code === Code.DEADLINE_EXCEEDED && error.mayBeStored);
  } finally {
    clearInterval(garbage);
    server.close();
    server.closeAllConnections();
  }
});
