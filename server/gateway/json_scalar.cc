#include "server/gateway/json_scalar.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "base/quoted.h"
#include "server/gateway/base64.h"
#include "server/gateway/json_number.h"

namespace webhookd {
namespace {

using Kind = JsonCursor::Kind;

bool IsJsonNumber(absl::string_view text) {
  if (text.empty() || text.front() == ' ') return false;
  JsonCursor cursor(text);
  return cursor.Peek() == Kind::kNumber && cursor.ReadNumber().has_value() &&
         cursor.position() == text.size();
}

// A number or the text of one, by `parse`, which takes what JsonCursor found to be a number.
template <typename T, typename Parse>
absl::optional<T> ReadNumber(JsonCursor& cursor, absl::string_view wanted, const Parse& parse) {
  absl::optional<T> value;
  const Kind kind = cursor.Peek();
  const size_t position = cursor.position();
  if (kind == Kind::kNumber) {
    const absl::optional<JsonCursor::Number> number = cursor.ReadNumber();
    if (!number.has_value()) return absl::nullopt;
    value = parse(number->text);
    if (!value.has_value()) FailExpected(cursor, wanted, position, Shown(number->text));
    return value;
  }
  const absl::optional<absl::string_view> text = ReadJsonText(cursor, wanted);
  if (!text.has_value()) return absl::nullopt;
  if (IsJsonNumber(*text)) value = parse(*text);
  if (!value.has_value()) FailExpected(cursor, wanted, position, Quoted(*text));
  return value;
}

}  // namespace

template <typename T>
absl::optional<T> ReadJsonInteger(JsonCursor& cursor, absl::string_view wanted) {
  return ReadNumber<T>(cursor, wanted, IntegerFromJson<T>);
}

template absl::optional<int32_t> ReadJsonInteger(JsonCursor&, absl::string_view);
template absl::optional<int64_t> ReadJsonInteger(JsonCursor&, absl::string_view);
template absl::optional<uint32_t> ReadJsonInteger(JsonCursor&, absl::string_view);
template absl::optional<uint64_t> ReadJsonInteger(JsonCursor&, absl::string_view);

template <typename T>
absl::optional<T> ReadJsonFloat(JsonCursor& cursor, absl::string_view wanted) {
  if (cursor.Peek() == Kind::kString) {
    JsonCursor ahead = cursor;
    const absl::string_view text = ahead.ReadString().value_or("");
    constexpr T kInfinity = std::numeric_limits<T>::infinity();
    absl::optional<T> named;
    if (text == "NaN") named = std::numeric_limits<T>::quiet_NaN();
    if (text == "Infinity") named = kInfinity;
    if (text == "-Infinity") named = -kInfinity;
    if (named.has_value()) {
      cursor.ReadString();
      return named;
    }
  }
  return ReadNumber<T>(cursor, wanted, FloatFromJson<T>);
}

template absl::optional<float> ReadJsonFloat(JsonCursor&, absl::string_view);
template absl::optional<double> ReadJsonFloat(JsonCursor&, absl::string_view);

absl::optional<bool> ReadJsonBool(JsonCursor& cursor) {
  if (cursor.Peek() == Kind::kBool) return cursor.ReadBool();
  FailExpected(cursor, "true or false");
  return absl::nullopt;
}

absl::optional<absl::string_view> ReadJsonText(JsonCursor& cursor, absl::string_view wanted) {
  if (cursor.Peek() == Kind::kString) return cursor.ReadString();
  FailExpected(cursor, wanted);
  return absl::nullopt;
}

absl::optional<std::string> ReadJsonBytes(JsonCursor& cursor) {
  constexpr absl::string_view kWanted = "bytes in base64";
  cursor.Peek();
  const size_t position = cursor.position();
  const absl::optional<absl::string_view> text = ReadJsonText(cursor, kWanted);
  if (!text.has_value()) return absl::nullopt;
  const bool url_safe = text->find_first_of("-_") != absl::string_view::npos;
  absl::optional<std::string> bytes =
      DecodeBase64(*text, url_safe ? Base64Alphabet::kUrlSafe : Base64Alphabet::kStandard,
                   text->size() % 4 == 0 ? Base64Padding::kNeeded : Base64Padding::kForbidden);
  if (!bytes.has_value()) FailExpected(cursor, kWanted, position, Quoted(*text));
  return bytes;
}

bool FailExpected(JsonCursor& cursor, absl::string_view wanted) {
  cursor.Fail(absl::StrCat("expected ", wanted, ", found ", cursor.Found()));
  return false;
}

bool FailExpected(JsonCursor& cursor, absl::string_view wanted, size_t position,
                  absl::string_view found) {
  cursor.Fail(position, absl::StrCat("expected ", wanted, ", found ", found));
  return false;
}

}  // namespace webhookd
