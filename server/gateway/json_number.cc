#include "server/gateway/json_number.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <system_error>

#include "absl/strings/charconv.h"

namespace webhookd {
namespace {

// An integer that `number` is equal to, written with digits alone; none if there is none, or if it
// has more digits than any integer type.
absl::optional<std::string> WholeDigits(absl::string_view number) {
  constexpr int64_t kMaxDigits = 20;
  const bool negative = number[0] == '-';
  if (negative) number.remove_prefix(1);
  const size_t e = number.find_first_of("eE");
  const absl::string_view mantissa = number.substr(0, e);
  const size_t point = mantissa.find('.');
  std::string digits(mantissa.substr(0, point));
  int64_t exponent = 0;
  if (e != absl::string_view::npos) {
    absl::string_view text = number.substr(e + 1);
    if (text[0] == '+') text.remove_prefix(1);
    int32_t value = 0;
    // Digits that 32 bits cannot count are no integer's, unless the number is 0.
    const bool in_range =
        std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
    exponent = in_range ? value : (text[0] == '-' ? INT32_MIN : INT32_MAX);
  }
  if (point != absl::string_view::npos) {
    const absl::string_view fraction = mantissa.substr(point + 1);
    digits.append(fraction.data(), fraction.size());
    exponent -= static_cast<int64_t>(fraction.size());
  }
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return "0";
  while (exponent < 0 && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (exponent < 0 || static_cast<int64_t>(digits.size()) + exponent > kMaxDigits) {
    return absl::nullopt;
  }
  digits.append(static_cast<size_t>(exponent), '0');
  if (negative) digits.insert(0, 1, '-');
  return digits;
}

}  // namespace

template <typename T>
absl::optional<T> IntegerFromJson(absl::string_view number) {
  const auto parse = [](absl::string_view digits) -> absl::optional<T> {
    T value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc() && stopped == end ? absl::make_optional(value) : absl::nullopt;
  };
  const absl::optional<T> simple = parse(number);
  if (simple.has_value()) return simple;
  // "-0" of an unsigned type, a fraction, an exponent, or out of range.
  const absl::optional<std::string> digits = WholeDigits(number);
  return digits.has_value() ? parse(*digits) : absl::nullopt;
}

template absl::optional<int32_t> IntegerFromJson(absl::string_view number);
template absl::optional<int64_t> IntegerFromJson(absl::string_view number);
template absl::optional<uint32_t> IntegerFromJson(absl::string_view number);
template absl::optional<uint64_t> IntegerFromJson(absl::string_view number);

template <typename T>
absl::optional<T> FloatFromJson(absl::string_view number) {
  T value = 0;
  const char* const end = number.data() + number.size();
  if (std::from_chars(number.data(), end, value).ec == std::errc()) return value;
  // Out of range, one way or the other: this one says which.
  absl::from_chars(number.data(), end, value);
  if (std::abs(value) > 1) return absl::nullopt;
  return number[0] == '-' ? -T{0} : T{0};
}

template absl::optional<float> FloatFromJson(absl::string_view number);
template absl::optional<double> FloatFromJson(absl::string_view number);

}  // namespace webhookd
