#ifndef WEBHOOKD_SERVER_SESSION_COOKIE_H_
#define WEBHOOKD_SERVER_SESSION_COOKIE_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "server/gateway/web.h"

namespace webhookd {

// The Set-Cookie header of an answer to Login, which keeps the token as kSessionCookie, or to
// Logout, which removes it; none for other answers. Scripts cannot read the cookie, and no other
// site's request brings it along. `tls`: it goes over TLS only.
absl::optional<WebHeader> SessionCookieFor(const google::protobuf::Message& response, bool tls,
                                           absl::Duration lifetime);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_SESSION_COOKIE_H_
