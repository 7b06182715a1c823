#include "server/events/slack_payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "tests/server/events/python.h"
#include "tests/server/events/vectors.h"
#include "tests/testing/seeded_random.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

using determined::experiment::v1::State;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr absl::string_view kBaseUrl = "https://det.example.com";

// The texts of a message as Slack reads them: headline, title, fields. Each with its lengths in
// characters and in UTF-16 units before.
std::vector<std::string> Texts(const std::string& body) {
  return RunPython(R"(
import json, sys
message = json.loads(sys.stdin.read())
texts = [message["blocks"][0]["text"]["text"]]
for attachment in message["attachments"]:
    section = attachment["blocks"][0]
    texts += [section["text"]["text"]] + [field["text"] for field in section["fields"]]
sys.stdout.reconfigure(encoding="utf-8")
for text in texts:
    print(len(text), len(text.encode("utf-16-le")) // 2, text)
)",
                   {body});
}

TEST(RenderSlackStateChange, GivesTheBodiesOfTheVectors) {
  const EventHeader event = VectorEvent();
  v1::Experiment experiment = VectorExperiment();
  EXPECT_EQ(RenderSlackStateChange(event, experiment, ""),
            ReadVector("bodies/slack-completed.json"));
  experiment.set_state(determined::experiment::v1::STATE_ERROR);
  EXPECT_EQ(RenderSlackStateChange(event, experiment, ""), ReadVector("bodies/slack-errored.json"));
  experiment.set_state(determined::experiment::v1::STATE_RUNNING);
  EXPECT_EQ(RenderSlackStateChange(event, experiment, ""), ReadVector("bodies/slack-running.json"));
}

TEST(RenderSlackStateChange, LinksWhatHasAPageAndEscapesTheNames) {
  v1::Experiment experiment = VectorExperiment();
  experiment.set_name("a|b <c> & d");
  experiment.set_trial_id(3);
  experiment.mutable_start_time()->set_seconds(experiment.end_time().seconds() - 3959);
  EXPECT_EQ(RenderSlackStateChange(VectorEvent(), experiment, kBaseUrl),
            ReadVector("bodies/slack-links.json"));
}

TEST(RenderSlackStateChange, WritesNamesInManyScripts) {
  v1::Experiment experiment = VectorExperiment();
  experiment.set_name(ManyScripts());
  experiment.set_workspace_name("Рабочая область");
  experiment.set_project_name("مشروع");
  EXPECT_EQ(RenderSlackStateChange(VectorEvent(), experiment, ""),
            ReadVector("bodies/slack-scripts.json"));
}

TEST(RenderSlackStateChange, MeansWhatAMasterSends) {
  v1::Experiment experiment = VectorExperiment();
  experiment.set_id(6);
  experiment.set_name("exp-ws");
  experiment.set_workspace_name("ws-admin");
  experiment.set_project_name("proj-a");
  std::vector<std::string> lines;
  for (const auto& [state, vector] :
       {std::pair(determined::experiment::v1::STATE_COMPLETED, "slack-completed"),
        std::pair(determined::experiment::v1::STATE_ERROR, "slack-errored"),
        std::pair(determined::experiment::v1::STATE_ACTIVE, "slack-active")}) {
    experiment.set_state(state);
    lines.push_back(RenderSlackStateChange(VectorEvent(), experiment, ""));
    lines.push_back(ReadVector(absl::StrCat("determined/", vector, ".json")));
  }
  EXPECT_THAT(RunPython("import json, sys\n"
                        "for ours in sys.stdin:\n"
                        "    message = json.loads(ours)\n"
                        "    del message['text']  # ours has more, for notifications\n"
                        "    for attachment in message['attachments']: del attachment['fallback']\n"
                        "    print(message == json.loads(next(sys.stdin)))\n",
                        lines),
              ElementsAre("True", "True", "True"));
}

TEST(RenderSlackStateChange, LeavesOutWhatIsUnknown) {
  v1::Experiment experiment;
  experiment.set_id(1);
  experiment.set_state(determined::experiment::v1::STATE_COMPLETED);
  experiment.set_workspace_id(3);
  EXPECT_THAT(Texts(RenderSlackStateChange(VectorEvent(), experiment, "")),
              ElementsAre(HasSubstr("successfully"), HasSubstr("✅ (#1)"),
                          HasSubstr("*Status*: Completed")));
}

TEST(RenderSlackStateChange, LinksOnlyWhatHasANumber) {
  v1::Experiment experiment = VectorExperiment();
  experiment.set_workspace_id(0);
  const std::string body = RenderSlackStateChange(VectorEvent(), experiment, kBaseUrl);
  EXPECT_THAT(body, HasSubstr("*Workspace*: test workspace\""));
  EXPECT_THAT(body, HasSubstr("*Project*: <https://det.example.com/det/projects/9/experiments|"));
}

TEST(RenderSlackStateChange, KeepsABaseUrlInsideItsLink) {
  EXPECT_THAT(RenderSlackStateChange(VectorEvent(), VectorExperiment(), "https://x/?a&b|c>d e"),
              HasSubstr("<https://x/?a&amp;b%7cc%3ed%20e/det/experiments/41/overview|cifar10"));
}

TEST(RenderSlackStateChange, KeepsANameOnItsLine) {
  v1::Experiment experiment = VectorExperiment();
  experiment.set_name("a\n*Status*: fine\r\t\x7f\u2028\u2029z");
  EXPECT_THAT(Texts(RenderSlackStateChange(VectorEvent(), experiment, ""))[1],
              HasSubstr("✅ a *Status*: fine     z (#41)"));
}

TEST(RenderSlackStateChange, CutsTextsToSlacksLimits) {
  v1::Experiment experiment = VectorExperiment();
  for (const absl::string_view base_url : {absl::string_view(), kBaseUrl}) {
    for (const absl::string_view unit : {"x", "&", "é", "🎉", "|", "&🎉<x"}) {
      std::string name;
      while (name.size() < 4090) absl::StrAppend(&name, unit);
      experiment.set_name(name);
      experiment.set_workspace_name(name);
      experiment.set_project_name(name);
      const std::vector<std::string> texts =
          Texts(RenderSlackStateChange(VectorEvent(), experiment, base_url));
      ASSERT_THAT(texts, SizeIs(6));
      for (size_t i = 1; i < texts.size(); ++i) {
        int characters = 0;
        int units = 0;
        ASSERT_EQ(sscanf(texts[i].c_str(), "%d %d", &characters, &units), 2);
        EXPECT_LE(units, i == 1 ? 3000 : 2000) << unit;
      }
      EXPECT_TRUE(absl::StrContains(texts[4], "…")) << unit;
      // Cut right before the limit, and never inside of an escape.
      if (unit == "x") {
        EXPECT_EQ(texts[1].substr(0, 5), "3000 ");
        EXPECT_EQ(texts[4].substr(0, 5), "2000 ");
        EXPECT_TRUE(absl::StrContains(texts[1], "… (#41)"));
      }
      if (unit == "&") {
        EXPECT_TRUE(absl::StrContains(texts[1], "&amp;… (#41)"));
      }
    }
  }
}

TEST(RenderSlackStateChange, KeepsATextThatJustFits) {
  v1::Experiment experiment = VectorExperiment();
  experiment.set_workspace_name(std::string(2000 - strlen("*Workspace*: "), 'w'));
  EXPECT_THAT(Texts(RenderSlackStateChange(VectorEvent(), experiment, ""))[4],
              testing::AllOf(StartsWith("2000 "), Not(HasSubstr("…"))));
}

TEST(RenderSlackStateChange, LeavesOutALinkThatIsTooLong) {
  const std::string base_url = absl::StrCat("https://", std::string(1990, 'h'));
  EXPECT_THAT(Texts(RenderSlackStateChange(VectorEvent(), VectorExperiment(), base_url)),
              Each(Not(HasSubstr("<http"))));
}

TEST(RenderSlackStateChange, IsAFixedPointOfPythonForAnyNameAndState) {
  SeededRandom random;
  std::vector<std::string> bodies;
  for (int i = 0; i < 2000; ++i) {
    v1::Experiment experiment = VectorExperiment();
    std::string name(random.Next() % 60, '\0');
    for (char& c : name) c = static_cast<char>(random.Next());
    experiment.set_name(name);
    experiment.set_project_name(name.substr(name.size() / 2));
    experiment.set_state(static_cast<State>(random.Next() % 20));
    bodies.push_back(
        RenderSlackStateChange(VectorEvent(), experiment, random.Next() % 2 == 0 ? "" : kBaseUrl));
  }
  EXPECT_THAT(NotFixedPoints(bodies), IsEmpty());
}

TEST(RenderSlackTest, GivesTheBodyOfTheVector) {
  EXPECT_EQ(RenderSlackTest(VectorEvent()), ReadVector("bodies/slack-test.json"));
}

}  // namespace
}  // namespace webhookd
