#ifndef WEBHOOKD_SERVER_GATEWAY_WELL_KNOWN_TEXT_H_
#define WEBHOOKD_SERVER_GATEWAY_WELL_KNOWN_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

// The texts that protobuf's JSON mapping gives to Timestamp, Duration and FieldMask.
namespace webhookd {

// Of a Timestamp (since 1970) or of a Duration (both of one sign).
struct SecondsAndNanos {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

// RFC 3339 in capital letters with at most nine digits after the point: "2026-01-01T00:00:00.5Z",
// "2026-01-01T02:00:00+02:00". Years 1 to 9999.
absl::optional<SecondsAndNanos> ParseTimestamp(absl::string_view text);
// Appends "2026-01-01T00:00:00.500Z", with 0, 3, 6 or 9 digits. False, and nothing appended, if the
// time is out of range.
bool AppendTimestamp(SecondsAndNanos time, std::string& out);

// "1.5s", "-.5s", "+3s": at most nine digits after the point, at most 10,000 years.
absl::optional<SecondsAndNanos> ParseDuration(absl::string_view text);
// Appends "1.500s". False, and nothing appended, if the duration is out of range.
bool AppendDuration(SecondsAndNanos duration, std::string& out);

// As in a query of a URL, where Go's form is used: "1h30m", "1.5s", "300ms", "-2us", "0".
absl::optional<SecondsAndNanos> ParseGoDuration(absl::string_view text);

// Paths under proto names: "maxInFlight,webhook.id" becomes max_in_flight and webhook.id.
absl::optional<std::vector<std::string>> ParseFieldMask(absl::string_view text);
// Appends one path with its names in lower camel case.
void AppendFieldMaskPath(absl::string_view path, std::string& out);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_WELL_KNOWN_TEXT_H_
