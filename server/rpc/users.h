#ifndef WEBHOOKD_SERVER_RPC_USERS_H_
#define WEBHOOKD_SERVER_RPC_USERS_H_

#include <string>

#include "base/clock.h"
#include "determined/api/v1/user.pb.h"
#include "server/auth/account_catalog.h"
#include "server/auth/authorizer.h"
#include "server/auth/password_work.h"
#include "server/auth/sign_in.h"
#include "server/rpc/api.h"
#include "webhookd/v1/admin.pb.h"

namespace webhookd {

// The RPCs about users, Determined's and ours. Thread-safe.
class Users {
 public:
  struct Options {
    bool allow_blank_passwords = false;
  };

  // All must outlive this and the calls under way.
  struct Dependencies {
    AccountCatalog& accounts;
    PasswordWork& passwords;
    SignIn& sign_in;
    const Authorizer& authorizer;
    Clock& clock;
  };

  Users(const Options& options, Dependencies dependencies)
      : options_(options), dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  absl::Status List(const Caller& caller, const determined::api::v1::GetUsersRequest& request,
                    determined::api::v1::GetUsersResponse& response) const;
  // ALREADY_EXISTS.
  void Create(const Caller& caller, const v1::CreateUserRequest& request,
              v1::CreateUserResponse& response, DoneStatus done);
  // NOT_FOUND; FAILED_PRECONDITION.
  void Patch(const Caller& caller, const v1::PatchUserRequest& request,
             v1::PatchUserResponse& response, DoneStatus done);
  // NOT_FOUND; PERMISSION_DENIED; RESOURCE_EXHAUSTED.
  void SetPassword(const Caller& caller, const v1::SetPasswordRequest& request,
                   v1::SetPasswordResponse& response, DoneStatus done);

  // What is to be kept of a password: nothing of a blank one.
  void HashPassword(std::string client_password, Done<std::string> done);
  // Once it is known that the caller may.
  void StorePassword(const Caller& caller, std::string username, std::string client_password,
                     DoneStatus done);

  const Options options_;
  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_USERS_H_
