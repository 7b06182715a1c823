#ifndef WEBHOOKD_SERVER_GATEWAY_JSON_NUMBER_H_
#define WEBHOOKD_SERVER_GATEWAY_JSON_NUMBER_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

// What a number as JSON writes it is worth. `number` is one that JsonCursor has read.
namespace webhookd {

// None unless it is whole and in range: 7, 7.0 and 70e-1 are 7. Without loss for all of T.
template <typename T>
absl::optional<T> IntegerFromJson(absl::string_view number);

extern template absl::optional<int32_t> IntegerFromJson(absl::string_view number);
extern template absl::optional<int64_t> IntegerFromJson(absl::string_view number);
extern template absl::optional<uint32_t> IntegerFromJson(absl::string_view number);
extern template absl::optional<uint64_t> IntegerFromJson(absl::string_view number);

// The nearest float or double; none if it is out of range. Too small a number is 0.
template <typename T>
absl::optional<T> FloatFromJson(absl::string_view number);

extern template absl::optional<float> FloatFromJson(absl::string_view number);
extern template absl::optional<double> FloatFromJson(absl::string_view number);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_JSON_NUMBER_H_
