#include "server/events/pattern_set.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

constexpr size_t kMaxPatternBytes = 1'024;
constexpr int kMaxInstructions = 4'000;
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

}  // namespace

absl::Status CheckPattern(absl::string_view pattern) {
  if (pattern.empty()) {
    return absl::InvalidArgumentError("is empty and would match every line; give a pattern");
  }
  if (pattern.size() > kMaxPatternBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", pattern.size(), " bytes; at most ", kMaxPatternBytes, " are allowed"));
  }
  const RE2 compiled(ToPiece(pattern), Options(kMaxPatternMemory));
  if (compiled.error_code() == RE2::ErrorPatternTooLarge) {
    return absl::InvalidArgumentError(
        absl::StrCat("is too costly: it compiles to more than ", kMaxInstructions,
                     " instructions; repeat less or split it into several triggers"));
  }
  if (!compiled.ok()) {
    const size_t at =
        compiled.error_arg().empty() ? absl::string_view::npos : pattern.find(compiled.error_arg());
    std::string where;
    if (at != absl::string_view::npos) where = absl::StrCat(" (from byte ", at + 1, ")");
    return absl::InvalidArgumentError(absl::StrCat("is no RE2 pattern: ", compiled.error(), where));
  }
  if (compiled.ProgramSize() > kMaxInstructions) {
    return absl::InvalidArgumentError(absl::StrCat(
        "is too costly: it compiles to ", compiled.ProgramSize(), " instructions, and at most ",
        kMaxInstructions, " are allowed; repeat less or split it into several triggers"));
  }
  return absl::OkStatus();
}

std::vector<std::optional<PatternSpan>> FindPattern(absl::string_view pattern,
                                                    const std::vector<absl::string_view>& lines) {
  const RE2 compiled(ToPiece(pattern), Options(kMaxPatternMemory));
  std::vector<std::optional<PatternSpan>> spans;
  spans.reserve(lines.size());
  for (const absl::string_view line : lines) {
    spans.emplace_back();
    re2::StringPiece match;
    const re2::StringPiece text = ToPiece(line);
    if (!compiled.ok() || !compiled.Match(text, 0, text.size(), RE2::UNANCHORED, &match, 1)) {
      continue;
    }
    const auto begin = static_cast<size_t>(match.data() - text.data());
    spans.back() = PatternSpan{.begin = begin, .end = begin + match.size()};
  }
  return spans;
}

// Some of the patterns, from `begin` to before `end`: as one automaton, or as two halves once that
// did not fit into memory.
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
                                        int64_t max_bytes) {
    if (patterns.size() < 2) return nullptr;
    auto screen = std::make_unique<Screen>(max_bytes);
    for (const std::string& pattern : patterns) {
      if (NamesEndsOfText(pattern)) return nullptr;
      if (screen->set_.Add(absl::StrCat("(?m:", pattern, ")"), nullptr) < 0) return nullptr;
    }
    return screen->set_.Compile() ? std::move(screen) : nullptr;
  }

  explicit Screen(int64_t max_bytes) : set_(Options(max_bytes), RE2::UNANCHORED) {}

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

  RE2::Set set_;
};

PatternSet::PatternSet(std::vector<std::string> patterns, int64_t max_bytes)
    : root_(patterns.empty()
                ? nullptr
                : std::make_unique<Node>(std::make_shared<const std::vector<std::string>>(patterns),
                                         0, static_cast<int>(patterns.size()), max_bytes)),
      screen_(Screen::Create(patterns, max_bytes)) {}

PatternSet::~PatternSet() = default;

std::vector<int> PatternSet::Match(absl::string_view text) const {
  std::vector<int> matched;
  if (root_ == nullptr) return matched;
  root_->Match(ToPiece(text), matched);
  std::sort(matched.begin(), matched.end());
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
    absl::StrAppend(&text, lines[i], "\n");
  }
  look(lines.size());
  return suspects;
}

}  // namespace webhookd
