#include "server/rpc/sessions.h"

#include <utility>

#include "server/auth/audit_log.h"
#include "server/rpc/account_conversion.h"

namespace webhookd {

using namespace determined::api::v1;  // NOLINT(google-build-using-namespace): messages only

void Sessions::AddTo(Api& api) {
  api.AddUnary("determined.api.v1.Determined.Login", this, &Sessions::Login);
  api.AddUnary("determined.api.v1.Determined.Logout", this, &Sessions::Logout);
  api.AddUnary("determined.api.v1.Determined.CurrentUser", this, &Sessions::CurrentUser);
  api.AddUnary("determined.api.v1.Determined.GetMe", this, &Sessions::GetMe);
}

void Sessions::Login(const Caller& caller, const LoginRequest& request, LoginResponse& response,
                     DoneStatus done) {
  dependencies_.sign_in.Start(
      {.username = request.username(),
       .client_password = ClientPasswordOf(request.password(), request.is_hashed()),
       .peer_address = caller.peer_address},
      [&response, done = std::move(done)](absl::StatusOr<SignIn::SignedIn> signed_in) mutable {
        if (!signed_in.ok()) return std::move(done)(signed_in.status());
        response.set_token(std::move(signed_in->token));
        *response.mutable_user() = UserToProto(signed_in->user);
        std::move(done)(absl::OkStatus());
      });
}

void Sessions::Logout(const Caller& caller, const LogoutRequest&, LogoutResponse&,
                      DoneStatus done) {
  if (caller.kind != Caller::Kind::kUser) {
    return std::move(done)(absl::FailedPreconditionError(
        "a service does not sign out: revoke its token with `webhookctl token revoke`"));
  }
  dependencies_.accounts.DeleteSession(
      caller.token_hash,
      AuditEntryOf(caller, dependencies_.clock.Now(),
                   {.action = "user.logout", .target_type = "user", .target_id = caller.name}),
      std::move(done));
}

absl::Status Sessions::CurrentUser(const Caller& caller, const CurrentUserRequest&,
                                   CurrentUserResponse& response) const {
  *response.mutable_user() = CallerToProto(caller, *dependencies_.accounts.Current());
  return absl::OkStatus();
}

absl::Status Sessions::GetMe(const Caller& caller, const GetMeRequest&,
                             GetMeResponse& response) const {
  *response.mutable_user() = CallerToProto(caller, *dependencies_.accounts.Current());
  return absl::OkStatus();
}

}  // namespace webhookd
