#include "server/gateway/scalar_text.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <system_error>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/quoted.h"

namespace webhookd {
namespace {

absl::Status Refused(absl::string_view function, absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("strconv.", function, ": parsing ", Quoted(text), ": ", why));
}

constexpr absl::string_view kSyntax = "invalid syntax";
constexpr absl::string_view kRange = "value out of range";

// A base by its prefix, which is taken away; 0 alone has none.
int TakeBase(absl::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  switch (absl::ascii_tolower(digits[1])) {
    case 'x':
      digits.remove_prefix(2);
      return 16;
    case 'o':
      digits.remove_prefix(2);
      return 8;
    case 'b':
      digits.remove_prefix(2);
      return 2;
    default:
      digits.remove_prefix(1);
      return 8;
  }
}

// Takes underscores out of digits of base 0. False if one of them does not stand between two digits
// or after the base.
bool DropUnderscores(std::string& digits, bool after_base) {
  bool digit_before = after_base;
  std::string kept;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool underscore = digits[i] == '_';
    if (underscore && (!digit_before || i + 1 == digits.size())) return false;
    if (!underscore) kept.push_back(digits[i]);
    digit_before = !underscore;
  }
  digits = std::move(kept);
  return true;
}

}  // namespace

template <typename T>
absl::StatusOr<T> ParseIntegerText(absl::string_view text, IntegerBase base) {
  constexpr bool kSigned = std::is_signed_v<T>;
  constexpr absl::string_view kFunction = kSigned ? "ParseInt" : "ParseUint";
  absl::string_view rest = text;
  bool negative = false;
  if (kSigned && !rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  const size_t before = rest.size();
  const int radix = base == IntegerBase::kDetect ? TakeBase(rest) : 10;
  std::string digits(rest);
  if (base == IntegerBase::kDetect && !DropUnderscores(digits, rest.size() < before)) {
    return Refused(kFunction, text, kSyntax);
  }
  uint64_t magnitude = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, magnitude, radix);
  if (digits.empty() || stopped != end || error == std::errc::invalid_argument) {
    return Refused(kFunction, text, kSyntax);
  }
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<T>::max()) + (negative ? 1 : 0);
  if (error != std::errc() || magnitude > limit) return Refused(kFunction, text, kRange);
  return static_cast<T>(negative ? 0 - magnitude : magnitude);
}

template absl::StatusOr<int32_t> ParseIntegerText(absl::string_view, IntegerBase);
template absl::StatusOr<int64_t> ParseIntegerText(absl::string_view, IntegerBase);
template absl::StatusOr<uint32_t> ParseIntegerText(absl::string_view, IntegerBase);
template absl::StatusOr<uint64_t> ParseIntegerText(absl::string_view, IntegerBase);

template <typename T>
absl::StatusOr<T> ParseFloatText(absl::string_view text) {
  absl::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  const T sign = negative ? T{-1} : T{1};
  if (absl::EqualsIgnoreCase(rest, "nan") && rest.size() == text.size()) {
    return std::numeric_limits<T>::quiet_NaN();
  }
  if (absl::EqualsIgnoreCase(rest, "inf") || absl::EqualsIgnoreCase(rest, "infinity")) {
    return sign * std::numeric_limits<T>::infinity();
  }
  if (rest.empty() || !(absl::ascii_isdigit(rest[0]) || rest[0] == '.')) {
    return Refused("ParseFloat", text, kSyntax);
  }
  T value = 0;
  const char* const end = rest.data() + rest.size();
  const auto [stopped, error] = absl::from_chars(rest.data(), end, value);
  if (stopped != end || error == std::errc::invalid_argument) {
    return Refused("ParseFloat", text, kSyntax);
  }
  if (error == std::errc::result_out_of_range) {
    if (std::abs(value) > 1) return Refused("ParseFloat", text, kRange);
    value = 0;
  }
  return sign * value;
}

template absl::StatusOr<float> ParseFloatText(absl::string_view);
template absl::StatusOr<double> ParseFloatText(absl::string_view);

absl::StatusOr<bool> ParseBoolText(absl::string_view text) {
  for (const absl::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) return true;
  }
  for (const absl::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) return false;
  }
  return Refused("ParseBool", text, kSyntax);
}

}  // namespace webhookd
