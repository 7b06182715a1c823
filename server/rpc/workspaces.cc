#include "server/rpc/workspaces.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "server/auth/audit_log.h"
#include "server/rpc/account_conversion.h"
#include "server/rpc/pagination.h"
#include "server/rpc/rpc_error.h"
#include "storage/errors.h"

namespace webhookd {
namespace {

using determined::api::v1::GetWorkspaceRequest;
using determined::api::v1::GetWorkspaceResponse;
using determined::api::v1::GetWorkspacesRequest;
using determined::api::v1::GetWorkspacesResponse;
using Workspace = AccountSnapshot::Workspace;
using WorkspacePointer = const Workspace*;

constexpr int kMaxOwners = 1'000;

// Whether one of the users that the request names owns it; also if it names none.
bool IsOwnedAsWanted(const AccountSnapshot& accounts, const AccountSnapshot::Workspace& workspace,
                     const GetWorkspacesRequest& request) {
  if (request.users().empty() && request.user_ids().empty()) return true;
  const auto owns = [&](const std::string& username) {
    return workspace.owners.contains(absl::AsciiStrToLower(username));
  };
  return std::any_of(request.users().begin(), request.users().end(), owns) ||
         std::any_of(request.user_ids().begin(), request.user_ids().end(), [&](int32_t id) {
           const AccountSnapshot::User* const user = accounts.FindUser(id);
           return user != nullptr && owns(user->record.username);
         });
}

bool IsWanted(const AccountSnapshot& accounts, const AccountSnapshot::Workspace& workspace,
              const GetWorkspacesRequest& request) {
  const WorkspaceRecord& record = workspace.record;
  if (request.has_archived() && request.archived().value() != record.archived) return false;
  if (request.has_pinned() && request.pinned().value()) return false;
  if (!request.name().empty() && !IsLikeInAnyCase(record.name, request.name())) return false;
  return (request.name_case_sensitive().empty() || record.name == request.name_case_sensitive()) &&
         IsOwnedAsWanted(accounts, workspace, request);
}

// A workspace that reports named and nobody put: it has no owners here.
Workspace Reported(KnownExperiments::Workspace known) {
  Workspace workspace;
  workspace.record.id = known.id;
  workspace.record.name = std::move(known.name);
  return workspace;
}

absl::StatusOr<WorkspaceRecord> WorkspaceFrom(const v1::PutWorkspaceRequest& request) {
  RETURN_IF_ERROR(CheckId("workspace_id", request.workspace_id()));
  if (request.name().empty()) return InvalidField("name", "is empty: give the workspace's name");
  RETURN_IF_ERROR(CheckLine("name", request.name()));
  if (request.owners_size() > kMaxOwners) {
    return InvalidField("owners",
                        absl::StrCat("are ", request.owners_size(), ": give at most ", kMaxOwners));
  }
  WorkspaceRecord workspace = {
      .id = request.workspace_id(), .name = request.name(), .archived = request.archived()};
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < request.owners_size(); ++i) {
    const std::string field = absl::StrCat("owners[", i, "]");
    if (request.owners(i).empty()) return InvalidField(field, "is empty: give a username");
    RETURN_IF_ERROR(CheckLine(field, request.owners(i)));
    std::string owner = absl::AsciiStrToLower(request.owners(i));
    if (seen.insert(owner).second) workspace.owners.push_back(std::move(owner));
  }
  return workspace;
}

absl::StatusOr<WorkspaceRemoval> RemovalFrom(const v1::DeleteWorkspaceRequest& request,
                                             absl::Time now) {
  RETURN_IF_ERROR(CheckId("workspace_id", request.workspace_id()));
  WorkspaceRemoval removal = {.workspace_id = request.workspace_id(), .now = now};
  const bool moves = request.webhooks() == v1::WORKSPACE_WEBHOOKS_MOVE;
  if (!moves && request.move_to_workspace_id() != 0) {
    return InvalidField("move_to_workspace_id",
                        "is given though nothing is moved: set webhooks to "
                        "WORKSPACE_WEBHOOKS_MOVE, or leave it out");
  }
  switch (request.webhooks()) {
    case v1::WORKSPACE_WEBHOOKS_UNSPECIFIED:
      return removal;
    case v1::WORKSPACE_WEBHOOKS_DELETE:
      removal.webhooks = WorkspaceRemoval::Webhooks::kDelete;
      return removal;
    case v1::WORKSPACE_WEBHOOKS_MAKE_GLOBAL:
      removal.webhooks = WorkspaceRemoval::Webhooks::kMove;
      return removal;
    case v1::WORKSPACE_WEBHOOKS_MOVE:
      break;
    default:
      return InvalidField("webhooks", absl::StrCat(static_cast<int>(request.webhooks()),
                                                   " says nothing: give a WorkspaceWebhooks"));
  }
  RETURN_IF_ERROR(CheckId("move_to_workspace_id", request.move_to_workspace_id()));
  if (request.move_to_workspace_id() == request.workspace_id()) {
    return InvalidField("move_to_workspace_id",
                        "is the workspace that is deleted: give another one");
  }
  removal.webhooks = WorkspaceRemoval::Webhooks::kMove;
  removal.move_to = request.move_to_workspace_id();
  return removal;
}

std::string Describe(const WorkspaceRecord& workspace) {
  return absl::StrCat(workspace.name, workspace.archived ? " (archived)" : "", ", owned by ",
                      workspace.owners.empty() ? "nobody" : absl::StrJoin(workspace.owners, ", "));
}

std::string Describe(const v1::DeleteWorkspaceRequest& request) {
  switch (request.webhooks()) {
    case v1::WORKSPACE_WEBHOOKS_DELETE:
      return "its webhooks were deleted";
    case v1::WORKSPACE_WEBHOOKS_MAKE_GLOBAL:
      return "its webhooks became global";
    case v1::WORKSPACE_WEBHOOKS_MOVE:
      return absl::StrCat("its webhooks were moved to workspace ", request.move_to_workspace_id());
    default:
      return "";
  }
}

}  // namespace

void Workspaces::AddTo(Api& api) {
  api.AddUnary("determined.api.v1.Determined.GetWorkspaces", this, &Workspaces::List);
  api.AddUnary("determined.api.v1.Determined.GetWorkspace", this, &Workspaces::Get);
  api.AddUnary("webhookd.v1.AdminService.PutWorkspace", this, &Workspaces::Put);
  api.AddUnary("webhookd.v1.AdminService.DeleteWorkspace", this, &Workspaces::Delete);
}

absl::Status Workspaces::List(const Caller& caller, const GetWorkspacesRequest& request,
                              GetWorkspacesResponse& response) const {
  const auto accounts = dependencies_.accounts.Current();
  std::vector<WorkspacePointer> workspaces;
  const auto add_if_wanted = [&](const Workspace& workspace) {
    if (dependencies_.authorizer.CanViewWorkspace(caller, workspace.record.id) &&
        IsWanted(*accounts, workspace, request)) {
      workspaces.push_back(&workspace);
    }
  };
  for (const auto& [id, workspace] : accounts->workspaces()) add_if_wanted(*workspace);
  std::vector<Workspace> reported;
  for (KnownExperiments::Workspace& known : dependencies_.router.Workspaces()) {
    if (accounts->FindWorkspace(known.id) == nullptr)
      reported.push_back(Reported(std::move(known)));
  }
  for (const Workspace& workspace : reported) add_if_wanted(workspace);
  if (request.sort_by() == GetWorkspacesRequest::SORT_BY_NAME) {
    SortBy(workspaces, request.order_by(), [](WorkspacePointer workspace) {
      return absl::AsciiStrToLower(workspace->record.name);
    });
  } else {
    SortBy(workspaces, request.order_by(),
           [](WorkspacePointer workspace) { return workspace->record.id; });
  }
  ASSIGN_OR_RETURN(*response.mutable_pagination(), Paginate(static_cast<int32_t>(workspaces.size()),
                                                            request.offset(), request.limit()));
  for (int i = response.pagination().start_index(); i < response.pagination().end_index(); ++i) {
    *response.add_workspaces() = WorkspaceToProto(workspaces[i]->record, *accounts);
  }
  return absl::OkStatus();
}

absl::Status Workspaces::Get(const Caller& caller, const GetWorkspaceRequest& request,
                             GetWorkspaceResponse& response) const {
  RETURN_IF_ERROR(CheckId("id", request.id()));
  if (!dependencies_.authorizer.CanViewWorkspace(caller, request.id())) {
    RETURN_IF_ERROR(
        dependencies_.authorizer.CheckWorkspace(caller, Permission::kViewWebhooks, request.id()));
  }
  const auto accounts = dependencies_.accounts.Current();
  if (const Workspace* const put = accounts->FindWorkspace(request.id())) {
    *response.mutable_workspace() = WorkspaceToProto(put->record, *accounts);
    return absl::OkStatus();
  }
  std::optional<KnownExperiments::Workspace> known =
      dependencies_.router.FindWorkspace(request.id());
  if (!known.has_value()) return WorkspaceNotFound(request.id());
  *response.mutable_workspace() = WorkspaceToProto(Reported(*std::move(known)).record, *accounts);
  return absl::OkStatus();
}

void Workspaces::Put(const Caller& caller, const v1::PutWorkspaceRequest& request,
                     v1::PutWorkspaceResponse& response, DoneStatus done) {
  const absl::StatusOr<WorkspaceRecord> workspace = WorkspaceFrom(request);
  if (!workspace.ok()) return std::move(done)(workspace.status());
  dependencies_.accounts.PutWorkspace(*workspace,
                                      AuditEntryOf(caller, dependencies_.clock.Now(),
                                                   {.action = "workspace.put",
                                                    .target_type = "workspace",
                                                    .target_id = absl::StrCat(workspace->id),
                                                    .detail = Describe(*workspace)}),
                                      [this, workspace = *workspace, &response,
                                       done = std::move(done)](const absl::Status& status) mutable {
                                        if (!status.ok()) return std::move(done)(status);
                                        *response.mutable_workspace() = WorkspaceToProto(
                                            workspace, *dependencies_.accounts.Current());
                                        std::move(done)(absl::OkStatus());
                                      });
}

void Workspaces::Delete(const Caller& caller, const v1::DeleteWorkspaceRequest& request,
                        v1::DeleteWorkspaceResponse& response, DoneStatus done) {
  const absl::Time now = dependencies_.clock.Now();
  const absl::StatusOr<WorkspaceRemoval> removal = RemovalFrom(request, now);
  if (!removal.ok()) return std::move(done)(removal.status());
  AuditAction action = {.action = "workspace.delete",
                        .target_type = "workspace",
                        .target_id = absl::StrCat(request.workspace_id()),
                        .detail = Describe(request)};
  if (request.webhooks() == v1::WORKSPACE_WEBHOOKS_MAKE_GLOBAL) {
    const absl::Status allowed =
        dependencies_.authorizer.CheckCluster(caller, Permission::kEditWebhooks, action);
    if (!allowed.ok()) return std::move(done)(allowed);
  }
  dependencies_.accounts.DeleteWorkspace(
      *removal, AuditEntryOf(caller, now, std::move(action)),
      [this, &response, done = std::move(done)](absl::StatusOr<WorkspaceRemoved> removed) mutable {
        if (!removed.ok()) return std::move(done)(removed.status());
        response.mutable_deleted_webhook_ids()->Add(removed->deleted_webhooks.begin(),
                                                    removed->deleted_webhooks.end());
        response.mutable_moved_webhook_ids()->Add(removed->moved_webhooks.begin(),
                                                  removed->moved_webhooks.end());
        response.set_canceled_deliveries(removed->canceled_deliveries);
        Settle(std::move(removed->deleted_webhooks), std::move(done));
      });
}

void Workspaces::Settle(std::vector<int32_t> webhook_ids, DoneStatus done) {
  if (webhook_ids.empty()) return std::move(done)(absl::OkStatus());
  const int32_t webhook_id = webhook_ids.back();
  webhook_ids.pop_back();
  dependencies_.dispatcher.Settle(
      webhook_id,
      [this, webhook_ids = std::move(webhook_ids), done = std::move(done)](
          int64_t /*under_way*/) mutable { Settle(std::move(webhook_ids), std::move(done)); });
}

}  // namespace webhookd
