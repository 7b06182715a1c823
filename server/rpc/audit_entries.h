#ifndef WEBHOOKD_SERVER_RPC_AUDIT_ENTRIES_H_
#define WEBHOOKD_SERVER_RPC_AUDIT_ENTRIES_H_

#include "base/executor.h"
#include "server/rpc/api.h"
#include "storage/account_store.h"
#include "webhookd/v1/admin.pb.h"

namespace webhookd {

// The RPC of AdminService that reads the audit log. Thread-safe.
class AuditEntries {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    AccountStore& store;
    Executor& reader;  // where they are read: a long list must not hold up gRPC's few threads
  };

  explicit AuditEntries(Dependencies dependencies) : dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  void List(const Caller& caller, const v1::ListAuditEntriesRequest& request,
            v1::ListAuditEntriesResponse& response, DoneStatus done);
  absl::Status Read(const v1::ListAuditEntriesRequest& request,
                    v1::ListAuditEntriesResponse& response);

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_AUDIT_ENTRIES_H_
