#ifndef WEBHOOKD_SERVER_EVENTS_PATTERN_SET_H_
#define WEBHOOKD_SERVER_EVENTS_PATTERN_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace webhookd {

// How a pattern is matched against a line, here and wherever lines are matched: against the line
// without its end ("\n" or "\r\n"), so that "memory$" means the end of what was written. A pattern
// that speaks of line ends (\n, \r, \s) matches as well if it matches the line with its end.

// OK for a pattern in Go's syntax (see PatternSyntax) whose cost is bounded: at most 1,024 bytes
// and 1,200 instructions of RE2. INVALID_ARGUMENT says where it is wrong or which bound it exceeds;
// the message continues a sentence that names the pattern.
absl::Status CheckPattern(absl::string_view pattern);

// How many instructions of RE2 the pattern compiles to; 0 if it does not. Matching a byte of a line
// made to hurt takes up to about 9 ns for each; an ordinary line takes a few in all.
int InstructionsOf(absl::string_view pattern);

// The part of CheckPattern that keeps a pattern from being matched at all: its syntax.
absl::Status CheckCompiles(absl::string_view pattern);

// Where `pattern`, which CheckCompiles accepts, first matches in each of `lines`: the bytes from
// `begin` to before `end`. None where it does not.
struct PatternSpan {
  size_t begin = 0;
  size_t end = 0;
};
std::vector<std::optional<PatternSpan>> FindPattern(absl::string_view pattern,
                                                    const std::vector<absl::string_view>& lines);

// How much of a line is looked at: what its event keeps of it, so that explanations see what the
// matcher saw, and twice what Determined's shipper sends.
inline constexpr size_t kMaxLineBytes = 16'384;

// The part of a line that is looked at: whole characters, at most kMaxLineBytes.
absl::string_view MatchedPart(absl::string_view line);

// Many patterns, matched against a line in one pass: the cost does not grow with their number as
// long as their automaton fits into memory. Where it does not, the set is split, down to single
// patterns if need be: running out of memory is never taken for "no match". Thread-safe.
class PatternSet {
 public:
  // Of patterns that CheckPattern accepts; others never match. `max_bytes` bounds the memory of
  // each automaton; beside the one that tells them apart there is one that Suspects uses.
  explicit PatternSet(const std::vector<std::string>& patterns,
                      int64_t max_bytes = int64_t{64} << 20);
  ~PatternSet();
  PatternSet(const PatternSet&) = delete;
  PatternSet& operator=(const PatternSet&) = delete;

  // The indices of the patterns that match somewhere in `line`, ascending. `line` may hold any
  // bytes; those that are not UTF-8 match no character.
  std::vector<int> Match(absl::string_view line) const;

  // The places of those `lines` that Match need look at, ascending: every line that a pattern
  // matches is among them. Quiet lines are read many at once, which costs less than one by one.
  std::vector<size_t> Suspects(std::span<const absl::string_view> lines) const;

 private:
  class Node;
  class Screen;

  std::unique_ptr<Node> all_;           // null without patterns
  std::unique_ptr<Node> of_line_ends_;  // of those that speak of them; null if there are none
  std::vector<int> line_end_indices_;   // of the patterns in of_line_ends_
  std::unique_ptr<Screen> screen_;      // null if no text can be made of several lines
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_PATTERN_SET_H_
