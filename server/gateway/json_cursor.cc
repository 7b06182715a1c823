#include "server/gateway/json_cursor.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/json_string.h"
#include "base/quoted.h"
#include "base/utf8.h"

namespace webhookd {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Characters that may not follow a literal or a number without something between.
constexpr bool ContinuesWord(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' ||
         c == '.' || c == '_';
}

void AppendUtf8(char32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | c >> 6));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | c >> 12));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | c >> 18));
    out.push_back(static_cast<char>(0x80 | (c >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

constexpr std::array<JsonCursor::Kind, 256> kKinds = [] {
  std::array<JsonCursor::Kind, 256> kinds{};
  for (auto& kind : kinds) kind = JsonCursor::Kind::kOther;
  for (int c = '0'; c <= '9'; ++c) kinds[c] = JsonCursor::Kind::kNumber;
  kinds['-'] = JsonCursor::Kind::kNumber;
  kinds['"'] = JsonCursor::Kind::kString;
  kinds['{'] = JsonCursor::Kind::kObject;
  kinds['['] = JsonCursor::Kind::kArray;
  kinds['t'] = kinds['f'] = JsonCursor::Kind::kBool;
  kinds['n'] = JsonCursor::Kind::kNull;
  return kinds;
}();

}  // namespace

JsonCursor::Kind JsonCursor::Peek() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return kKinds[static_cast<uint8_t>(c)];
    ++position_;
  }
  return Kind::kEnd;
}

bool JsonCursor::ReadLiteral(absl::string_view literal) {
  const size_t end = position_ + literal.size();
  if (text_.substr(position_, literal.size()) != literal ||
      (end < text_.size() && ContinuesWord(text_[end]))) {
    Fail(absl::StrCat("expected a JSON value, found ", Found()));
    return false;
  }
  position_ = end;
  return true;
}

bool JsonCursor::ReadNull() { return ReadLiteral("null"); }

absl::optional<bool> JsonCursor::ReadBool() {
  const bool value = text_[position_] == 't';
  if (!ReadLiteral(value ? "true" : "false")) return absl::nullopt;
  return value;
}

absl::optional<JsonCursor::Number> JsonCursor::ReadNumber() {
  const size_t begin = position_;
  size_t i = begin;
  const auto digits = [this, &i] {
    const size_t first = i;
    while (i < text_.size() && IsDigit(text_[i])) ++i;
    return i > first;
  };
  bool valid = true;
  bool integer = true;
  if (text_[i] == '-') ++i;
  if (i < text_.size() && text_[i] == '0') {
    ++i;
  } else {
    valid = digits();
  }
  if (valid && i < text_.size() && text_[i] == '.') {
    integer = false;
    ++i;
    valid = digits();
  }
  if (valid && i < text_.size() && (text_[i] == 'e' || text_[i] == 'E')) {
    integer = false;
    ++i;
    if (i < text_.size() && (text_[i] == '+' || text_[i] == '-')) ++i;
    valid = digits();
  }
  if (!valid || (i < text_.size() && ContinuesWord(text_[i]))) {
    Fail(absl::StrCat("expected a number as JSON writes it, found ", Found()));
    return absl::nullopt;
  }
  position_ = i;
  return Number{.text = text_.substr(begin, i - begin), .integer = integer};
}

absl::optional<absl::string_view> JsonCursor::ReadString() {
  const size_t begin = position_ + 1;
  const size_t end = begin + PlainTextLength(text_.substr(begin));
  if (end < text_.size() && text_[end] == '"') {
    position_ = end + 1;
    return text_.substr(begin, end - begin);
  }
  position_ = end;
  return ReadEscapedString(begin);
}

absl::optional<absl::string_view> JsonCursor::ReadEscapedString(size_t begin) {
  size_t copied = begin;  // what lies before is in `unescaped_`
  unescaped_.clear();
  while (position_ < text_.size()) {
    const auto c = static_cast<uint8_t>(text_[position_]);
    if (c == '"') {
      const size_t end = position_++;
      if (copied == begin) return text_.substr(begin, end - begin);
      unescaped_.append(text_.data() + copied, end - copied);
      return unescaped_;
    }
    if (c == '\\') {
      unescaped_.append(text_.data() + copied, position_ - copied);
      const absl::optional<char32_t> escaped = ReadEscape();
      if (!escaped.has_value()) return absl::nullopt;
      AppendUtf8(*escaped, unescaped_);
      copied = position_;
    } else if (c < 0x20) {
      Fail(absl::StrCat("a string holds a control character (", static_cast<int>(c),
                        "): write it as an escape"));
      return absl::nullopt;
    } else if (c >= 0x80) {
      const Utf8Step step = DecodeUtf8(text_.substr(position_));
      if (!step.valid) {
        Fail("a string holds bytes that are not UTF-8");
        return absl::nullopt;
      }
      position_ += step.length;
    }
    position_ += PlainTextLength(text_.substr(position_));
  }
  Fail("the text ends within a string");
  return absl::nullopt;
}

absl::optional<char32_t> JsonCursor::ReadEscape() {
  const size_t begin = position_;
  if (begin + 1 >= text_.size()) {
    Fail("the text ends within a string");
    return absl::nullopt;
  }
  position_ += 2;
  switch (text_[begin + 1]) {
    case '"':
    case '\\':
    case '/':
      return text_[begin + 1];
    case 'b':
      return U'\b';
    case 'f':
      return U'\f';
    case 'n':
      return U'\n';
    case 'r':
      return U'\r';
    case 't':
      return U'\t';
    case 'u':
      break;
    default:
      Fail(begin, absl::StrCat("unknown escape ", Quoted(text_.substr(begin, 2)), " in a string"));
      return absl::nullopt;
  }
  const absl::optional<char32_t> first = ReadHexUnit();
  if (!first.has_value() || *first < 0xD800 || *first > 0xDFFF) return first;
  // The first half of a pair, of which the other half follows at once.
  if (*first < 0xDC00 && text_.substr(position_, 2) == "\\u") {
    position_ += 2;
    const absl::optional<char32_t> second = ReadHexUnit();
    if (!second.has_value()) return absl::nullopt;
    if (*second >= 0xDC00 && *second <= 0xDFFF) {
      return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
    }
  }
  Fail(begin, "a string holds half of a surrogate pair");
  return absl::nullopt;
}

absl::optional<char32_t> JsonCursor::ReadHexUnit() {
  char32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = position_ < text_.size() ? text_[position_] : '\0';
    const char lower = static_cast<char>(c | 0x20);
    if (IsDigit(c)) {
      unit = unit << 4 | static_cast<char32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit << 4 | static_cast<char32_t>(lower - 'a' + 10);
    } else {
      Fail("\\u in a string needs four hexadecimal digits");
      return absl::nullopt;
    }
    ++position_;
  }
  return unit;
}

JsonCursor::Step JsonCursor::Next(bool first, char close) {
  if (too_deep()) {
    Fail(absl::StrCat("JSON nests deeper than ", kMaxJsonDepth,
                      " objects and lists: send a flatter value"));
    return Step::kFailed;
  }
  const Kind kind = Peek();
  if (kind == Kind::kEnd) {
    Fail(absl::StrCat("the text ends before a closing ", close == ']' ? "]" : "}"));
    return Step::kFailed;
  }
  if (text_[position_] == close) {
    ++position_;
    --depth_;
    return Step::kClosed;
  }
  if (first) return Step::kValue;
  if (text_[position_] != ',') {
    Fail(absl::StrCat("expected , or ", close == ']' ? "]" : "}", ", found ", Found()));
    return Step::kFailed;
  }
  ++position_;
  return Step::kValue;
}

absl::optional<absl::string_view> JsonCursor::ReadKey() {
  if (Peek() != Kind::kString) {
    Fail(absl::StrCat("expected a field's name in double quotes, found ", Found()));
    return absl::nullopt;
  }
  const absl::optional<absl::string_view> key = ReadString();
  if (!key.has_value()) return absl::nullopt;
  Peek();
  if (position_ >= text_.size() || text_[position_] != ':') {
    Fail(absl::StrCat("expected : after a field's name, found ", Found()));
    return absl::nullopt;
  }
  ++position_;
  return key;
}

bool JsonCursor::Skip() {
  switch (Peek()) {
    case Kind::kNull:
      return ReadNull();
    case Kind::kBool:
      return ReadBool().has_value();
    case Kind::kNumber:
      return ReadNumber().has_value();
    case Kind::kString:
      return ReadString().has_value();
    case Kind::kObject:
      Open();
      for (bool first = true;; first = false) {
        const Step step = NextMember(first);
        if (step != Step::kValue) return step == Step::kClosed;
        if (!ReadKey().has_value() || !Skip()) return false;
      }
    case Kind::kArray:
      Open();
      for (bool first = true;; first = false) {
        const Step step = NextElement(first);
        if (step != Step::kValue) return step == Step::kClosed;
        if (!Skip()) return false;
      }
    case Kind::kEnd:
    case Kind::kOther:
      break;
  }
  Fail(absl::StrCat("expected a JSON value, found ", Found()));
  return false;
}

std::string JsonCursor::Found() {
  if (Peek() == Kind::kEnd) return "the end of the text";
  constexpr size_t kMaxShownBytes = 32;
  const absl::string_view rest = text_.substr(position_, kMaxShownBytes);
  size_t length = 0;
  if (rest[0] == '"') {
    length = std::min(rest.find('"', 1), rest.size() - 1) + 1;
    return std::string(ValidUtf8(rest.substr(0, length)));
  }
  while (length < rest.size() && ContinuesWord(rest[length])) ++length;
  if (length > 0) return std::string(rest.substr(0, length));
  const Utf8Step step = DecodeUtf8(rest);
  return step.valid && step.code_point >= 0x20 ? std::string(rest.substr(0, step.length))
                                               : Quoted(rest.substr(0, step.length));
}

void JsonCursor::ReturnTo(const Place& place) {
  position_ = place.position;
  depth_ = place.depth;
  reason_.clear();
  failed_at_ = 0;
}

void JsonCursor::Fail(size_t position, std::string reason) {
  if (!reason_.empty()) return;
  reason_ = std::move(reason);
  failed_at_ = position;
}

std::string LineAndColumn(absl::string_view text, size_t position) {
  const absl::string_view before = text.substr(0, position);
  const size_t line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const size_t newline = before.rfind('\n');
  const absl::string_view row =
      newline == absl::string_view::npos ? before : before.substr(newline + 1);
  const auto column = std::count_if(row.begin(), row.end(), [](char c) {
    return (static_cast<uint8_t>(c) & 0xC0) != 0x80;  // what only continues a character is none
  });
  return absl::StrCat(line, ":", column + 1);
}

}  // namespace webhookd
