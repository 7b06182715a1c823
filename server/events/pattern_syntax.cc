#include "server/events/pattern_syntax.h"

#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace webhookd {
namespace {

bool EndsLines(uint32_t character) { return character == '\n' || character == '\r'; }

// Goes through a pattern once, as far as is needed to tell escapes, quoted text, character classes
// and groups apart.
class SyntaxReader {
 public:
  explicit SyntaxReader(absl::string_view pattern) : rest_(pattern) {}

  PatternSyntax Read() {
    while (!rest_.empty()) {
      if (rest_.front() == '\\' && rest_.size() > 1) {
        ReadEscape();
      } else if (!in_class_ && StartsNamedGroup()) {
        inserted_.push_back(syntax_.re2.size() + 2);
        syntax_.re2 += "(?P";
        rest_.remove_prefix(2);
      } else if (rest_.front() == '[') {
        ReadBracket();
      } else {
        if (rest_.front() == ']') in_class_ = false;
        if (EndsLines(static_cast<unsigned char>(rest_.front()))) syntax_.names_line_end = true;
        Copy(1);
      }
    }
    return std::move(syntax_);
  }

  const std::vector<size_t>& inserted() const { return inserted_; }

 private:
  void Copy(size_t count) {
    syntax_.re2.append(rest_.data(), count);
    rest_.remove_prefix(count);
  }

  // "(?<", but not "(?<=" and "(?<!", which neither Go nor RE2 has.
  bool StartsNamedGroup() const {
    return absl::StartsWith(rest_, "(?<") && !absl::StartsWith(rest_, "(?<=") &&
           !absl::StartsWith(rest_, "(?<!");
  }

  // At "[": begins a class, or names one inside of a class.
  void ReadBracket() {
    if (in_class_) {
      if (absl::StartsWith(rest_, "[:space:]")) syntax_.names_line_end = true;
      if (absl::StartsWith(rest_, "[:")) {
        const size_t end = rest_.find(":]");
        if (end != absl::string_view::npos) return Copy(end + 2);
      }
      return Copy(1);
    }
    in_class_ = true;
    Copy(absl::StartsWith(rest_, "[^") ? 2 : 1);
    // A "]" that comes first is a member.
    if (absl::StartsWith(rest_, "]")) Copy(1);
  }

  // At a backslash and another character.
  void ReadEscape() {
    const char kind = rest_[1];
    if (kind == 'Q' && !in_class_) {
      const size_t end = rest_.find("\\E", 2);
      const absl::string_view quoted = rest_.substr(0, end);
      if (quoted.find_first_of("\n\r") != absl::string_view::npos) syntax_.names_line_end = true;
      return Copy(quoted.size());
    }
    if (kind == 'C') syntax_.has_any_byte = true;
    if (kind == 'n' || kind == 'r' || kind == 's' || EndsLines(Number())) {
      syntax_.names_line_end = true;
    }
    Copy(2);
  }

  // Of the escape that comes next, if it is a number such as \x0A, \x{a} or \012; else 0.
  uint32_t Number() const {
    absl::string_view text = rest_.substr(1);
    uint32_t number = 0;
    if (absl::ConsumePrefix(&text, "x{")) {
      return absl::SimpleHexAtoi(text.substr(0, text.find('}')), &number) ? number : 0;
    }
    if (absl::ConsumePrefix(&text, "x")) {
      return absl::SimpleHexAtoi(text.substr(0, 2), &number) ? number : 0;
    }
    for (size_t i = 0; i < 3 && i < text.size() && text[i] >= '0' && text[i] <= '7'; ++i) {
      number = number * 8 + static_cast<uint32_t>(text[i] - '0');
    }
    return number;
  }

  absl::string_view rest_;
  PatternSyntax syntax_;
  bool in_class_ = false;
  std::vector<size_t> inserted_;  // where in re2 there is a P more than in the pattern
};

}  // namespace

PatternSyntax ReadPatternSyntax(absl::string_view pattern) { return SyntaxReader(pattern).Read(); }

size_t PlaceInPattern(absl::string_view pattern, size_t at) {
  SyntaxReader reader(pattern);
  reader.Read();
  size_t before = 0;
  for (const size_t inserted : reader.inserted()) before += inserted < at ? 1 : 0;
  return at - before;
}

absl::string_view WithoutLineEnd(absl::string_view line) {
  absl::ConsumeSuffix(&line, "\n");
  while (absl::ConsumeSuffix(&line, "\r")) {
  }
  return line;
}

}  // namespace webhookd
