#include "tests/server/events/vectors.h"

#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/testing/paths.h"

namespace webhookd {

std::string ReadVector(absl::string_view path) {
  std::ifstream file(SourcePath(absl::StrCat("tests/vectors/", path)));
  std::string body;
  EXPECT_TRUE(std::getline(file, body)) << path;
  return body;
}

EventHeader VectorEvent() {
  return {.event_id = "4cd26e62-60c6-4a8b-8d03-7629091a4ef5",
          .occurred_at = absl::FromUnixSeconds(1665689991)};
}

v1::Experiment VectorExperiment() {
  v1::Experiment experiment;
  experiment.set_id(41);
  experiment.set_name("cifar10_pytorch_const");
  experiment.set_state(determined::experiment::v1::STATE_COMPLETED);
  experiment.mutable_start_time()->set_seconds(1665689950);
  experiment.mutable_end_time()->set_seconds(1665689991);
  experiment.set_slots_per_trial(2);
  experiment.set_resource_pool("default");
  experiment.set_workspace_id(7);
  experiment.set_workspace_name("test workspace");
  experiment.set_project_id(9);
  experiment.set_project_name("test project");
  return experiment;
}

std::string ManyScripts() {
  return "Ünïcödé · Привет · Ελληνικά · 你好 · こんにちは · 안녕하세요 · مرحبا · שלום · नमस्ते · "
         "สวัสดี · "
         "🎉👩‍👩‍👧";
}

}  // namespace webhookd
