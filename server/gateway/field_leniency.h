#ifndef WEBHOOKD_SERVER_GATEWAY_FIELD_LENIENCY_H_
#define WEBHOOKD_SERVER_GATEWAY_FIELD_LENIENCY_H_

#include <google/protobuf/descriptor.h>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace webhookd {

// Whether the field only decorates an event: who reports the event is not refused because its value
// cannot be read. In JSON such a value is left out, but for these: a number or a boolean as a
// string is its text, and names of enum values are read as LooseEnumValue does.
bool OnlyDecorates(const google::protobuf::FieldDescriptor& field);

// Whether whole numbers in the field, a Struct, are refused where a double would change them.
bool KeepsNumbersExactly(const google::protobuf::FieldDescriptor& field);

// The value whose name is `text` in any case, with or without the prefix that all names have
// ("error" for LOG_LEVEL_ERROR), or whose number it is. None if there is no such value.
absl::optional<int> LooseEnumValue(const google::protobuf::EnumDescriptor& type,
                                   absl::string_view text);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_FIELD_LENIENCY_H_
