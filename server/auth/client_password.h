#ifndef WEBHOOKD_SERVER_AUTH_CLIENT_PASSWORD_H_
#define WEBHOOKD_SERVER_AUTH_CLIENT_PASSWORD_H_

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// What Determined's clients send for a password: SHA-512 of a fixed salt and the password, as 128
// lower-case hexadecimal digits; nothing for an empty password.
std::string ClientPassword(absl::string_view password);

// Whether `text` is what ClientPassword makes of some password that is not empty.
bool IsClientPassword(absl::string_view text);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_CLIENT_PASSWORD_H_
