#ifndef WEBHOOKD_SERVER_EVENTS_PATTERN_SYNTAX_H_
#define WEBHOOKD_SERVER_EVENTS_PATTERN_SYNTAX_H_

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// What a pattern's text says, read without compiling it. Patterns are in the syntax of Go's regexp,
// which RE2 shares but for two things: Go also writes a named group as (?<name>…), and has no \C.
struct PatternSyntax {
  std::string re2;  // the pattern as RE2 takes it
  // Whether it speaks of characters that end a line: \n or \r in any spelling, \s or [:space:].
  bool names_line_end = false;
  bool has_any_byte = false;  // \C
};

PatternSyntax ReadPatternSyntax(absl::string_view pattern);

// Where `at`, a place in PatternSyntax::re2, stands in the pattern itself.
size_t PlaceInPattern(absl::string_view pattern, size_t at);

// `line` without its end, which is "\n" with any "\r" before it, or "\r".
absl::string_view WithoutLineEnd(absl::string_view line);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_PATTERN_SYNTAX_H_
