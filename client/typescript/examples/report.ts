// Reports an experiment's states through a stream: report.js HOST:PORT [TOKEN]
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
// [docs:report]
import { EventClient, State } from "../src/grpc.js"; // "@determined-ai/webhookd-client/grpc"

const [server, token] = process.argv.slice(2);
const client = new EventClient(server!, { token });
const stream = client.openStream();
for (const state of [State.RUNNING, State.COMPLETED]) {
  await stream.ready(); // while too many are unanswered
  const experiment = { id: 41, name: "cifar10_pytorch_const", state, startTime: timestampFromMs(Date.now() - 41_000) };
  const answer = await stream.report({ case: "experimentState", value: { experiment } }); // or throws ReportError
  if (answer.result.case === "experimentState") console.log("stored", answer.result.value.eventId);
}
await stream.flush();
stream.close();
client.close();
// [docs:end]
