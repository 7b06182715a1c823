#ifndef WEBHOOKD_SERVER_RPC_TOKENS_H_
#define WEBHOOKD_SERVER_RPC_TOKENS_H_

#include "base/clock.h"
#include "base/random.h"
#include "server/auth/account_catalog.h"
#include "server/rpc/api.h"
#include "webhookd/v1/admin.pb.h"

namespace webhookd {

// The RPCs of AdminService about service tokens. Thread-safe.
class Tokens {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    AccountCatalog& accounts;
    Clock& clock;
    RandomBits& random;
  };

  explicit Tokens(Dependencies dependencies) : dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  void Create(const Caller& caller, const v1::CreateTokenRequest& request,
              v1::CreateTokenResponse& response, DoneStatus done);
  absl::Status List(const Caller& caller, const v1::ListTokensRequest& request,
                    v1::ListTokensResponse& response) const;
  // NOT_FOUND.
  void Revoke(const Caller& caller, const v1::RevokeTokenRequest& request,
              v1::RevokeTokenResponse& response, DoneStatus done);

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_TOKENS_H_
