#ifndef WEBHOOKD_BASE_JSON_STRING_H_
#define WEBHOOKD_BASE_JSON_STRING_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// Which characters of a JSON string are escaped besides those that JSON demands.
enum class JsonEscapes {
  kRequired,  // none
  // All but printable ASCII, as Python's json.dumps does: lower-case \uXXXX, with surrogate pairs.
  kNonAscii,
  // What a terminal obeys or reorders: DEL, C1, line and paragraph separators, marks of direction.
  kUnprintable,
};

// Appends `text` as it stands between the quotes of a JSON string. The short escapes are
// \b \f \n \r \t \" \\ and no others. Each byte that is not UTF-8 becomes U+FFFD.
void AppendJsonEscaped(absl::string_view text, JsonEscapes escapes, std::string& out);

// How many bytes at the front of `text` stand as they are in every JSON string: ASCII but control
// characters, the quote and the backslash. DEL counts, though kNonAscii and kUnprintable escape it.
size_t PlainTextLength(absl::string_view text);

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_JSON_STRING_H_
