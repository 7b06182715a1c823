#include "server/events/pattern_budget.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "server/events/pattern_set.h"
#include "server/events/pattern_syntax.h"
#include "server/events/trigger_condition.h"

namespace webhookd {
namespace {

constexpr int kFreeInstructionsPerByte = 8;
constexpr size_t kMaxRemembered = 100'000;

int WorkOut(absl::string_view condition_json) {
  const absl::StatusOr<TriggerCondition> condition =
      ParseCondition(TriggerType::kTaskLog, condition_json);
  if (!condition.ok()) return 0;  // it matches nothing
  const int free = kFreeInstructionsPerByte * static_cast<int>(condition->regex.size());
  const int extra = std::max(0, InstructionsOf(condition->regex) - free);
  // It is matched against a line with its end and without.
  return ReadPatternSyntax(condition->regex).names_line_end ? 2 * extra : extra;
}

// The same, remembered by the condition: to compile thousands of patterns takes long.
int ExtraInstructions(const std::string& condition_json) {
  static Mutex& mutex = *new Mutex();
  static auto& known = *new absl::flat_hash_map<std::string, int>();
  {
    MutexLock lock(mutex);
    const auto found = known.find(condition_json);
    if (found != known.end()) return found->second;
  }
  const int extra = WorkOut(condition_json);
  MutexLock lock(mutex);
  if (known.size() >= kMaxRemembered) known.clear();
  known.emplace(condition_json, extra);
  return extra;
}

// Adds up what each pattern costs, once for each.
class Sum {
 public:
  void Add(const WebhookRecord& webhook) {
    for (const TriggerRecord& trigger : webhook.triggers) {
      if (trigger.type != TriggerType::kTaskLog) continue;
      if (!seen_.insert(trigger.condition_json).second) continue;
      total_ += ExtraInstructions(trigger.condition_json);
    }
  }
  int64_t total() const { return total_; }

 private:
  absl::flat_hash_set<absl::string_view> seen_;
  int64_t total_ = 0;
};

int64_t CostOf(const WebhookRecord& webhook) {
  Sum sum;
  sum.Add(webhook);
  return sum.total();
}

}  // namespace

absl::Status CheckPatternBudget(const WebhookSnapshot& webhooks, const WebhookRecord* before,
                                const WebhookRecord& webhook) {
  const int64_t cost = CostOf(webhook);
  const bool same_scope = before != nullptr && before->workspace_id == webhook.workspace_id;
  if (cost == 0 || (same_scope && cost <= CostOf(*before))) return absl::OkStatus();
  Sum sum;
  for (const auto& [id, other] : webhooks.webhooks()) {
    if (other->workspace_id == webhook.workspace_id && other->id != webhook.id) sum.Add(*other);
  }
  const int64_t others = sum.total();
  sum.Add(webhook);
  if (sum.total() <= kMaxExtraInstructions) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "triggers: the patterns would cost too much together: those of the other webhooks ",
      webhook.workspace_id.has_value() ? absl::StrCat("of workspace ", *webhook.workspace_id)
                                       : "without a workspace",
      " take ", others, " instructions beyond eight a byte of their text, these ",
      sum.total() - others, " more, and at most ", kMaxExtraInstructions,
      " are allowed; repeat less (a.{0,40}b costs much more than a.*b) or remove others"));
}

}  // namespace webhookd
