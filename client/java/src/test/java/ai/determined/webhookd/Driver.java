package ai.determined.webhookd;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.determined.webhookd.v1.Experiment;
import ai.determined.webhookd.v1.ReportExperimentStateRequest;
import determined.experiment.v1.Experiment.State;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * What tests/clients/run.py drives: Driver HOST:PORT TOKEN stream|unary COUNT DEADLINE BYTES [ROOTS]. Reports COUNT
 * events, each with a name of BYTES bytes, and prints what became of each. If COUNT is "-" it reports one for each
 * line of standard input, with the key that stands there, and waits for it to be over. ROOTS is a PEM file.
 */
public final class Driver {
  public static void main(String[] arguments) throws Exception {
    EventClient.Options options = new EventClient.Options();
    options.token = arguments[1].equals("-") ? "" : arguments[1];
    options.deadline = Duration.ofSeconds(Long.parseLong(arguments[4]));
    options.maxInFlight = 8;
    boolean oneByOne = arguments[3].equals("-");
    if (arguments.length > 6) options.rootCertificates = new File(arguments[6]);
    String name = "x".repeat(Integer.parseInt(arguments[5]));
    try (EventClient client = new EventClient(arguments[0], options);
        EventStream stream = client.openStream()) {
      List<CompletableFuture<String>> answers = new ArrayList<>();
      BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, UTF_8));
      for (int id = 1; oneByOne || id <= Integer.parseInt(arguments[3]); id++) {
        String key = oneByOne ? lines.readLine() : "";
        if (key == null) break;
        ReportExperimentStateRequest report =
            ReportExperimentStateRequest.newBuilder()
                .setIdempotencyKey(key)
                .setExperiment(
                    Experiment.newBuilder().setId(id).setName(name).setState(State.STATE_COMPLETED))
                .build();
        if (arguments[2].equals("unary")) {
          show(() -> client.reportExperimentState(report).getEventId());
          continue;
        }
        try {
          CompletableFuture<String> answer =
              stream.report(report).thenApply(a -> a.getExperimentState().getEventId());
          if (oneByOne) {
            show(answer::get);
          } else {
            answers.add(answer);
          }
        } catch (ReportException e) {
          show(e);
        }
      }
      for (CompletableFuture<String> answer : answers) show(answer::get);
    }
  }

  private static void show(Callable<String> answer) throws Exception {
    try {
      System.out.println("stored " + answer.call());
    } catch (ReportException e) {
      show(e);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof ReportException)) throw e;
      show((ReportException) e.getCause());
    }
  }

  private static void show(ReportException e) {
    String stored = e.mayBeStored() ? "maybe" : "not-stored";
    System.out.println("error " + e.code() + " " + stored + " " + e.getMessage());
  }
}
