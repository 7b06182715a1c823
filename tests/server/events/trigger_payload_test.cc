#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "determined/task/v1/task.pb.h"
#include "determined/webhook/v1/webhook.pb.h"
#include "server/events/payload.h"
#include "server/events/slack_payload.h"
#include "tests/server/events/python.h"
#include "tests/server/events/vectors.h"
#include "tests/testing/seeded_random.h"
#include "webhookd/v1/delivery.pb.h"

// The bodies of lines, metrics and alerts.
namespace webhookd {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

determined::task::v1::TaskLog LogOf(const std::string& line) {
  determined::task::v1::TaskLog log;
  log.set_task_id("41.a<b>");
  log.set_agent_id("node-1");
  log.set_log(line);
  return log;
}

TEST(Cut, CutsBeforeACharacter) {
  EXPECT_EQ(Cut("short", 5), "short");
  EXPECT_EQ(Cut("longer", 5), "lo…");
  EXPECT_EQ(Cut("aäöü", 6), "aä…");
  EXPECT_EQ(Cut("aäöüx", 6), "aä…");
  EXPECT_EQ(Cut(std::string(10, '\x80'), 7), "\x80…");
}

TEST(RenderTaskLog, KeepsAnyLineUnderTheLimit) {
  std::vector<std::string> bodies;
  for (const char c : {'\0', '\x01', '\xff', 'a', '"'}) {
    const std::string line(2'000'000, c);
    bodies.push_back(RenderTaskLog(VectorEvent(), LogOf(line), std::string(1024, '\x01')));
    bodies.push_back(RenderSlackTaskLog(LogOf(line), VectorExperiment(), std::string(1024, '`'),
                                        "https://det.example.com"));
    EXPECT_LT(bodies[bodies.size() - 2].size(), 256u * 1024);
    EXPECT_LT(bodies.back().size(), 64u * 1024);
  }
  EXPECT_THAT(NotFixedPoints(bodies), IsEmpty());
}

TEST(RenderCustom, KeepsAnyAlertUnderTheLimit) {
  determined::webhook::v1::CustomWebhookEventData alert;
  alert.set_title(std::string(10'000, '\x01'));
  alert.set_description(std::string(1'000'000, '\x01'));
  v1::Experiment experiment = VectorExperiment();
  for (std::string* const name :
       {experiment.mutable_name(), experiment.mutable_resource_pool(),
        experiment.mutable_workspace_name(), experiment.mutable_project_name()}) {
    *name = std::string(4096, '\x01');
  }
  const std::string body = RenderCustom(VectorEvent(), experiment, alert);
  EXPECT_LT(body.size(), 256u * 1024);
  EXPECT_THAT(body, HasSubstr(R"("level":"UNSPECIFIED")"));
  EXPECT_THAT(NotFixedPoints({body, RenderSlackCustom(VectorEvent(), experiment, alert, "")}),
              IsEmpty());
}

TEST(RenderCustom, TellsAnAlertOfWhichNothingWasGiven) {
  const determined::webhook::v1::CustomWebhookEventData alert;
  EXPECT_THAT(RenderCustom(VectorEvent(), VectorExperiment(), alert),
              EndsWith(R"("custom_data":{"title":"","description":"","level":"UNSPECIFIED"}}})"));
  const std::string slack = RenderSlackCustom(VectorEvent(), VectorExperiment(), alert, "");
  EXPECT_THAT(slack, testing::Not(AnyOf(HasSubstr("*Level*"), HasSubstr("*Title*"),
                                        HasSubstr("*Description*"))));
  EXPECT_THAT(slack, HasSubstr("cifar10_pytorch_const (#41)"));
}

// Of an alert with this description, what Slack shows as its field.
std::string ShownDescription(const std::string& description) {
  determined::webhook::v1::CustomWebhookEventData alert;
  alert.set_description(description);
  return RunPython(
      "import json, sys\n"
      "sys.stdout.reconfigure(encoding='utf-8')\n"
      "field = json.loads(sys.stdin.read())['blocks'][0]['fields'][-1]['text']\n"
      "assert len(field.encode('utf-16-le')) // 2 <= 2000\n"
      "print(field.removeprefix('*Description*: ').replace('\\n', '|'))\n",
      {RenderSlackCustom(VectorEvent(), VectorExperiment(), alert, "")})[0];
}

TEST(RenderSlackCustom, KeepsTheLinesOfADescription) {
  EXPECT_EQ(ShownDescription("first\nsecond\r\n\n<third>"), "first|second||&lt;third&gt;");
}

TEST(RenderSlackCustom, ClosesAFenceThatItCutsInTwo) {
  const std::string lines(3'000, 'x');
  for (size_t before = 1'950; before < 2'000; ++before) {
    for (const std::string& code : {"```" + lines + "```", "`" + lines + "`", "``" + lines}) {
      const std::string shown = ShownDescription(std::string(before, 'y') + code + " end");
      size_t fences = 0;
      for (size_t at = shown.find("```"); at != std::string::npos; at = shown.find("```", at + 3)) {
        ++fences;
      }
      EXPECT_EQ(fences % 2, 0u) << before << " " << shown.substr(1'900);
    }
  }
  const std::string shown = ShownDescription("see ```\n" + lines + "\n``` there");
  EXPECT_THAT(shown, EndsWith("x…|```"));
  // What its author left open is as the author wrote it.
  EXPECT_EQ(ShownDescription("see ```open"), "see ```open");
  EXPECT_THAT(ShownDescription("```whole``` " + lines), EndsWith("x…"));
}

TEST(RenderSlack, HasTextForNotifications) {
  const auto text = [](const std::string& body) {
    return RunPython(
        "import json, sys\n"
        "sys.stdout.reconfigure(encoding='utf-8')\n"
        "message = json.loads(sys.stdin.read())\n"
        "print(message['text'])\n"
        "for attachment in message.get('attachments', []): print(attachment['fallback'])\n",
        {body});
  };
  const EventHeader event = VectorEvent();
  v1::Experiment experiment = VectorExperiment();
  experiment.set_name("a <b>\nc");
  const std::string completed = "Your experiment completed successfully 🎉: a &lt;b&gt; c (#41)";
  EXPECT_THAT(text(RenderSlackStateChange(event, experiment, "https://d.example.com")),
              ElementsAre(completed, completed));
  determined::webhook::v1::CustomWebhookEventData alert;
  EXPECT_THAT(text(RenderSlackCustom(event, experiment, alert, "")),
              ElementsAre(completed, completed));
  alert.set_title("a title");
  EXPECT_THAT(text(RenderSlackCustom(event, experiment, alert, "")),
              ElementsAre("Your experiment completed successfully 🎉: a title", completed));
  v1::ReportedMetric metric;
  metric.set_name("loss");
  metric.set_value(5);
  EXPECT_THAT(
      text(RenderSlackMetric(event, experiment, metric, {}, "")),
      ElementsAre("A metric of your experiment crossed its threshold: loss = 5.0", completed));
  EXPECT_THAT(text(RenderSlackTaskLog(LogOf("CUDA out of memory\n"), {}, "x", "")),
              ElementsAre("A task reported a log: CUDA out of memory"));
  EXPECT_THAT(text(RenderSlackTaskLog(LogOf(""), {}, "x", "")),
              ElementsAre("A task reported a log"));
  EXPECT_THAT(text(RenderSlackTest(event)), ElementsAre(HasSubstr("it works")));
}

// The word for a failed experiment is that of the documentation or that of a master.
TEST(RenderBodies, HaveTheWordForAFailedExperimentThatIsAskedFor) {
  v1::Experiment experiment = VectorExperiment();
  experiment.set_state(determined::experiment::v1::STATE_ERROR);
  const auto bodies = [&](ErrorStateName name) {
    return std::vector<std::string>{RenderStateChange(VectorEvent(), experiment, name),
                                    RenderMetric(VectorEvent(), experiment, {}, {}, 1, name),
                                    RenderCustom(VectorEvent(), experiment, {}, name)};
  };
  for (const std::string& body : bodies(ErrorStateName::kErrored)) {
    EXPECT_THAT(body, HasSubstr(R"("state":"ERRORED","name")"));
  }
  for (const std::string& body : bodies(ErrorStateName::kError)) {
    EXPECT_THAT(body, HasSubstr(R"("state":"ERROR","name")"));
    EXPECT_THAT(body, testing::Not(HasSubstr("ERRORED")));
  }
}

TEST(RenderMetric, TellsWhatTheTriggerSays) {
  v1::ReportedMetric metric;
  metric.set_name("loss");
  metric.set_value(-HUGE_VAL);
  metric.set_group("training");
  metric.set_steps_completed(12);
  MetricCondition condition = {.metric = "loss", .threshold = 0.1};
  v1::Experiment experiment = VectorExperiment();
  experiment.set_trial_id(7);
  EXPECT_THAT(RenderMetric(VectorEvent(), experiment, metric, condition, 1),
              AllOf(HasSubstr(R"("condition":{"metric":"loss","operator":"<","threshold":0.1},)"),
                    EndsWith(R"("trial_id":7,"metric":{"name":"loss","value":"-Infinity",)"
                             R"("steps_completed":12,"group":"training"}}})")));
  condition.group = "training";
  condition.for_steps = 3;
  condition.hysteresis = 0.5;
  condition.cooldown = absl::Milliseconds(1500);
  condition.once_per = MetricCondition::OncePer::kTrial;
  const std::string body = RenderMetric(VectorEvent(), experiment, metric, condition, 4);
  EXPECT_THAT(body, AllOf(HasSubstr(R"("threshold":0.1,"group":"training","for_steps":3,)"
                                    R"("hysteresis":0.5,"cooldown_seconds":1.5,)"
                                    R"("once_per":"trial"})"),
                          EndsWith(R"("held_reports":4}}})")));
  const std::string slack = RenderSlackMetric(VectorEvent(), experiment, metric, condition, "");
  EXPECT_THAT(slack,
              AllOf(HasSubstr("*Metric*: loss"), HasSubstr("*Value*: -Infinity"),
                    HasSubstr("*Threshold*: &lt; 0.1 for 3 reports"), HasSubstr("*Trial ID*: 7")));
  EXPECT_THAT(NotFixedPoints({body, slack}), IsEmpty());
}

TEST(RenderSlackTaskLog, NamesWhatIsKnownAndLinksTheLogs) {
  const auto text = [](const v1::Experiment& experiment, const std::string& base_url) {
    return RunPython(
        "import json, sys\n"
        "sys.stdout.reconfigure(encoding='utf-8')\n"
        "text = json.loads(sys.stdin.read())['blocks'][0]['text']['text']\n"
        "print(text.replace('\\n', '|'))\n",
        {RenderSlackTaskLog(LogOf("a ```fence``` & <b>\nnext"), experiment, "a.*b", base_url)})[0];
  };
  const std::string log =
      ", running on node `node-1`, reported a log|"
      "```a ˋˋˋfenceˋˋˋ &amp; &lt;b&gt;|next```|This log matched the regex|```a.*b```|";
  EXPECT_EQ(text({}, ""), absl::StrCat("Task ID `41.a&lt;b&gt;`", log,
                                       "View full logs at /det/tasks/41.a%3cb%3e/logs"));
  v1::Experiment experiment = VectorExperiment();
  EXPECT_EQ(text(experiment, ""), absl::StrCat("Experiment ID `41`, Task ID `41.a&lt;b&gt;`", log,
                                               "View full logs at /det/experiments/41/logs"));
  experiment.set_trial_id(7);
  EXPECT_EQ(text(experiment, "https://det.example.com"),
            absl::StrCat("Experiment ID `41`, Trial ID `7`", log,
                         "<https://det.example.com/det/experiments/41/trials/7/logs|"
                         "View full logs here>"));
}

TEST(TriggerBodies, AreFixedPointsOfPythonWithinSlacksLimits) {
  SeededRandom random;
  std::vector<std::string> bodies;
  std::vector<std::string> slack;
  for (int i = 0; i < 300; ++i) {
    std::string text(random.Next() % 5'000, '\0');
    for (char& c : text) c = static_cast<char>(random.Next());
    if (i % 3 == 0) text = absl::StrCat(ManyScripts(), ManyScripts(), text.substr(0, 2'000));
    v1::Experiment experiment = VectorExperiment();
    experiment.set_name(text.substr(0, 200));
    determined::webhook::v1::CustomWebhookEventData alert;
    alert.set_title(text);
    alert.set_description(text);
    v1::ReportedMetric metric;
    metric.set_name(text.substr(0, 255));
    const MetricCondition condition = {.metric = metric.name()};
    const EventHeader event = VectorEvent();
    const std::string regex = text.substr(0, 1'024);
    bodies.push_back(RenderTaskLog(event, LogOf(text), regex));
    bodies.push_back(RenderMetric(event, experiment, metric, condition, 1));
    bodies.push_back(RenderCustom(event, experiment, alert));
    slack.push_back(RenderSlackTaskLog(LogOf(text), experiment, regex, "https://d.example.com"));
    slack.push_back(RenderSlackMetric(event, experiment, metric, condition, ""));
    slack.push_back(RenderSlackCustom(event, experiment, alert, "https://d.example.com"));
  }
  const std::vector<std::string> too_long = RunPython(R"(
import json, sys
def check(block):
    assert len(block["text"]["text"].encode("utf-16-le")) // 2 <= 3000, "section"
    assert block["text"]["text"], "empty section"
    for field in block.get("fields", []):
        assert len(field["text"].encode("utf-16-le")) // 2 <= 2000, "field"
    assert len(block.get("fields", [])) <= 10
for line in sys.stdin:
    message = json.loads(line)
    for block in message["blocks"] + [b for a in message.get("attachments", []) for b in a["blocks"]]:
        check(block)
)",
                                                      slack);
  EXPECT_THAT(too_long, IsEmpty());
  bodies.insert(bodies.end(), slack.begin(), slack.end());
  EXPECT_THAT(NotFixedPoints(bodies), IsEmpty());
}

}  // namespace
}  // namespace webhookd
