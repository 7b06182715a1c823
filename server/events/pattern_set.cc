#include "server/events/pattern_set.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/quoted.h"
#include "server/events/pattern_syntax.h"

namespace webhookd {
namespace {

constexpr size_t kMaxPatternBytes = 1'024;
constexpr int kMaxInstructions = 1'200;
constexpr int64_t kMaxPatternMemory = 8 << 20;
// Bytes of lines that are read as one text. A match costs another look at each of them.
constexpr size_t kMaxTogether = 8 << 10;

RE2::Options Options(int64_t max_bytes) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(max_bytes);
  return options;
}

re2::StringPiece ToPiece(absl::string_view text) { return {text.data(), text.size()}; }

// What is wrong with a pattern that does not compile, and where.
absl::Status NotAPattern(absl::string_view pattern, const PatternSyntax& syntax,
                         const RE2& compiled) {
  const std::string& part = compiled.error_arg();
  absl::string_view reason = compiled.error();
  const size_t at = part.empty() ? std::string::npos : syntax.re2.find(part);
  if (at == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("is not a valid pattern: ", reason));
  }
  absl::ConsumeSuffix(&reason, absl::StrCat(": ", part));
  const size_t begin = PlaceInPattern(pattern, at);
  const size_t end = PlaceInPattern(pattern, at + part.size());
  return absl::InvalidArgumentError(absl::StrCat("is not a valid pattern: ", reason, ": ",
                                                 Quoted(pattern.substr(begin, end - begin)),
                                                 " (from byte ", begin + 1, ")"));
}

}  // namespace

absl::Status CheckPattern(absl::string_view pattern) {
  if (pattern.empty()) {
    return absl::InvalidArgumentError("is empty and would match every line; give a pattern");
  }
  if (pattern.size() > kMaxPatternBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", pattern.size(), " bytes; at most ", kMaxPatternBytes, " are allowed"));
  }
  const PatternSyntax syntax = ReadPatternSyntax(pattern);
  if (syntax.has_any_byte) {
    return absl::InvalidArgumentError(
        R"(has \C, which Go's syntax does not: write . for a character)");
  }
  const RE2 compiled(ToPiece(syntax.re2), Options(kMaxPatternMemory));
  if (compiled.error_code() == RE2::ErrorPatternTooLarge) {
    return absl::InvalidArgumentError(
        absl::StrCat("is too costly: it compiles to more than ", kMaxInstructions,
                     " instructions; repeat less or split it into several triggers"));
  }
  if (!compiled.ok()) return NotAPattern(pattern, syntax, compiled);
  if (compiled.ProgramSize() > kMaxInstructions) {
    return absl::InvalidArgumentError(absl::StrCat(
        "is too costly: it compiles to ", compiled.ProgramSize(), " instructions, and at most ",
        kMaxInstructions, " are allowed; repeat less or split it into several triggers"));
  }
  return absl::OkStatus();
}

int InstructionsOf(absl::string_view pattern) {
  const RE2 compiled(ToPiece(ReadPatternSyntax(pattern).re2), Options(kMaxPatternMemory));
  return compiled.ok() ? compiled.ProgramSize() : 0;
}

absl::Status CheckCompiles(absl::string_view pattern) {
  const PatternSyntax syntax = ReadPatternSyntax(pattern);
  const RE2 compiled(ToPiece(syntax.re2), Options(kMaxPatternMemory));
  return compiled.ok() ? absl::OkStatus() : NotAPattern(pattern, syntax, compiled);
}

std::vector<std::optional<PatternSpan>> FindPattern(absl::string_view pattern,
                                                    const std::vector<absl::string_view>& lines) {
  const PatternSyntax syntax = ReadPatternSyntax(pattern);
  const RE2 compiled(ToPiece(syntax.re2), Options(kMaxPatternMemory));
  const auto find = [&compiled](absl::string_view line) -> std::optional<PatternSpan> {
    re2::StringPiece match;
    const re2::StringPiece text = ToPiece(line);
    if (!compiled.ok() || !compiled.Match(text, 0, text.size(), RE2::UNANCHORED, &match, 1)) {
      return std::nullopt;
    }
    const auto begin = static_cast<size_t>(match.data() - text.data());
    return PatternSpan{.begin = begin, .end = begin + match.size()};
  };
  std::vector<std::optional<PatternSpan>> spans;
  spans.reserve(lines.size());
  for (const absl::string_view line : lines) {
    spans.push_back(find(WithoutLineEnd(line)));
    if (!spans.back().has_value() && syntax.names_line_end) spans.back() = find(line);
  }
  return spans;
}

absl::string_view MatchedPart(absl::string_view line) {
  if (line.size() <= kMaxLineBytes) return line;
  size_t end = kMaxLineBytes;
  for (int i = 0; i < 3 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80; ++i) --end;
  return line.substr(0, end);
}

// Some of the patterns, from `begin` to before `end`: as one automaton, or as two halves once that
// did not fit into memory. Patterns are given as RE2 takes them.
class PatternSet::Node {
 public:
  Node(std::shared_ptr<const std::vector<std::string>> patterns, int begin, int end,
       int64_t max_bytes)
      : patterns_(std::move(patterns)), begin_(begin), end_(end), max_bytes_(max_bytes) {
    if (end_ - begin_ == 1) {
      // Falls back to a slower way of matching by itself, never to a wrong answer.
      single_.emplace(ToPiece((*patterns_)[begin_]), Options(max_bytes_));
      return;
    }
    set_.emplace(Options(max_bytes_), RE2::UNANCHORED);
    for (int i = begin_; i < end_; ++i) {
      if (set_->Add(ToPiece((*patterns_)[i]), nullptr) >= 0) indices_.push_back(i);
    }
    if (!set_->Compile()) set_.reset();
  }

  // Null without patterns.
  static std::unique_ptr<Node> Create(const std::vector<std::string>& patterns, int64_t max_bytes) {
    if (patterns.empty()) return nullptr;
    return std::make_unique<Node>(std::make_shared<const std::vector<std::string>>(patterns), 0,
                                  static_cast<int>(patterns.size()), max_bytes);
  }

  void Match(re2::StringPiece text, std::vector<int>& matched) const {
    if (single_.has_value()) {
      if (single_->ok() && RE2::PartialMatch(text, *single_)) matched.push_back(begin_);
      return;
    }
    if (set_.has_value()) {
      RE2::Set::ErrorInfo error = {RE2::Set::kNoError};
      // Most texts match nothing, and that is told without an allocation.
      if (!set_->Match(text, nullptr, &error)) {
        if (error.kind == RE2::Set::kNoError) return;
      } else {
        std::vector<int> found;
        if (set_->Match(text, &found, &error)) {
          for (const int index : found) matched.push_back(indices_[index]);
          return;
        }
      }
    }
    std::call_once(split_, [this] {
      const int middle = begin_ + (end_ - begin_) / 2;
      left_ = std::make_unique<Node>(patterns_, begin_, middle, max_bytes_);
      right_ = std::make_unique<Node>(patterns_, middle, end_, max_bytes_);
    });
    left_->Match(text, matched);
    right_->Match(text, matched);
  }

 private:
  const std::shared_ptr<const std::vector<std::string>> patterns_;
  const int begin_;
  const int end_;
  const int64_t max_bytes_;
  std::optional<RE2> single_;
  std::optional<RE2::Set> set_;
  std::vector<int> indices_;  // of the patterns in set_

  mutable std::once_flag split_;
  mutable std::unique_ptr<Node> left_;
  mutable std::unique_ptr<Node> right_;
};

// One automaton that finds the patterns in a text of many lines.
//
// In such a text ^ and $ have to match at the ends of its lines. Whatever a pattern matches in a
// line by itself it then matches in the text as well, for "\n" is no more of a word than the end of
// a text is. The text may match where no line does; its lines are then looked at one by one.
class PatternSet::Screen {
 public:
  // Null if one of the patterns speaks of the ends of the text itself or does not compile, or for a
  // single pattern: RE2 has faster ways to look for one.
  static std::unique_ptr<Screen> Create(const std::vector<std::string>& patterns,
                                        bool with_line_ends, int64_t max_bytes) {
    if (patterns.size() < 2) return nullptr;
    auto screen = std::make_unique<Screen>(with_line_ends, max_bytes);
    for (const std::string& pattern : patterns) {
      if (NamesEndsOfText(pattern)) return nullptr;
      if (screen->set_.Add(absl::StrCat("(?m:", pattern, ")"), nullptr) < 0) return nullptr;
    }
    return screen->set_.Compile() ? std::move(screen) : nullptr;
  }

  Screen(bool with_line_ends, int64_t max_bytes)
      : with_line_ends_(with_line_ends), set_(Options(max_bytes), RE2::UNANCHORED) {}

  // Appends all that is to be found in `line`, so that its ends are ends of lines.
  void Append(absl::string_view line, std::string& text) const {
    const absl::string_view stripped = WithoutLineEnd(line);
    // "a\n" with another "\n" behind it has both "a" and "a\n" before the end of a line.
    const bool both = with_line_ends_ && stripped.size() + 1 == line.size() && line.back() == '\n';
    if (!both) absl::StrAppend(&text, stripped, "\n");
    if (with_line_ends_ && stripped.size() < line.size()) absl::StrAppend(&text, line, "\n");
  }

  // False only if no pattern matches any of the lines of the text.
  bool MayMatch(absl::string_view text) const {
    RE2::Set::ErrorInfo error = {RE2::Set::kNoError};
    return set_.Match(ToPiece(text), nullptr, &error) || error.kind != RE2::Set::kNoError;
  }

 private:
  // "\A", "\z", and flags that are switched off, among which may be m. Sees too many, never too
  // few.
  static bool NamesEndsOfText(absl::string_view pattern) {
    static const RE2& names = *new RE2(R"(\\[Az]|\(\?\w*-)");
    return RE2::PartialMatch(ToPiece(pattern), names);
  }

  const bool with_line_ends_;
  RE2::Set set_;
};

PatternSet::PatternSet(const std::vector<std::string>& patterns, int64_t max_bytes) {
  std::vector<std::string> all;
  std::vector<std::string> of_line_ends;
  for (const std::string& pattern : patterns) {
    PatternSyntax syntax = ReadPatternSyntax(pattern);
    if (syntax.names_line_end) {
      line_end_indices_.push_back(static_cast<int>(all.size()));
      of_line_ends.push_back(syntax.re2);
    }
    all.push_back(std::move(syntax.re2));
  }
  all_ = Node::Create(all, max_bytes);
  of_line_ends_ = Node::Create(of_line_ends, max_bytes);
  screen_ = Screen::Create(all, !of_line_ends.empty(), max_bytes);
}

PatternSet::~PatternSet() = default;

std::vector<int> PatternSet::Match(absl::string_view line) const {
  std::vector<int> matched;
  if (all_ == nullptr) return matched;
  const absl::string_view stripped = WithoutLineEnd(line);
  all_->Match(ToPiece(stripped), matched);
  if (of_line_ends_ != nullptr && stripped.size() < line.size()) {
    std::vector<int> with_end;
    of_line_ends_->Match(ToPiece(line), with_end);
    for (const int index : with_end) matched.push_back(line_end_indices_[index]);
  }
  std::sort(matched.begin(), matched.end());
  matched.erase(std::unique(matched.begin(), matched.end()), matched.end());
  return matched;
}

std::vector<size_t> PatternSet::Suspects(std::span<const absl::string_view> lines) const {
  std::vector<size_t> suspects;
  if (screen_ == nullptr) {
    suspects.resize(lines.size());
    std::iota(suspects.begin(), suspects.end(), size_t{0});
    return suspects;
  }
  std::string text;
  size_t first = 0;  // of the lines in `text`
  const auto look = [&](size_t end) {
    if (!text.empty() && screen_->MayMatch(text)) {
      for (size_t i = first; i < end; ++i) suspects.push_back(i);
    }
    text.clear();
    first = end;
  };
  for (size_t i = 0; i < lines.size(); ++i) {
    if (text.size() + lines[i].size() > kMaxTogether) look(i);
    if (lines[i].size() > kMaxTogether) {
      suspects.push_back(i);
      first = i + 1;
      continue;
    }
    screen_->Append(lines[i], text);
  }
  look(lines.size());
  return suspects;
}

}  // namespace webhookd
