#ifndef WEBHOOKD_SERVER_TELEMETRY_ESCAPE_H_
#define WEBHOOKD_SERVER_TELEMETRY_ESCAPE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// Appends `text` to `line` so that it can stand between the quotes of a JSON string and be shown on
// a terminal: quotes, backslashes, control characters (C0, DEL, C1), line and paragraph separators
// and characters that reorder the text around them are escaped as JSON does; bytes that are not
// UTF-8 become U+FFFD.
void AppendEscaped(absl::string_view text, std::string& line);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_TELEMETRY_ESCAPE_H_
