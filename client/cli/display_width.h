#ifndef WEBHOOKD_CLIENT_CLI_DISPLAY_WIDTH_H_
#define WEBHOOKD_CLIENT_CLI_DISPLAY_WIDTH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// How many columns of a terminal a text takes, by the C library's own tables: 2 for a wide
// character, 0 for a combining one.
int DisplayWidth(absl::string_view utf8);

// The text without anything that a terminal would obey: control characters become \xNN, marks that
// change the direction of the text become \u{NNNN}, and what is not UTF-8 becomes U+FFFD.
std::string Printable(absl::string_view utf8);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_DISPLAY_WIDTH_H_
