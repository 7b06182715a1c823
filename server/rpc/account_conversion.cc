#include "server/rpc/account_conversion.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/time_conversion.h"

namespace webhookd {
namespace {

constexpr size_t kMaxUsernameBytes = 64;
constexpr size_t kMaxLineBytes = 255;
constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1'000;

bool IsUsernameCharacter(char c) {
  return absl::ascii_isalnum(c) || absl::StrContains("._-@+", absl::string_view(&c, 1));
}

void AddPermission(determined::rbac::v1::PermissionType id, const char* name, bool in_workspace,
                   determined::rbac::v1::Role& role) {
  determined::rbac::v1::Permission& permission = *role.add_permissions();
  permission.set_id(id);
  permission.set_name(name);
  permission.mutable_scope_type_mask()->set_cluster(true);
  permission.mutable_scope_type_mask()->set_workspace(in_workspace);
}

}  // namespace

determined::user::v1::User UserToProto(const UserRecord& user) {
  determined::user::v1::User proto;
  proto.set_id(user.id);
  proto.set_username(user.username);
  proto.set_admin(user.admin);
  proto.set_active(user.active);
  proto.set_display_name(user.display_name);
  *proto.mutable_modified_at() = TimestampFromTime(user.modified_at);
  if (user.last_auth_at.has_value()) {
    *proto.mutable_last_auth_at() = TimestampFromTime(*user.last_auth_at);
  }
  return proto;
}

determined::user::v1::User UserToProto(const AccountSnapshot::User& user) {
  determined::user::v1::User proto = UserToProto(user.record);
  if (const std::optional<absl::Time> time = user.last_auth->time()) {
    *proto.mutable_last_auth_at() = TimestampFromTime(*time);
  }
  return proto;
}

determined::user::v1::User CallerToProto(const Caller& caller, const AccountSnapshot& accounts) {
  if (caller.kind == Caller::Kind::kUser) {
    if (const AccountSnapshot::User* user = accounts.FindUser(caller.user_id)) {
      return UserToProto(*user);
    }
  }
  determined::user::v1::User proto;
  proto.set_username(caller.name);
  proto.set_admin(caller.admin);
  proto.set_active(true);
  return proto;
}

determined::workspace::v1::Workspace WorkspaceToProto(const WorkspaceRecord& workspace,
                                                      const AccountSnapshot& accounts) {
  determined::workspace::v1::Workspace proto;
  proto.set_id(workspace.id);
  proto.set_name(workspace.name);
  proto.set_archived(workspace.archived);
  if (!workspace.owners.empty()) {
    proto.set_username(workspace.owners.front());
    if (const AccountSnapshot::User* owner = accounts.FindUser(workspace.owners.front())) {
      proto.set_user_id(owner->record.id);
    }
  }
  return proto;
}

determined::rbac::v1::Role RoleToProto(const Role& role) {
  determined::rbac::v1::Role proto;
  proto.set_role_id(role.id);
  proto.set_name(role.name);
  proto.mutable_scope_type_mask()->set_cluster(true);
  proto.mutable_scope_type_mask()->set_workspace(role.in_workspace);
  if (Allows(role, Permission::kViewMasterConfig)) {
    AddPermission(determined::rbac::v1::PERMISSION_TYPE_VIEW_MASTER_CONFIG, "view master config",
                  false, proto);
  }
  if (Allows(role, Permission::kEditWebhooks)) {
    AddPermission(determined::rbac::v1::PERMISSION_TYPE_EDIT_WEBHOOKS, "edit webhooks", true,
                  proto);
  }
  if (Allows(role, Permission::kViewWebhooks)) {
    AddPermission(determined::rbac::v1::PERMISSION_TYPE_VIEW_WEBHOOKS, "view webhooks", true,
                  proto);
  }
  return proto;
}

v1::ServiceToken TokenToProto(const ServiceTokenRecord& token) {
  v1::ServiceToken proto;
  proto.set_id(token.id);
  proto.set_description(token.description);
  proto.set_scope(static_cast<v1::TokenScope>(token.scope));
  *proto.mutable_created_at() = TimestampFromTime(token.created_at);
  proto.set_created_by(token.created_by);
  if (token.expires_at.has_value()) {
    *proto.mutable_expires_at() = TimestampFromTime(*token.expires_at);
  }
  return proto;
}

v1::ServiceToken TokenToProto(const AccountSnapshot::Token& token) {
  v1::ServiceToken proto = TokenToProto(token.record);
  if (const std::optional<absl::Time> time = token.last_use->time()) {
    *proto.mutable_last_used_at() = TimestampFromTime(*time);
  }
  return proto;
}

v1::RoleAssignment RoleAssignmentToProto(const RoleAssignmentRecord& role,
                                         const AccountSnapshot& accounts) {
  v1::RoleAssignment proto;
  if (const AccountSnapshot::User* user = accounts.FindUser(role.user_id)) {
    proto.set_username(user->record.username);
  }
  proto.set_role_id(role.role_id);
  if (role.workspace_id.has_value()) proto.set_workspace_id(*role.workspace_id);
  if (const Role* found = FindRole(role.role_id)) proto.set_role_name(found->name);
  return proto;
}

v1::AuditEntry AuditEntryToProto(const AuditEntry& entry) {
  v1::AuditEntry proto;
  proto.set_id(entry.id);
  *proto.mutable_time() = TimestampFromTime(entry.time);
  proto.set_actor_kind(static_cast<v1::AuditActor>(entry.actor_kind));
  proto.set_actor(entry.actor);
  proto.set_peer_address(entry.peer_address);
  proto.set_action(entry.action);
  proto.set_target_type(entry.target_type);
  proto.set_target_id(entry.target_id);
  proto.set_outcome(static_cast<v1::AuditOutcome>(entry.outcome));
  proto.set_detail(entry.detail);
  return proto;
}

absl::StatusOr<std::string> ParseUsername(absl::string_view field, absl::string_view username) {
  if (username.empty()) return InvalidField(field, "is empty: give the name of a user");
  if (username.size() > kMaxUsernameBytes ||
      !std::all_of(username.begin(), username.end(), IsUsernameCharacter)) {
    return InvalidField(
        field, absl::StrCat(Quoted(username), " is not a valid user name: give 1 to ",
                            kMaxUsernameBytes, " of a-z, 0-9, '.', '_', '-', '@' and '+'"));
  }
  return absl::AsciiStrToLower(username);
}

absl::Status CheckLine(absl::string_view field, absl::string_view text) {
  if (text.size() > kMaxLineBytes) {
    return InvalidField(
        field, absl::StrCat(Quoted(text), " is too long: give at most ", kMaxLineBytes, " bytes"));
  }
  if (std::any_of(text.begin(), text.end(), absl::ascii_iscntrl)) {
    return InvalidField(field,
                        absl::StrCat(Quoted(text), " holds control characters: leave them out"));
  }
  return absl::OkStatus();
}

absl::StatusOr<TokenScope> ParseTokenScope(v1::TokenScope scope) {
  switch (scope) {
    case v1::TOKEN_SCOPE_INGEST:
    case v1::TOKEN_SCOPE_READ:
    case v1::TOKEN_SCOPE_ADMIN:
      return static_cast<TokenScope>(scope);
    default:
      return InvalidField("scope", absl::StrCat(static_cast<int>(scope),
                                                " is not a scope: give TOKEN_SCOPE_INGEST, "
                                                "TOKEN_SCOPE_READ or TOKEN_SCOPE_ADMIN"));
  }
}

absl::StatusOr<AuditFilter> AuditFilterFromProto(const v1::ListAuditEntriesRequest& request) {
  AuditFilter filter = {.actor = request.actor(),
                        .action = request.action(),
                        .target_type = request.target_type(),
                        .target_id = request.target_id()};
  if (!v1::AuditOutcome_IsValid(request.outcome())) {
    return InvalidField("outcome", absl::StrCat(static_cast<int>(request.outcome()),
                                                " is not an outcome: give one by its name"));
  }
  if (request.outcome() != v1::AUDIT_OUTCOME_UNSPECIFIED) {
    filter.outcome = static_cast<AuditOutcome>(request.outcome());
  }
  if (request.has_from()) {
    ASSIGN_OR_RETURN(filter.from, TimeFromTimestamp("from", request.from()));
  }
  if (request.has_before()) {
    ASSIGN_OR_RETURN(filter.before, TimeFromTimestamp("before", request.before()));
  }
  if (request.page_size() < 0 || request.page_size() > kMaxPageSize) {
    return InvalidField(
        "page_size", absl::StrCat(request.page_size(), " is out of range: give 1 to ", kMaxPageSize,
                                  ", or 0 for ", kDefaultPageSize));
  }
  filter.limit = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  if (!request.page_token().empty() &&
      (!absl::SimpleAtoi(request.page_token(), &filter.before_id) || filter.before_id < 1)) {
    return InvalidField("page_token", absl::StrCat(Quoted(request.page_token()),
                                                   " was not given by this server: give the "
                                                   "next_page_token of an earlier response"));
  }
  return filter;
}

}  // namespace webhookd
