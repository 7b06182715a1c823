#ifndef WEBHOOKD_SERVER_GATEWAY_JSON_SCALAR_H_
#define WEBHOOKD_SERVER_GATEWAY_JSON_SCALAR_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "server/gateway/json_cursor.h"

// Reads scalars in the forms that protobuf's JSON mapping has for them. Each reads the cursor's
// next value; after none the cursor has the reason, in which `wanted` ("an int32") says what was
// expected.
namespace webhookd {

// A whole number in range, or a string that is one and nothing else.
template <typename T>
absl::optional<T> ReadJsonInteger(JsonCursor& cursor, absl::string_view wanted);
extern template absl::optional<int32_t> ReadJsonInteger(JsonCursor&, absl::string_view);
extern template absl::optional<int64_t> ReadJsonInteger(JsonCursor&, absl::string_view);
extern template absl::optional<uint32_t> ReadJsonInteger(JsonCursor&, absl::string_view);
extern template absl::optional<uint64_t> ReadJsonInteger(JsonCursor&, absl::string_view);

// A number in range, a string that is one, or "NaN", "Infinity", "-Infinity".
template <typename T>
absl::optional<T> ReadJsonFloat(JsonCursor& cursor, absl::string_view wanted);
extern template absl::optional<float> ReadJsonFloat(JsonCursor&, absl::string_view);
extern template absl::optional<double> ReadJsonFloat(JsonCursor&, absl::string_view);

absl::optional<bool> ReadJsonBool(JsonCursor& cursor);

// As JsonCursor::ReadString, of any value.
absl::optional<absl::string_view> ReadJsonText(JsonCursor& cursor, absl::string_view wanted);

// Base64 of either alphabet, padded or not.
absl::optional<std::string> ReadJsonBytes(JsonCursor& cursor);

// Makes the cursor fail because something else than `wanted` comes next. False.
bool FailExpected(JsonCursor& cursor, absl::string_view wanted);
// The same for a text that was read already and began at `position`.
bool FailExpected(JsonCursor& cursor, absl::string_view wanted, size_t position,
                  absl::string_view found);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_JSON_SCALAR_H_
