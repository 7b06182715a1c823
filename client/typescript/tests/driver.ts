// What tests/clients/run.py drives: driver.js HOST:PORT TOKEN stream|unary|fetch COUNT DEADLINE BYTES [ROOTS]
//
// Reports COUNT events, each with a name of BYTES bytes, and prints what became of each. If COUNT is "-" it reports one
// for each line of standard input, with the key that stands there, and waits for it to be over. ROOTS is a PEM file, for
// gRPC.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Code, EventClient, ReportError, State } from "../src/grpc.js";
import { RestClient } from "../src/rest.js";

const [server, token, mode, count, deadline, size] = process.argv.slice(2) as [string, string, string, string, string, string];
const roots = process.argv[8];
const oneByOne = count === "-";
const options = {
  token: token === "-" ? undefined : token, deadlineMs: 1000 * Number(deadline), maxInFlight: 8,
  rootCertificates: roots ? readFileSync(roots) : undefined,
};
const client = new EventClient(server, options);
const rest = new RestClient(server.includes("://") ? server : `http://${server}`, options);
const stream = client.openStream();

function show(answer: Promise<string>): Promise<void> {
  return answer.then(
    (eventId) => console.log("stored", eventId),
    (error) => {
      if (!(error instanceof ReportError)) throw error;
      console.log("error", Code[error.code], error.mayBeStored ? "maybe" : "not-stored", error.message);
    },
  );
}

async function* keys(): AsyncGenerator<string> {
  if (oneByOne) yield* createInterface({ input: process.stdin });
  else for (let i = 0; i < Number(count); i++) yield "";
}

const all: Promise<void>[] = [];
let id = 0;
for await (const idempotencyKey of keys()) {
  id++;
  const report = { idempotencyKey, experiment: { id, name: "x".repeat(Number(size)), state: State.COMPLETED } };
  if (mode === "unary") await show(client.reportExperimentState(report).then((answer) => answer.eventId));
  else if (mode === "fetch") await show(rest.reportExperimentState(report).then((answer) => answer.eventId));
  else {
    await stream.ready();
    const shown = show(stream.report({ case: "experimentState", value: report }).then((answer) => {
      if (answer.result.case !== "experimentState") throw new Error(`the answer is a ${answer.result.case}`);
      return answer.result.value.eventId;
    }));
    if (oneByOne) await shown;
    else all.push(shown);
  }
}
await Promise.all(all);
stream.close();
client.close();
