#include "server/gateway/field_leniency.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

// Determined's shipper of logs, and whoever writes lines or alerts by hand, loses all that it sends
// by one refusal.
constexpr absl::string_view kDecorating[] = {
    "determined.task.v1.TaskLog.agent_id",
    "determined.task.v1.TaskLog.allocation_id",
    "determined.task.v1.TaskLog.container_id",
    "determined.task.v1.TaskLog.level",
    "determined.task.v1.TaskLog.rank_id",
    "determined.task.v1.TaskLog.source",
    "determined.task.v1.TaskLog.stdtype",
    "determined.task.v1.TaskLog.timestamp",
    "determined.webhook.v1.CustomWebhookEventData.description",
    "determined.webhook.v1.CustomWebhookEventData.level",
    "determined.webhook.v1.CustomWebhookEventData.title",
    "determined.api.v1.PostWebhookEventDataRequest.trial_id",
    "webhookd.v1.Experiment.end_time",
    "webhookd.v1.Experiment.name",
    "webhookd.v1.Experiment.project_id",
    "webhookd.v1.Experiment.project_name",
    "webhookd.v1.Experiment.resource_pool",
    "webhookd.v1.Experiment.slots_per_trial",
    "webhookd.v1.Experiment.start_time",
    "webhookd.v1.Experiment.workspace_name",
    "webhookd.v1.ReportExperimentStateRequest.occurred_at",
    "webhookd.v1.ReportMetricsRequest.occurred_at",
    "webhookd.v1.ReportMetricsRequest.steps_completed",
};

// "LOG_LEVEL_": what the names of all values begin with, up to an underscore.
absl::string_view PrefixOf(const EnumDescriptor& type) {
  absl::string_view prefix = type.value(0)->name();
  for (int i = 1; i < type.value_count(); ++i) {
    const absl::string_view name = type.value(i)->name();
    const size_t common = static_cast<size_t>(
        std::mismatch(prefix.begin(), prefix.end(), name.begin(), name.end()).first -
        prefix.begin());
    prefix = prefix.substr(0, common);
  }
  return prefix.substr(0, prefix.rfind('_') + 1);
}

}  // namespace

bool OnlyDecorates(const FieldDescriptor& field) {
  static const auto& decorating =
      *new absl::flat_hash_set<absl::string_view>(std::begin(kDecorating), std::end(kDecorating));
  return decorating.contains(field.full_name());
}

bool KeepsNumbersExactly(const FieldDescriptor& field) {
  return field.full_name() == "determined.webhook.v1.Trigger.condition";
}

absl::optional<int> LooseEnumValue(const EnumDescriptor& type, absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  int number = 0;
  if (absl::SimpleAtoi(text, &number)) {
    if (type.FindValueByNumber(number) == nullptr) return absl::nullopt;
    return number;
  }
  const std::string name = absl::AsciiStrToUpper(text);
  const auto* value = type.FindValueByName(name);
  if (value == nullptr) value = type.FindValueByName(absl::StrCat(PrefixOf(type), name));
  if (value == nullptr) return absl::nullopt;
  return value->number();
}

}  // namespace webhookd
