#ifndef WEBHOOKD_SERVER_GATEWAY_FIELD_MASK_JSON_H_
#define WEBHOOKD_SERVER_GATEWAY_FIELD_MASK_JSON_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace webhookd {

// Which fields of a message the JSON of one gives: "a.b" for each that is neither a message's
// object nor within a list or a map, sorted. null is given, too. Within a Struct, each of its keys.
// `json` is a value that ReadProtoJson took for a message of this type. A field that the type does
// not have is ignored or, if `unknown_is_error`, INVALID_ARGUMENT.
absl::StatusOr<std::vector<std::string>> FieldsGivenByJson(absl::string_view json,
                                                           const google::protobuf::Descriptor& type,
                                                           bool unknown_is_error);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_FIELD_MASK_JSON_H_
