#ifndef WEBHOOKD_SERVER_GATEWAY_SCALAR_TEXT_H_
#define WEBHOOKD_SERVER_GATEWAY_SCALAR_TEXT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Scalars in paths and queries of URLs, read and refused in the words of Go's strconv, which
// grpc-gateway shows to its callers: `strconv.ParseInt: parsing "x": invalid syntax`. Errors are
// INVALID_ARGUMENT.
namespace webhookd {

// kDetect also takes 0x1f, 0o17, 017, 0b1 and underscores between digits, as Go's base 0 does.
enum class IntegerBase { kTen, kDetect };

template <typename T>
absl::StatusOr<T> ParseIntegerText(absl::string_view text, IntegerBase base);
extern template absl::StatusOr<int32_t> ParseIntegerText(absl::string_view, IntegerBase);
extern template absl::StatusOr<int64_t> ParseIntegerText(absl::string_view, IntegerBase);
extern template absl::StatusOr<uint32_t> ParseIntegerText(absl::string_view, IntegerBase);
extern template absl::StatusOr<uint64_t> ParseIntegerText(absl::string_view, IntegerBase);

// Decimal, or inf, infinity and nan in any case. Out of range is an error; too small is 0.
template <typename T>
absl::StatusOr<T> ParseFloatText(absl::string_view text);
extern template absl::StatusOr<float> ParseFloatText(absl::string_view);
extern template absl::StatusOr<double> ParseFloatText(absl::string_view);

// 1, t, T, TRUE, true, True and 0, f, F, FALSE, false, False.
absl::StatusOr<bool> ParseBoolText(absl::string_view text);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_SCALAR_TEXT_H_
