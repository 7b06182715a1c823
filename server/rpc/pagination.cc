#include "server/rpc/pagination.h"

#include "absl/strings/ascii.h"
#include "base/utf8.h"

namespace webhookd {

bool IsLikeInAnyCase(absl::string_view name, absl::string_view pattern) {
  // Where to go on when what follows the last % does not match: one character further.
  absl::string_view name_after_any;
  absl::string_view pattern_after_any;
  bool any_seen = false;
  while (true) {
    if (!pattern.empty() && pattern.front() == '%') {
      pattern.remove_prefix(1);
      any_seen = true;
      name_after_any = name;
      pattern_after_any = pattern;
      continue;
    }
    if (name.empty() && pattern.empty()) return true;
    const bool is_one = !pattern.empty() && pattern.front() == '_';
    absl::string_view literal = pattern;
    if (literal.size() > 1 && literal.front() == '\\') literal.remove_prefix(1);
    if (is_one && !name.empty()) {
      name.remove_prefix(DecodeUtf8(name).length);
      pattern.remove_prefix(1);
    } else if (!is_one && !name.empty() && !literal.empty() &&
               absl::ascii_tolower(name.front()) == absl::ascii_tolower(literal.front())) {
      name.remove_prefix(1);
      literal.remove_prefix(1);
      pattern = literal;
    } else if (any_seen && !name_after_any.empty()) {
      name_after_any.remove_prefix(1);
      name = name_after_any;
      pattern = pattern_after_any;
    } else {
      return false;
    }
  }
}

}  // namespace webhookd
