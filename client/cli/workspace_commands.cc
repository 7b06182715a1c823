#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/values.h"
#include "webhookd/v1/admin.grpc.pb.h"

namespace webhookd {
namespace {

using AdminStub = v1::AdminService::Stub;
using determined::api::v1::GetWorkspacesRequest;
using determined::api::v1::GetWorkspacesResponse;

absl::StatusOr<ExitCode> ListWorkspaces(Session& session) {
  ASSIGN_OR_RETURN(
      const GetWorkspacesResponse response,
      session.connection().Call(&DeterminedStub::GetWorkspaces, GetWorkspacesRequest()));
  if (session.json) return session.PrintJson(response);
  Table table({"ID", "NAME", "OWNER", "ARCHIVED"});
  for (const auto& workspace : response.workspaces()) {
    table.AddRow({absl::StrCat(workspace.id()), workspace.name(),
                  workspace.username().empty() ? "-" : workspace.username(),
                  workspace.archived() ? "yes" : "no"});
  }
  table.Print(session.out(), session.color);
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> PutWorkspace(Session& session, const v1::PutWorkspaceRequest& request) {
  ASSIGN_OR_RETURN(const v1::PutWorkspaceResponse response,
                   session.connection().Call(&AdminStub::PutWorkspace, request));
  if (session.json) return session.PrintJson(response);
  session.out() << "Workspace " << response.workspace().id() << " is "
                << response.workspace().name() << '\n';
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> DeleteWorkspace(Session& session,
                                         const v1::DeleteWorkspaceRequest& request) {
  ASSIGN_OR_RETURN(const v1::DeleteWorkspaceResponse response,
                   session.connection().Call(&AdminStub::DeleteWorkspace, request));
  if (session.json) return session.PrintJson(response);
  session.out() << "Deleted workspace " << request.workspace_id()
                << "; webhooks deleted: " << response.deleted_webhook_ids_size()
                << ", moved: " << response.moved_webhook_ids_size()
                << "; deliveries canceled: " << response.canceled_deliveries() << '\n';
  return ExitCode::kDone;
}

}  // namespace

void AddWorkspaceCommands(CLI::App& app, Session& session) {
  CLI::App& workspaces = *app.add_subcommand("workspace", "Tell the server of workspaces");
  workspaces.require_subcommand(1);
  workspaces.add_subcommand("list", "List the workspaces that you may see")->callback([&session] {
    session.command = [&session] { return ListWorkspaces(session); };
  });

  struct PutOptions {
    int32_t id = 0;
    std::string name;
    std::vector<std::string> owners;
    bool archived = false;
  };
  auto put_options = std::make_shared<PutOptions>();
  CLI::App& put = *workspaces.add_subcommand("put", "Add a workspace, or replace what is known");
  put.add_option("ID", put_options->id, "The workspace's number, as the master knows it")
      ->required();
  put.add_option("NAME", put_options->name, "Its name")->required();
  put.add_option("--owner", put_options->owners, "A user who owns it; may be repeated")
      ->type_name("NAME");
  put.add_flag("--archived", put_options->archived, "It is archived");
  put.callback([&session, put_options] {
    session.command = [&session, put_options] {
      v1::PutWorkspaceRequest request;
      request.set_workspace_id(put_options->id);
      request.set_name(put_options->name);
      request.set_archived(put_options->archived);
      request.mutable_owners()->Add(put_options->owners.begin(), put_options->owners.end());
      return PutWorkspace(session, request);
    };
  });

  auto request = std::make_shared<v1::DeleteWorkspaceRequest>();
  CLI::App& remove = *workspaces.add_subcommand("delete", "Forget a workspace");
  remove
      .add_option_function<int32_t>(
          "ID", [request](const int32_t& id) { request->set_workspace_id(id); },
          "The workspace's number")
      ->required();
  CLI::Option* const delete_webhooks = remove.add_flag_callback(
      "--delete-webhooks", [request] { request->set_webhooks(v1::WORKSPACE_WEBHOOKS_DELETE); },
      "Delete its webhooks");
  CLI::Option* const move = remove.add_option_function<int32_t>(
      "--move-webhooks-to",
      [request](const int32_t& id) {
        request->set_webhooks(v1::WORKSPACE_WEBHOOKS_MOVE);
        request->set_move_to_workspace_id(id);
      },
      "Move its webhooks to another workspace");
  move->type_name("ID")->excludes(delete_webhooks);
  remove
      .add_flag_callback(
          "--make-webhooks-global",
          [request] { request->set_webhooks(v1::WORKSPACE_WEBHOOKS_MAKE_GLOBAL); },
          "Make its webhooks global")
      ->excludes(delete_webhooks)
      ->excludes(move);
  remove.callback([&session, request] {
    session.command = [&session, request] { return DeleteWorkspace(session, *request); };
  });
}

}  // namespace webhookd
