// The same over REST, as in a browser: report_fetch.js HOST:PORT [TOKEN]
const [server, token] = process.argv.slice(2);
const base = `http://${server}`;
// [docs:fetch]
import { RestClient, State } from "../src/rest.js"; // "@determined-ai/webhookd-client/rest"

const client = new RestClient(base, { token });
for (const state of [State.RUNNING, State.COMPLETED]) {
  const answer = await client.reportExperimentState({ experiment: { id: 41, name: "cifar10_pytorch_const", state } });
  console.log("stored", answer.eventId);
}
// [docs:end]
