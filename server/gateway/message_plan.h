#ifndef WEBHOOKD_SERVER_GATEWAY_MESSAGE_PLAN_H_
#define WEBHOOKD_SERVER_GATEWAY_MESSAGE_PLAN_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace webhookd {

struct MessagePlan;

// What reading and writing JSON needs of one field, worked out once.
struct FieldPlan {
  const google::protobuf::FieldDescriptor* field = nullptr;
  const MessagePlan* message = nullptr;  // of a message's field, and of a map's entry
  std::string quoted_name;               // "\"workspaceId\":"
  bool has_presence = false;
  bool takes_null = false;  // null is a value: google.protobuf.Value and NullValue
  bool null_enum = false;   // google.protobuf.NullValue
  bool decorates = false;   // see OnlyDecorates
  bool exact = false;       // see KeepsNumbersExactly
  // Of an enum: its values by name.
  const absl::flat_hash_map<absl::string_view, int>* enum_values = nullptr;
};

// What reading and writing JSON needs of a message type, worked out once for each type.
struct MessagePlan {
  const google::protobuf::Descriptor* type = nullptr;
  google::protobuf::Descriptor::WellKnownType well_known =
      google::protobuf::Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
  bool empty_message = false;     // google.protobuf.Empty
  std::vector<FieldPlan> fields;  // in the order of the .proto file

  // The field of this JSON or proto name; null if there is none. JSON names come first.
  const FieldPlan* Find(absl::string_view name) const {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : &fields[found->second];
  }

  absl::flat_hash_map<absl::string_view, size_t> by_name;
};

// The plan of a generated type; it lives as long as the program. Thread-safe.
const MessagePlan& PlanOf(const google::protobuf::Descriptor& type);

// Whether protobuf's JSON mapping gives the type a form of its own, so that in an Any it stands
// under "value".
bool HasOwnJsonForm(const MessagePlan& plan);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_MESSAGE_PLAN_H_
