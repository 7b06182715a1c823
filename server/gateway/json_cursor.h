#ifndef WEBHOOKD_SERVER_GATEWAY_JSON_CURSOR_H_
#define WEBHOOKD_SERVER_GATEWAY_JSON_CURSOR_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace webhookd {

// How deep objects and arrays may nest.
inline constexpr size_t kMaxJsonDepth = 100;

// How many bytes at the front of `text` a JSON string holds as they are: ASCII but control
// characters, the quote and the back-slash.
inline size_t PlainTextLength(absl::string_view text) {
  // Eight bytes at a time: the top bit of a byte ends up set where it is special. False alarms come
  // only after a true one.
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kTops = 0x8080808080808080;
  const auto zero_bytes = [](uint64_t x) { return (x - kOnes) & ~x & kTops; };
  size_t i = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + sizeof(uint64_t) <= text.size(); i += sizeof(uint64_t)) {
      uint64_t x = 0;
      std::memcpy(&x, text.data() + i, sizeof(x));
      const uint64_t special = (x & kTops) | zero_bytes(x ^ (kOnes * '"')) |
                               zero_bytes(x ^ (kOnes * '\\')) | ((x - kOnes * 0x20) & ~x & kTops);
      if (special != 0) return i + static_cast<size_t>(std::countr_zero(special)) / 8;
    }
  }
  while (i < text.size()) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
    ++i;
  }
  return i;
}

// A place in a JSON text (RFC 8259, nothing more lenient), from which values are read one by one.
// Strings are checked to be UTF-8. A method that fails returns none or false and leaves the reason;
// nothing may be read after that.
class JsonCursor {
 public:
  enum class Kind { kEnd, kNull, kBool, kNumber, kString, kObject, kArray, kOther };

  // Lexically valid, not converted.
  struct Number {
    absl::string_view text;
    bool integer = false;  // neither a fraction nor an exponent
  };

  // `text` outlives the cursor, which starts at a byte of it.
  explicit JsonCursor(absl::string_view text, size_t position = 0)
      : JsonCursor(text, position, /*depth=*/0) {}
  JsonCursor(const JsonCursor&) = delete;
  JsonCursor& operator=(const JsonCursor&) = delete;

  // Another one at the same place.
  JsonCursor LookAhead() const { return JsonCursor(text_, position_, depth_); }

  // What comes next, after white space, which is skipped. kOther is no JSON value: "}", ",", …
  Kind Peek() {
    if (position_ < text_.size()) {
      const Kind kind = KindOf(text_[position_]);
      if (kind != Kind::kOther) return kind;
    }
    return PeekBehindSpace();
  }

  // Each reads a value of the kind that Peek said.
  bool ReadNull();
  absl::optional<bool> ReadBool();
  absl::optional<Number> ReadNumber();
  // The text without quotes and escapes, in the input or in this cursor; it lives until the next
  // string is read.
  absl::optional<absl::string_view> ReadString() {
    const size_t begin = position_ + 1;
    position_ = begin + PlainTextLength(text_.substr(begin));
    if (position_ == text_.size() || text_[position_] != '"') return ReadSpecialString(begin);
    ++position_;
    return text_.substr(begin, position_ - 1 - begin);
  }

  // For an object or an array: Open, then NextMember or NextElement before each member or element
  // until kClosed. ReadKey reads a member's name and its colon. Open fails where values nest too
  // deep, before anything in them is read.
  bool Open() {
    if (++depth_ > kMaxJsonDepth) return FailTooDeep();
    ++position_;
    return true;
  }
  enum class Step { kValue, kClosed, kFailed };
  Step NextElement(bool first) { return Next(first, ']'); }
  Step NextMember(bool first) { return Next(first, '}'); }
  absl::optional<absl::string_view> ReadKey() {
    if (Peek() != Kind::kString) return FailNoKey();
    const absl::optional<absl::string_view> key = ReadString();
    if (!key.has_value()) return absl::nullopt;
    if (position_ == text_.size() || text_[position_] != ':') Peek();
    if (position_ == text_.size() || text_[position_] != ':') return FailNoColon();
    ++position_;
    return key;
  }

  // Reads over any value.
  bool Skip();

  // Reads over `bytes`, if exactly those come next.
  bool Take(absl::string_view bytes) {
    if (text_.size() - position_ < bytes.size() ||
        std::memcmp(text_.data() + position_, bytes.data(), bytes.size()) != 0) {
      return false;
    }
    position_ += bytes.size();
    return true;
  }

  // Whether only white space is left.
  bool AtEnd() { return Peek() == Kind::kEnd; }

  size_t position() const { return position_; }
  // Position and text of what comes next, for messages: of a long value the beginning.
  std::string Found();

  // The reason of the first failure and where it was, in bytes.
  void Fail(std::string reason) { Fail(position_, std::move(reason)); }
  void Fail(size_t position, std::string reason);
  const std::string& reason() const { return reason_; }
  size_t failed_at() const { return failed_at_; }

 private:
  JsonCursor(absl::string_view text, size_t position, size_t depth)
      : text_(text), position_(position), depth_(depth) {}

  // By the first character of a value.
  static Kind KindOf(char c) {
    switch (c) {
      case '{':
        return Kind::kObject;
      case '[':
        return Kind::kArray;
      case '"':
        return Kind::kString;
      case 't':
      case 'f':
        return Kind::kBool;
      case 'n':
        return Kind::kNull;
      default:
        return c == '-' || (c >= '0' && c <= '9') ? Kind::kNumber : Kind::kOther;
    }
  }
  Kind PeekBehindSpace();
  Step Next(bool first, char close) {
    if (position_ < text_.size() && !first && text_[position_] == ',') {
      ++position_;
      return Step::kValue;
    }
    return NextBehindSpace(first, close);
  }
  Step NextBehindSpace(bool first, char close);
  bool FailTooDeep();
  absl::optional<absl::string_view> FailNoKey();
  absl::optional<absl::string_view> FailNoColon();
  bool ReadLiteral(absl::string_view literal);
  // Reads the rest of a string that needs more than a copy; `begin` is where its text begins.
  absl::optional<absl::string_view> ReadSpecialString(size_t begin);
  absl::optional<char32_t> ReadEscape();
  absl::optional<char32_t> ReadHexUnit();

  absl::string_view text_;
  size_t position_;
  size_t depth_;  // of the objects and arrays that are open
  std::string unescaped_;
  std::string reason_;
  size_t failed_at_ = 0;
};

// "3:14": line and column (in characters) of a byte of `text`, both from 1.
std::string LineAndColumn(absl::string_view text, size_t position);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_JSON_CURSOR_H_
