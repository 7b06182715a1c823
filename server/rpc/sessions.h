#ifndef WEBHOOKD_SERVER_RPC_SESSIONS_H_
#define WEBHOOKD_SERVER_RPC_SESSIONS_H_

#include "base/clock.h"
#include "determined/api/v1/auth.pb.h"
#include "determined/api/v1/user.pb.h"
#include "server/auth/account_catalog.h"
#include "server/auth/sign_in.h"
#include "server/rpc/api.h"

namespace webhookd {

// The RPCs of the Determined service for signing in and out. Thread-safe.
class Sessions {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    AccountCatalog& accounts;
    SignIn& sign_in;
    Clock& clock;
  };

  explicit Sessions(Dependencies dependencies) : dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  // Errors of SignIn::Start.
  void Login(const Caller& caller, const determined::api::v1::LoginRequest& request,
             determined::api::v1::LoginResponse& response, DoneStatus done);
  // FAILED_PRECONDITION: the caller is a service.
  void Logout(const Caller& caller, const determined::api::v1::LogoutRequest& request,
              determined::api::v1::LogoutResponse& response, DoneStatus done);
  absl::Status CurrentUser(const Caller& caller,
                           const determined::api::v1::CurrentUserRequest& request,
                           determined::api::v1::CurrentUserResponse& response) const;
  absl::Status GetMe(const Caller& caller, const determined::api::v1::GetMeRequest& request,
                     determined::api::v1::GetMeResponse& response) const;

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_SESSIONS_H_
