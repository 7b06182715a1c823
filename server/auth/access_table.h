#ifndef WEBHOOKD_SERVER_AUTH_ACCESS_TABLE_H_
#define WEBHOOKD_SERVER_AUTH_ACCESS_TABLE_H_

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <span>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/auth/permission.h"
#include "storage/account_records.h"

namespace webhookd {

// Who may call one RPC.
struct AccessRule {
  // How a user's permission is checked.
  enum class Check {
    kPublic,     // anybody may call it, with any credentials or none
    kCluster,    // the permission is needed everywhere; checked before the RPC is served
    kPerObject,  // the RPC itself checks it for what it is asked about, or leaves out of its answer
                 // what the caller may not see
  };

  const char* method;  // "determined.api.v1.Determined.GetWebhook"
  Check check;
  Permission permission;
  bool ingest;  // service tokens of scope ingest may call it
  bool read;    // those of scope read may; those of scope admin may call all

  bool Admits(TokenScope scope) const {
    return scope == TokenScope::kAdmin || (scope == TokenScope::kIngest ? ingest : read);
  }
};

// The rules of all RPCs, ours and Determined's.
std::span<const AccessRule> AccessRules();

// The rules by method. Immutable, thread-safe.
class AccessTable {
 public:
  // INTERNAL unless there is exactly one rule for every method of `services` and none for another:
  // an RPC that nobody decided about is not served.
  static absl::StatusOr<AccessTable> Create(
      std::span<const AccessRule> rules,
      std::span<const google::protobuf::ServiceDescriptor* const> services);

  // Null for a method of another service.
  const AccessRule* Find(const google::protobuf::MethodDescriptor& method) const {
    const auto it = rules_.find(&method);
    return it == rules_.end() ? nullptr : it->second;
  }

 private:
  absl::flat_hash_map<const google::protobuf::MethodDescriptor*, const AccessRule*> rules_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_ACCESS_TABLE_H_
