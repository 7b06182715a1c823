#include "server/gateway/field_mask_json.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/gateway/json_cursor.h"
#include "server/gateway/message_plan.h"

namespace webhookd {
namespace {

using google::protobuf::Descriptor;

bool HoldsFreeJson(const MessagePlan& plan) {
  return plan.well_known == Descriptor::WELLKNOWNTYPE_STRUCT ||
         plan.well_known == Descriptor::WELLKNOWNTYPE_VALUE;
}

class PathCollector {
 public:
  PathCollector(absl::string_view json, bool unknown_is_error)
      : cursor_(json), unknown_is_error_(unknown_is_error) {}

  // Goes through the object that comes next, the value of `path`. Without a plan its keys are taken
  // as they are.
  absl::Status Collect(const std::string& path, const MessagePlan* plan) {
    cursor_.Open();
    for (bool first = true;; first = false) {
      const JsonCursor::Step step = cursor_.NextMember(first);
      if (step == JsonCursor::Step::kClosed) return absl::OkStatus();
      const absl::optional<absl::string_view> key =
          step == JsonCursor::Step::kValue ? cursor_.ReadKey() : absl::nullopt;
      if (!key.has_value()) return absl::InvalidArgumentError(cursor_.reason());
      std::string name(*key);
      const FieldPlan* field = nullptr;
      if (plan != nullptr) {
        field = plan->Find(name);
        if (field == nullptr) {
          if (unknown_is_error_) {
            return absl::InvalidArgumentError(absl::StrCat(
                "could not find field ", Quoted(name), " in ", Quoted(plan->type->full_name())));
          }
          if (!cursor_.Skip()) return absl::InvalidArgumentError(cursor_.reason());
          continue;
        }
        name = field->field->name();
      }
      RETURN_IF_ERROR(
          CollectValue(path.empty() ? name : absl::StrCat(path, ".", name), plan, field));
    }
  }

  bool AtObject() { return cursor_.Peek() == JsonCursor::Kind::kObject; }

  std::vector<std::string> TakePaths() {
    std::sort(paths_.begin(), paths_.end());
    return std::move(paths_);
  }

 private:
  absl::Status CollectValue(const std::string& path, const MessagePlan* plan,
                            const FieldPlan* field) {
    if (cursor_.Peek() == JsonCursor::Kind::kObject) {
      if (plan == nullptr) return Collect(path, nullptr);
      if (field->message != nullptr && !field->field->is_repeated()) {
        if (HoldsFreeJson(*field->message)) return Collect(path, nullptr);
        if (!HasOwnJsonForm(*field->message)) return Collect(path, field->message);
      }
    }
    paths_.push_back(path);
    return cursor_.Skip() ? absl::OkStatus() : absl::InvalidArgumentError(cursor_.reason());
  }

  JsonCursor cursor_;
  const bool unknown_is_error_;
  std::vector<std::string> paths_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> FieldsGivenByJson(absl::string_view json,
                                                           const Descriptor& type,
                                                           bool unknown_is_error) {
  PathCollector collector(json, unknown_is_error);
  if (collector.AtObject()) RETURN_IF_ERROR(collector.Collect("", &PlanOf(type)));
  return collector.TakePaths();
}

}  // namespace webhookd
