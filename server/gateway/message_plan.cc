#include "server/gateway/message_plan.h"

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/struct.pb.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "server/gateway/field_leniency.h"

namespace webhookd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

// All plans. A plan and everything that it reaches is complete before anybody gets it, and never
// changes afterwards.
class Plans {
 public:
  const MessagePlan& Of(const Descriptor& type) {
    MutexLock lock(mutex_);
    return Make(type);
  }

 private:
  MessagePlan& Make(const Descriptor& type) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::unique_ptr<MessagePlan>& slot = messages_[&type];
    if (slot != nullptr) return *slot;  // types may contain themselves
    slot = std::make_unique<MessagePlan>();
    MessagePlan& plan = *slot;  // `slot` itself moves when the map grows
    plan.type = &type;
    plan.well_known = type.well_known_type();
    plan.empty_message = type.full_name() == google::protobuf::Empty::descriptor()->full_name();
    plan.fields.reserve(static_cast<size_t>(type.field_count()));
    for (int i = 0; i < type.field_count(); ++i) plan.fields.push_back(MakeField(*type.field(i)));
    for (size_t i = 0; i < plan.fields.size(); ++i) {
      plan.by_name.emplace(plan.fields[i].field->json_name(), i);
    }
    for (size_t i = 0; i < plan.fields.size(); ++i) {
      plan.by_name.emplace(plan.fields[i].field->name(), i);
    }
    return plan;
  }

  FieldPlan MakeField(const FieldDescriptor& field) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    FieldPlan plan;
    plan.field = &field;
    plan.has_presence = field.has_presence();
    plan.decorates = OnlyDecorates(field);
    plan.exact = KeepsNumbersExactly(field);
    plan.quoted_name = absl::StrCat("\"", field.json_name(), "\":");
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      plan.message = &Make(*field.message_type());
      plan.takes_null = plan.message->well_known == Descriptor::WELLKNOWNTYPE_VALUE;
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      plan.enum_values = &MakeEnum(*field.enum_type());
      plan.null_enum = field.enum_type() == google::protobuf::NullValue_descriptor();
      plan.takes_null = plan.null_enum;
    }
    return plan;
  }

  const absl::flat_hash_map<absl::string_view, int>& MakeEnum(const EnumDescriptor& type)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto& values = enums_[&type];
    if (values == nullptr) {
      values = std::make_unique<absl::flat_hash_map<absl::string_view, int>>();
      for (int i = 0; i < type.value_count(); ++i) {
        values->emplace(type.value(i)->name(), type.value(i)->number());
      }
    }
    return *values;
  }

  Mutex mutex_;
  absl::flat_hash_map<const Descriptor*, std::unique_ptr<MessagePlan>> messages_
      ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<const EnumDescriptor*,
                      std::unique_ptr<absl::flat_hash_map<absl::string_view, int>>>
      enums_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

const MessagePlan& PlanOf(const Descriptor& type) {
  static Plans* const plans = new Plans();  // never destroyed: threads may outlive main()
  return plans->Of(type);
}

bool HasOwnJsonForm(const MessagePlan& plan) {
  return plan.well_known != Descriptor::WELLKNOWNTYPE_UNSPECIFIED || plan.empty_message;
}

}  // namespace webhookd
