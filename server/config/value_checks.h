#ifndef WEBHOOKD_SERVER_CONFIG_VALUE_CHECKS_H_
#define WEBHOOKD_SERVER_CONFIG_VALUE_CHECKS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace webhookd {

inline constexpr size_t kMaxSigningKeyBytes = 4096;
inline constexpr size_t kMinPasswordBytes = 8;
inline constexpr size_t kMaxPasswordBytes = 4096;

// Each returns the value as it is to be used, or INVALID_ARGUMENT with the reason. Text must be
// UTF-8 without control characters, since it is shown, logged and sent as protobuf.

absl::StatusOr<std::string> CheckText(absl::string_view text);
absl::StatusOr<std::string> CheckNotEmpty(absl::string_view text);
absl::StatusOr<std::string> CheckChoice(absl::string_view text,
                                        const std::vector<std::string>& choices);

// 1 to kMaxSigningKeyBytes bytes. The reason never contains the key.
absl::StatusOr<std::string> CheckSigningKey(absl::string_view key);

// Empty, or 8 to 4096 bytes. The reason never contains the password.
absl::StatusOr<std::string> CheckPassword(absl::string_view password);

// Empty, or an http or https URL without query and fragment; slashes at its end are cut off.
absl::StatusOr<std::string> CheckBaseUrl(absl::string_view url);

// Empty, or an http, https, socks5 or socks5h URL. The reason never contains the URL, which may
// have a password in it.
absl::StatusOr<std::string> CheckProxy(absl::string_view url);

// An address with or without brackets, or a host name; brackets are cut off.
absl::StatusOr<std::string> CheckListenAddress(absl::string_view address);

absl::StatusOr<std::string> CheckCidr(absl::string_view cidr);

// An entry of a HostList.
absl::StatusOr<std::string> CheckHostListEntry(absl::string_view entry);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_VALUE_CHECKS_H_
