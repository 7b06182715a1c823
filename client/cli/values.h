#ifndef WEBHOOKD_CLIENT_CLI_VALUES_H_
#define WEBHOOKD_CLIENT_CLI_VALUES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace webhookd {

// Values as people write and read them on a command line. What cannot be read is INVALID_ARGUMENT
// with a message that says what can be written.

// "now", a time relative to now ("-41s", "now-1h30m"), Unix seconds ("1665689991", "1665689991.5")
// or RFC 3339.
absl::StatusOr<absl::Time> ParseTime(absl::string_view text, absl::Time now);

// "1.5s", "2m", "1h30m", or seconds without a unit; not negative.
absl::StatusOr<absl::Duration> ParseTimeSpan(absl::string_view text);

// "2022-10-13 19:39:51Z"; "-" when unset.
std::string ShowTime(const google::protobuf::Timestamp& time, bool is_set);
// "12ms", "1.25s".
std::string ShowDuration(const google::protobuf::Duration& duration);

google::protobuf::Timestamp ToTimestamp(absl::Time time);

// The names of an enum's values without `prefix`, but for the one that stands for "not given" (0).
std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& type,
                                   absl::string_view prefix);
// The name of a value without `prefix`; the number when it has none.
std::string EnumName(const google::protobuf::EnumDescriptor& type, absl::string_view prefix,
                     int value);
// The value with a name, in any case, with or without `prefix`, with '-' for '_'.
absl::StatusOr<int> ParseEnum(const google::protobuf::EnumDescriptor& type,
                              absl::string_view prefix, absl::string_view text);

// A state of an experiment, as conditions of triggers name it: "COMPLETED". ERRORED means ERROR.
absl::StatusOr<std::string> ParseExperimentState(absl::string_view text);

// Parses protojson. Unknown fields are errors.
absl::Status ParseJson(absl::string_view json, google::protobuf::Message& message);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_VALUES_H_
