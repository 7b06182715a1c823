#include "server/events/payload.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "determined/experiment/v1/experiment.pb.h"
#include "server/events/canonical_json.h"
#include "webhookd/v1/event.pb.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

namespace experiment_v1 = ::determined::experiment::v1;

constexpr absl::string_view kExperimentStateChange = "EXPERIMENT_STATE_CHANGE";

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

void SetHeader(const EventHeader& header, v1::Event& event) {
  event.set_event_id(header.event_id);
  event.set_event_type(kExperimentStateChange.data(), kExperimentStateChange.size());
  event.set_timestamp(absl::ToUnixSeconds(header.occurred_at));
}

std::vector<std::string> StateNames() {
  std::vector<std::string> names;
  for (int state = 0; state < experiment_v1::State_ARRAYSIZE; ++state) {
    absl::string_view name = experiment_v1::State_Name(static_cast<experiment_v1::State>(state));
    absl::ConsumePrefix(&name, "STATE_");
    names.emplace_back(state == experiment_v1::STATE_ERROR ? "ERRORED" : name);
  }
  return names;
}

}  // namespace

std::string PayloadStateName(int experiment_state) {
  static const auto* const names = new std::vector<std::string>(StateNames());
  if (!experiment_v1::State_IsValid(experiment_state)) return absl::StrCat(experiment_state);
  return (*names)[experiment_state];
}

int64_t DurationSeconds(const v1::Experiment& experiment, absl::Time occurred_at) {
  if (!experiment.has_start_time()) return 0;
  const absl::Time end = experiment.has_end_time() ? FromProto(experiment.end_time()) : occurred_at;
  return std::max<int64_t>(0, absl::ToInt64Seconds(end - FromProto(experiment.start_time())));
}

std::string RenderStateChange(const EventHeader& event, const v1::Experiment& experiment) {
  // One allocation for the whole message in place of one for each part of it.
  alignas(8) char block[2048];
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = sizeof(block);
  google::protobuf::Arena arena(options);
  auto& body = *google::protobuf::Arena::CreateMessage<v1::Event>(&arena);
  SetHeader(event, body);
  const std::string state = PayloadStateName(experiment.state());
  body.mutable_condition()->set_state(state);
  v1::ExperimentData& data = *body.mutable_event_data()->mutable_experiment();
  data.set_id(experiment.id());
  data.set_state(state);
  data.set_name(experiment.name());
  data.set_slots_per_trial(experiment.slots_per_trial());
  data.set_duration(DurationSeconds(experiment, event.occurred_at));
  data.set_resource_pool(experiment.resource_pool());
  data.set_workspace(experiment.workspace_name());
  data.set_project(experiment.project_name());
  return CanonicalJson(body);
}

std::string RenderTestEvent(const EventHeader& event) {
  v1::Event body;
  SetHeader(event, body);
  body.mutable_condition()->set_state("COMPLETED");
  body.mutable_event_data()->set_data("test");
  return CanonicalJson(body);
}

}  // namespace webhookd
