#ifndef WEBHOOKD_SERVER_EVENTS_CANONICAL_JSON_H_
#define WEBHOOKD_SERVER_EVENTS_CANONICAL_JSON_H_

#include <string>

#include "absl/strings/string_view.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace webhookd {

// Appends `text` as a JSON string that Python's json.dumps (ensure_ascii) would write the same way:
// ASCII, lower-case \uXXXX with surrogate pairs, the short escapes \b \f \n \r \t \" \\ and no
// others; / < > & as they are, DEL as \u007f. Each byte that is not part of valid UTF-8 (surrogates
// and overlong forms included) becomes U+FFFD.
void AppendJsonString(absl::string_view text, std::string& out);

// Appends a number as Python's repr of a float does: shortest digits that read back the same,
// "1e-05", "1e+16", "5.0", "-0.0"; NaN, Infinity and -Infinity as Python's json writes them.
void AppendJsonDouble(double value, std::string& out);

// `message`, of a generated type, as JSON that is a fixed point of Python's
// json.dumps(json.loads(body), separators=(",", ":")): no white space, fields in the order of their
// numbers under their proto names, integers of any width as numbers. Fields with presence are left
// out when unset; all others are always written. Enumerations are written by name, bytes in base64,
// infinite numbers and NaN as the strings "Infinity", "-Infinity" and "NaN".
//
// Struct, Value and ListValue are written as the JSON they stand for, keys sorted by bytes, as
// those of maps; other well-known types as their fields. A number in a Value is a double and is
// written as one: 5 becomes 5.0.
std::string CanonicalJson(const google::protobuf::Message& message);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_CANONICAL_JSON_H_
