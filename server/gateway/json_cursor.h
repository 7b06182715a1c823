#ifndef WEBHOOKD_SERVER_GATEWAY_JSON_CURSOR_H_
#define WEBHOOKD_SERVER_GATEWAY_JSON_CURSOR_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace webhookd {

inline constexpr size_t kMaxJsonDepth = 100;

// A place in a JSON text (RFC 8259, nothing more lenient), from which values are read one by one.
// Strings are checked to be UTF-8. A method that fails returns none or false and leaves the reason;
// nothing may be read after that. Copying is cheap: a copy looks ahead.
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
      : text_(text), position_(position) {}

  // What comes next, after white space, which is skipped. kOther is no JSON value: "}", ",", …
  Kind Peek();

  // Each reads a value of the kind that Peek said.
  bool ReadNull();
  absl::optional<bool> ReadBool();
  absl::optional<Number> ReadNumber();
  // The text without quotes and escapes, in the input or in this cursor; it lives until the next
  // string is read.
  absl::optional<absl::string_view> ReadString();

  // For an object or an array: `if (!Open()) …; while (NextMember(first)) …`. ReadKey reads a
  // member's name and its colon. A value that nests deeper than kMaxJsonDepth fails as it is
  // opened.
  void Open() {
    ++position_;
    ++depth_;
  }
  enum class Step { kValue, kClosed, kFailed };
  Step NextElement(bool first) { return Next(first, ']'); }
  Step NextMember(bool first) { return Next(first, '}'); }
  absl::optional<absl::string_view> ReadKey();
  // Reads over `quoted_key`, a name in quotes with its colon, if that comes next to the letter.
  bool TakeKey(absl::string_view quoted_key) {
    if (text_.substr(position_, quoted_key.size()) != quoted_key) return false;
    position_ += quoted_key.size();
    return true;
  }

  // Reads over any value.
  bool Skip();

  // A place to come back to. Afterwards nothing has failed.
  struct Place {
    size_t position = 0;
    size_t depth = 0;
  };
  Place place() const { return {position_, depth_}; }
  void ReturnTo(const Place& place);
  // The text from `place` to here.
  absl::string_view TextSince(const Place& place) const {
    return text_.substr(place.position, position_ - place.position);
  }

  // Whether only white space is left.
  bool AtEnd() { return Peek() == Kind::kEnd; }

  size_t position() const { return position_; }
  // Position and text of what comes next, for messages: of a long value the beginning.
  std::string Found();

  // The reason of the first failure and where it was, in bytes.
  void Fail(std::string reason) { Fail(position_, std::move(reason)); }
  void Fail(size_t position, std::string reason);
  bool too_deep() const { return depth_ > kMaxJsonDepth; }
  const std::string& reason() const { return reason_; }
  size_t failed_at() const { return failed_at_; }

 private:
  Step Next(bool first, char close);
  bool ReadLiteral(absl::string_view literal);
  // Reads the rest of a string that needs more than a copy; `begin` is where its text begins.
  absl::optional<absl::string_view> ReadEscapedString(size_t begin);
  absl::optional<char32_t> ReadEscape();
  absl::optional<char32_t> ReadHexUnit();

  absl::string_view text_;
  size_t position_ = 0;
  size_t depth_ = 0;  // objects and arrays that are open
  std::string unescaped_;
  std::string reason_;
  size_t failed_at_ = 0;
};

// "3:14": line and column (in characters) of a byte of `text`, both from 1.
std::string LineAndColumn(absl::string_view text, size_t position);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_JSON_CURSOR_H_
