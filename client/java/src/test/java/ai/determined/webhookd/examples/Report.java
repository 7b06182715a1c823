package ai.determined.webhookd.examples;

import ai.determined.webhookd.EventClient;
import ai.determined.webhookd.EventStream;
import ai.determined.webhookd.v1.Experiment;
import ai.determined.webhookd.v1.ReportExperimentStateRequest;
import com.google.protobuf.util.Timestamps;
import determined.experiment.v1.Experiment.State;
import java.util.List;

/** Reports an experiment's states through a stream: Report HOST:PORT [TOKEN]. */
public final class Report {
  public static void main(String[] arguments) throws Exception {
    String server = arguments[0];
    String token = arguments.length > 1 ? arguments[1] : "";
    // [docs:report]
    EventClient.Options options = new EventClient.Options();
    options.token = token;
    try (EventClient client = new EventClient(server, options);
        EventStream stream = client.openStream()) {
      Experiment.Builder experiment = Experiment.newBuilder().setId(41).setName("cifar10_pytorch_const");
      experiment.setStartTime(Timestamps.fromMillis(System.currentTimeMillis() - 41_000));
      for (State state : List.of(State.STATE_RUNNING, State.STATE_COMPLETED)) {
        experiment.setState(state);
        stream
            .report(ReportExperimentStateRequest.newBuilder().setExperiment(experiment).build())
            .thenAccept(answer -> System.out.println("stored " + answer.getExperimentState().getEventId()))
            .join(); // or fails with ReportException; a master goes on instead
      }
    }
    // [docs:end]
  }
}
