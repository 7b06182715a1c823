#ifndef WEBHOOKD_BASE_UTF8_H_
#define WEBHOOKD_BASE_UTF8_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// The first character of a text.
struct Utf8Step {
  char32_t code_point = 0;  // U+FFFD for a byte that is not UTF-8
  size_t length = 0;        // in bytes; 0 only for an empty text
  bool valid = false;
  bool truncated = false;  // the text ends within what may be a character
};

// Decodes the first character of `text`. Overlong forms, surrogates and code points above U+10FFFF
// are not UTF-8 (RFC 3629).
Utf8Step DecodeUtf8(absl::string_view text);

// `bytes` as text that protobuf and SQLite take: bytes that are not UTF-8, and NUL, become U+FFFD;
// a character that the end cuts off is dropped.
std::string ValidUtf8(absl::string_view bytes);

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_UTF8_H_
