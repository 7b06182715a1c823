#ifndef WEBHOOKD_SERVER_RPC_AUDIT_ENTRIES_H_
#define WEBHOOKD_SERVER_RPC_AUDIT_ENTRIES_H_

#include "server/rpc/api.h"
#include "server/rpc/read_call.h"
#include "storage/account_store.h"
#include "webhookd/v1/admin.pb.h"

namespace webhookd {

// The RPC of AdminService that reads the audit log. Thread-safe.
class AuditEntries {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    AccountStore& store;
    ReadThreads threads;
  };

  explicit AuditEntries(Dependencies dependencies) : dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  void List(const Caller& caller, const v1::ListAuditEntriesRequest& request,
            v1::ListAuditEntriesResponse& response, DoneStatus done);
  absl::Status Read(const Caller& caller, const v1::ListAuditEntriesRequest& request,
                    v1::ListAuditEntriesResponse& response);

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_AUDIT_ENTRIES_H_
