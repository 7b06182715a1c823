#ifndef WEBHOOKD_SERVER_AUTH_ADMISSION_H_
#define WEBHOOKD_SERVER_AUTH_ADMISSION_H_

#include <google/protobuf/descriptor.h>

#include "absl/status/statusor.h"
#include "server/auth/access_table.h"
#include "server/auth/authenticator.h"
#include "server/auth/authorizer.h"
#include "server/auth/caller.h"

namespace webhookd {

// What every call goes through first: who calls, and may they call this. Thread-safe.
class Admission {
 public:
  // All must outlive it.
  Admission(const AccessTable& table, const Authenticator& authenticator,
            const Authorizer& authorizer)
      : table_(table), authenticator_(authenticator), authorizer_(authorizer) {}

  // Public methods are open to any credentials, and then the caller is nobody. UNAUTHENTICATED,
  // PERMISSION_DENIED.
  absl::StatusOr<Caller> Admit(const google::protobuf::MethodDescriptor& method,
                               const Credentials& credentials) const;

 private:
  const AccessTable& table_;
  const Authenticator& authenticator_;
  const Authorizer& authorizer_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_ADMISSION_H_
