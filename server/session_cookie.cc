#include "server/session_cookie.h"

#include "absl/strings/str_cat.h"
#include "determined/api/v1/auth.pb.h"
#include "server/gateway/call_metadata.h"

namespace webhookd {
namespace {

using determined::api::v1::LoginResponse;
using determined::api::v1::LogoutResponse;

WebHeader SetCookie(absl::string_view token, int64_t seconds, bool tls) {
  return {"Set-Cookie", absl::StrCat(kSessionCookie, "=", token, "; Path=/; Max-Age=", seconds,
                                     "; HttpOnly; SameSite=Strict", tls ? "; Secure" : "")};
}

}  // namespace

absl::optional<WebHeader> SessionCookieFor(const google::protobuf::Message& response, bool tls,
                                           absl::Duration lifetime) {
  if (response.GetDescriptor() == LoginResponse::descriptor()) {
    return SetCookie(static_cast<const LoginResponse&>(response).token(),
                     absl::ToInt64Seconds(lifetime), tls);
  }
  if (response.GetDescriptor() == LogoutResponse::descriptor()) return SetCookie("", 0, tls);
  return absl::nullopt;
}

}  // namespace webhookd
