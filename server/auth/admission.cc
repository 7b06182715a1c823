#include "server/auth/admission.h"

#include "base/status_macros.h"

namespace webhookd {

absl::StatusOr<Caller> Admission::Admit(const google::protobuf::MethodDescriptor& method,
                                        const Credentials& credentials) const {
  const AccessRule* const rule = table_.Find(method);
  if (rule != nullptr && rule->check == AccessRule::Check::kPublic) {
    return Caller{.peer_address = credentials.peer_address};
  }
  ASSIGN_OR_RETURN(Caller caller, authenticator_.Authenticate(credentials));
  RETURN_IF_ERROR(authorizer_.CheckRpc(caller, method));
  return caller;
}

}  // namespace webhookd
