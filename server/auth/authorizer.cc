#include "server/auth/authorizer.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/auth/roles.h"
#include "storage/errors.h"

namespace webhookd {
namespace {

const char* ScopeName(TokenScope scope) {
  switch (scope) {
    case TokenScope::kIngest:
      return "ingest";
    case TokenScope::kRead:
      return "read";
    case TokenScope::kAdmin:
      break;
  }
  return "admin";
}

const char* NeededScope(const AccessRule& rule) {
  if (rule.read) return "read or admin";
  return rule.ingest ? "ingest or admin" : "admin";
}

const char* Verb(Permission permission) {
  switch (permission) {
    case Permission::kEditWebhooks:
      return "change";
    case Permission::kAssignRoles:
      return "assign roles in";
    default:
      return "see";
  }
}

}  // namespace

Authorizer::Authorizer(Mode mode, const AccessTable& table, const AccountCatalog& accounts,
                       AuditLog& audit)
    : mode_(mode), table_(table), accounts_(accounts), audit_(audit) {}

absl::Status Authorizer::CheckRpc(const Caller& caller,
                                  const google::protobuf::MethodDescriptor& method) const {
  const AccessRule* const rule = table_.Find(method);
  if (rule == nullptr) {
    return absl::PermissionDeniedError(absl::StrCat(method.full_name(), " is not open to anybody"));
  }
  if (rule->check == AccessRule::Check::kPublic || caller.admin) return absl::OkStatus();
  std::string problem;
  if (caller.kind == Caller::Kind::kService) {
    if (rule->Admits(caller.scope)) return absl::OkStatus();
    problem = absl::StrCat("a token of scope ", ScopeName(caller.scope), " may not call ",
                           method.name(), ": use one of scope ", NeededScope(*rule));
  } else {
    if (rule->check == AccessRule::Check::kPerObject || rule->permission == Permission::kNone ||
        UserHas(caller, rule->permission, std::nullopt)) {
      return absl::OkStatus();
    }
    problem =
        absl::StrCat("you may not call ", method.name(), ": ask an administrator to do it for you");
  }
  audit_.Denied(caller, {.action = method.name(), .target_type = ""});
  return absl::PermissionDeniedError(problem);
}

bool Authorizer::Has(const Caller& caller, Permission permission,
                     std::optional<int32_t> workspace_id) const {
  if (caller.admin || permission == Permission::kNone) return true;
  switch (caller.kind) {
    case Caller::Kind::kNobody:
      return false;
    case Caller::Kind::kService:
      return caller.scope == TokenScope::kRead ? permission == Permission::kViewWebhooks
                                               : permission == Permission::kReport;
    case Caller::Kind::kUser:
      break;
  }
  const bool global_view = permission == Permission::kViewWebhooks && !workspace_id.has_value();
  return global_view || UserHas(caller, permission, workspace_id);
}

// Without a workspace: everywhere.
bool Authorizer::UserHas(const Caller& caller, Permission permission,
                         std::optional<int32_t> workspace_id) const {
  const auto accounts = accounts_.Current();
  if (mode_ == Mode::kBasic) {
    if (!workspace_id.has_value() ||
        (permission != Permission::kViewWebhooks && permission != Permission::kEditWebhooks)) {
      return false;
    }
    const AccountSnapshot::Workspace* const workspace = accounts->FindWorkspace(*workspace_id);
    return workspace != nullptr && workspace->owners.contains(caller.name);
  }
  const AccountSnapshot::Roles& roles = accounts->roles();
  for (auto it = roles.lower_bound({.user_id = caller.user_id});
       it != roles.end() && it->user_id == caller.user_id; ++it) {
    if (it->workspace_id.has_value() && it->workspace_id != workspace_id) continue;
    const Role* const role = FindRole(it->role_id);
    if (role != nullptr && Allows(*role, permission)) return true;
  }
  return false;
}

bool Authorizer::CanViewEvents(const Caller& caller, std::optional<int32_t> workspace_id) const {
  if (workspace_id.has_value() || caller.kind != Caller::Kind::kUser || caller.admin) {
    return CanView(caller, workspace_id);
  }
  return UserHas(caller, Permission::kViewWebhooks, std::nullopt);
}

bool Authorizer::CanRaiseAlerts(const Caller& caller, std::optional<int32_t> workspace_id) const {
  if (caller.kind == Caller::Kind::kService) return Has(caller, Permission::kReport, workspace_id);
  return CanViewEvents(caller, workspace_id);
}

absl::Status Authorizer::CheckCluster(const Caller& caller, Permission permission,
                                      AuditAction action) const {
  if (caller.admin ||
      (caller.kind == Caller::Kind::kUser && UserHas(caller, permission, std::nullopt))) {
    return absl::OkStatus();
  }
  audit_.Denied(caller, std::move(action));
  return absl::PermissionDeniedError("only an administrator may do this: ask one");
}

absl::Status Authorizer::CheckWorkspace(const Caller& caller, Permission permission,
                                        std::optional<int32_t> workspace_id) const {
  if (Has(caller, permission, workspace_id)) return absl::OkStatus();
  audit_.Denied(caller,
                {.action = permission == Permission::kAssignRoles ? "role.assign" : "webhook.edit",
                 .target_type = "workspace",
                 .target_id = workspace_id.has_value() ? absl::StrCat(*workspace_id) : "global"});
  if (!workspace_id.has_value()) {
    return absl::PermissionDeniedError(
        permission == Permission::kAssignRoles
            ? "only an administrator may assign roles everywhere: ask one, or name a workspace"
            : absl::StrCat("you may not ", Verb(permission),
                           " global webhooks: ", WhomToAsk(std::nullopt)));
  }
  if (!CanView(caller, workspace_id)) return WorkspaceNotFound(*workspace_id);
  return absl::PermissionDeniedError(absl::StrCat(
      "you may not ", Verb(permission),
      permission == Permission::kAssignRoles ? " workspace " : " webhooks of workspace ",
      *workspace_id, ": ", WhomToAsk(workspace_id)));
}

absl::Status Authorizer::CheckWebhook(const Caller& caller, Permission permission,
                                      const WebhookRecord& webhook) const {
  if (Has(caller, permission, webhook.workspace_id)) return absl::OkStatus();
  audit_.Denied(
      caller, {.action = permission == Permission::kViewWebhooks ? "webhook.view" : "webhook.edit",
               .target_type = "webhook",
               .target_id = absl::StrCat(webhook.id)});
  if (!CanView(caller, webhook.workspace_id)) return WebhookNotFound(webhook.id);
  return absl::PermissionDeniedError(absl::StrCat("you may see webhook ", webhook.id, " and not ",
                                                  Verb(permission),
                                                  " it: ", WhomToAsk(webhook.workspace_id)));
}

std::string Authorizer::WhomToAsk(std::optional<int32_t> workspace_id) const {
  if (!workspace_id.has_value()) return "ask an administrator";
  return mode_ == Mode::kBasic
             ? absl::StrCat("ask an administrator, or an owner of workspace ", *workspace_id)
             : absl::StrCat("ask an administrator, or a WorkspaceAdmin of workspace ",
                            *workspace_id, ", for the role Editor there");
}

}  // namespace webhookd
