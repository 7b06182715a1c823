#ifndef WEBHOOKD_SERVER_AUTH_CALLER_H_
#define WEBHOOKD_SERVER_AUTH_CALLER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "base/stop_signal.h"
#include "storage/account_records.h"

namespace webhookd {

// What a caller shows, as the transport found it. gRPC and REST fill it in the same way.
struct Credentials {
  std::string token;               // of "Bearer TOKEN", empty if none was given
  std::string client_certificate;  // identity of a verified client certificate, empty if none
  std::string peer_address;        // "127.0.0.1"
};

// Who calls, after authentication.
struct Caller {
  enum class Kind {
    kNobody,   // no credentials were given; only public RPCs serve it
    kUser,     // signed in: the authorizer decides by their roles
    kService,  // a service token or a client certificate: its scope decides
  };
  Kind kind = Kind::kNobody;
  int32_t user_id = 0;                   // kUser
  std::string name;                      // of the user, token or certificate
  bool admin = false;                    // may do everything
  TokenScope scope = TokenScope::kRead;  // kService
  std::string token_hash;                // of the token that was shown, as it is stored
  std::string peer_address;
  // The same for one caller whatever they show: idempotency keys are told apart by it. A user stays
  // one under a new name or in a new session; a service token's is its description, so that the
  // token which replaces it stands for the same master; a certificate's is its identity.
  std::string identity;
  // How long this call is waited for; null: for ever. Until the call is answered.
  std::shared_ptr<const StopSignal> stop;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_CALLER_H_
