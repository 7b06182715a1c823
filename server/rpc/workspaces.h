#ifndef WEBHOOKD_SERVER_RPC_WORKSPACES_H_
#define WEBHOOKD_SERVER_RPC_WORKSPACES_H_

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "determined/api/v1/workspace.pb.h"
#include "server/auth/account_catalog.h"
#include "server/auth/authorizer.h"
#include "server/delivery/dispatcher.h"
#include "server/events/event_router.h"
#include "server/rpc/api.h"
#include "webhookd/v1/admin.pb.h"

namespace webhookd {

// The RPCs about workspaces, Determined's and ours. Workspaces are those that somebody put, and
// those that reports named. Thread-safe.
class Workspaces {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    AccountCatalog& accounts;
    EventRouter& router;
    Dispatcher& dispatcher;
    const Authorizer& authorizer;
    Clock& clock;
  };

  explicit Workspaces(Dependencies dependencies) : dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  // What the caller may not see is in no list and no count.
  absl::Status List(const Caller& caller, const determined::api::v1::GetWorkspacesRequest& request,
                    determined::api::v1::GetWorkspacesResponse& response) const;
  // NOT_FOUND.
  absl::Status Get(const Caller& caller, const determined::api::v1::GetWorkspaceRequest& request,
                   determined::api::v1::GetWorkspaceResponse& response) const;
  void Put(const Caller& caller, const v1::PutWorkspaceRequest& request,
           v1::PutWorkspaceResponse& response, DoneStatus done);
  // NOT_FOUND; FAILED_PRECONDITION; ALREADY_EXISTS.
  void Delete(const Caller& caller, const v1::DeleteWorkspaceRequest& request,
              v1::DeleteWorkspaceResponse& response, DoneStatus done);

  // Calls `done` once nothing more goes out to these webhooks that waited in memory.
  void Settle(std::vector<int32_t> webhook_ids, DoneStatus done);

  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_WORKSPACES_H_
