#include "server/rpc/users.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

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

using determined::api::v1::GetUsersRequest;
using determined::api::v1::GetUsersResponse;
using UserPointer = const AccountSnapshot::User*;

bool HasRole(const AccountSnapshot& accounts, int32_t user_id, const GetUsersRequest& request) {
  const auto& wanted = request.role_id_assigned_directly_to_user();
  return std::any_of(accounts.roles().begin(), accounts.roles().end(),
                     [&](const RoleAssignmentRecord& role) {
                       return role.user_id == user_id &&
                              std::find(wanted.begin(), wanted.end(), role.role_id) != wanted.end();
                     });
}

bool IsWanted(const AccountSnapshot& accounts, const UserRecord& user,
              const GetUsersRequest& request) {
  if (request.has_admin() && request.admin() != user.admin) return false;
  if (request.has_active() && request.active() != user.active) return false;
  if (!request.role_id_assigned_directly_to_user().empty() &&
      !HasRole(accounts, user.id, request)) {
    return false;
  }
  return ContainsInAnyCase(user.username, request.name()) ||
         ContainsInAnyCase(user.display_name, request.name());
}

std::string ShownName(const UserRecord& user) {
  return absl::AsciiStrToLower(user.display_name.empty() ? user.username : user.display_name);
}

void Sort(std::vector<UserPointer>& users, const GetUsersRequest& request) {
  const auto by = [&](auto key) { SortBy(users, request.order_by(), key); };
  switch (request.sort_by()) {
    case GetUsersRequest::SORT_BY_DISPLAY_NAME:
      return by([](UserPointer user) { return absl::AsciiStrToLower(user->record.display_name); });
    case GetUsersRequest::SORT_BY_USER_NAME:
      return by([](UserPointer user) { return user->record.username; });
    case GetUsersRequest::SORT_BY_ADMIN:
      return by([](UserPointer user) { return user->record.admin; });
    case GetUsersRequest::SORT_BY_ACTIVE:
      return by([](UserPointer user) { return user->record.active; });
    case GetUsersRequest::SORT_BY_MODIFIED_TIME:
      return by([](UserPointer user) { return user->record.modified_at; });
    case GetUsersRequest::SORT_BY_NAME:
      return by([](UserPointer user) { return ShownName(user->record); });
    case GetUsersRequest::SORT_BY_LAST_AUTH_TIME:
      return by(
          [](UserPointer user) { return user->last_auth->time().value_or(absl::InfinitePast()); });
    default:
      return by([](UserPointer user) { return user->record.id; });
  }
}

// What a patch changes, for the audit log.
std::string DescribePatch(const v1::PatchUserRequest& request) {
  std::vector<std::string> changes;
  if (request.has_display_name()) changes.push_back("display_name");
  if (request.has_admin()) changes.push_back(request.admin() ? "admin" : "not admin");
  if (request.has_active()) changes.push_back(request.active() ? "active" : "not active");
  return absl::StrJoin(changes, ", ");
}

}  // namespace

void Users::AddTo(Api& api) {
  api.AddUnary("determined.api.v1.Determined.GetUsers", this, &Users::List);
  api.AddUnary("webhookd.v1.AdminService.CreateUser", this, &Users::Create);
  api.AddUnary("webhookd.v1.AdminService.PatchUser", this, &Users::Patch);
  api.AddUnary("webhookd.v1.AdminService.SetPassword", this, &Users::SetPassword);
}

absl::Status Users::List(const Caller&, const GetUsersRequest& request,
                         GetUsersResponse& response) const {
  const auto accounts = dependencies_.accounts.Current();
  std::vector<UserPointer> users;
  for (const auto& [id, user] : accounts->users()) {
    if (IsWanted(*accounts, user->record, request)) users.push_back(user.get());
  }
  Sort(users, request);
  ASSIGN_OR_RETURN(*response.mutable_pagination(),
                   Paginate(static_cast<int32_t>(users.size()), request.offset(), request.limit()));
  for (int i = response.pagination().start_index(); i < response.pagination().end_index(); ++i) {
    *response.add_users() = UserToProto(*users[i]);
  }
  return absl::OkStatus();
}

void Users::Create(const Caller& caller, const v1::CreateUserRequest& request,
                   v1::CreateUserResponse& response, DoneStatus done) {
  absl::StatusOr<std::string> username = ParseUsername("username", request.username());
  if (!username.ok()) return std::move(done)(username.status());
  if (const absl::Status valid = CheckLine("display_name", request.display_name()); !valid.ok()) {
    return std::move(done)(valid);
  }
  absl::StatusOr<std::string> password =
      NewClientPassword(request.password(), request.is_hashed(), options_.allow_blank_passwords);
  if (!password.ok()) return std::move(done)(password.status());
  if (dependencies_.accounts.Current()->FindUser(*username) != nullptr) {
    return std::move(done)(UsernameTaken(*username));
  }

  const absl::Time now = dependencies_.clock.Now();
  UserRecord user = {.username = *username,
                     .display_name = request.display_name(),
                     .admin = request.admin(),
                     .created_at = now,
                     .modified_at = now};
  AuditEntry audit = AuditEntryOf(caller, now,
                                  {.action = "user.create",
                                   .target_type = "user",
                                   .target_id = *username,
                                   .detail = request.admin() ? "admin" : ""});
  HashPassword(
      *std::move(password), [this, user = std::move(user), audit = std::move(audit), &response,
                             done = std::move(done)](absl::StatusOr<std::string> hash) mutable {
        if (!hash.ok()) return std::move(done)(hash.status());
        user.password_hash = *std::move(hash);
        dependencies_.accounts.CreateUser(
            std::move(user), std::move(audit),
            [&response, done = std::move(done)](absl::StatusOr<UserRecord> created) mutable {
              if (!created.ok()) return std::move(done)(created.status());
              *response.mutable_user() = UserToProto(*created);
              std::move(done)(absl::OkStatus());
            });
      });
}

void Users::Patch(const Caller& caller, const v1::PatchUserRequest& request,
                  v1::PatchUserResponse& response, DoneStatus done) {
  absl::StatusOr<std::string> username = ParseUsername("username", request.username());
  if (!username.ok()) return std::move(done)(username.status());
  UserPatch patch = {.username = *username, .modified_at = dependencies_.clock.Now()};
  if (request.has_display_name()) {
    const absl::Status valid = CheckLine("display_name", request.display_name());
    if (!valid.ok()) return std::move(done)(valid);
    patch.display_name = request.display_name();
  }
  if (request.has_admin()) patch.admin = request.admin();
  if (request.has_active()) patch.active = request.active();
  std::string changes = DescribePatch(request);
  if (changes.empty()) {
    return std::move(done)(absl::InvalidArgumentError(
        "there is nothing to change: give display_name, admin or active"));
  }
  AuditEntry audit = AuditEntryOf(caller, patch.modified_at,
                                  {.action = "user.patch",
                                   .target_type = "user",
                                   .target_id = *username,
                                   .detail = std::move(changes)});
  dependencies_.accounts.PatchUser(
      std::move(patch), std::move(audit),
      [this, &response, done = std::move(done)](absl::StatusOr<UserChange> change) mutable {
        if (!change.ok()) return std::move(done)(change.status());
        const auto accounts = dependencies_.accounts.Current();
        *response.mutable_user() = UserToProto(*accounts->FindUser(change->user.id));
        std::move(done)(absl::OkStatus());
      });
}

void Users::SetPassword(const Caller& caller, const v1::SetPasswordRequest& request,
                        v1::SetPasswordResponse&, DoneStatus done) {
  absl::StatusOr<std::string> username = ParseUsername("username", request.username());
  if (!username.ok()) return std::move(done)(username.status());
  const bool own = caller.kind == Caller::Kind::kUser && caller.name == *username;
  if (!own) {
    const absl::Status allowed = dependencies_.authorizer.CheckCluster(
        caller, Permission::kAdministrate,
        {.action = "user.set_password", .target_type = "user", .target_id = *username});
    if (!allowed.ok()) return std::move(done)(allowed);
    if (dependencies_.accounts.Current()->FindUser(*username) == nullptr) {
      return std::move(done)(UserNotFound(*username));
    }
  }
  absl::StatusOr<std::string> password =
      NewClientPassword(request.password(), request.is_hashed(), options_.allow_blank_passwords);
  if (!password.ok()) return std::move(done)(password.status());
  if (!own) {
    return StorePassword(caller, *std::move(username), *std::move(password), std::move(done));
  }
  // Whoever found an open session must not be able to keep it.
  dependencies_.sign_in.CheckPassword(
      {.username = *username,
       .client_password = ClientPasswordOf(request.current_password(), request.is_hashed()),
       .peer_address = caller.peer_address},
      [this, caller, username = *username, password = *std::move(password),
       done = std::move(done)](absl::Status checked) mutable {
        if (absl::IsUnauthenticated(checked)) {
          checked = absl::PermissionDeniedError(
              "current_password is not your present password: give that, or ask an administrator");
        }
        if (!checked.ok()) return std::move(done)(checked);
        StorePassword(caller, std::move(username), std::move(password), std::move(done));
      });
}

void Users::StorePassword(const Caller& caller, std::string username, std::string client_password,
                          DoneStatus done) {
  const bool own = caller.kind == Caller::Kind::kUser && caller.name == username;
  UserPatch patch = {.username = username,
                     .end_sessions_but = own ? caller.token_hash : "",
                     .modified_at = dependencies_.clock.Now()};
  AuditEntry audit = AuditEntryOf(
      caller, patch.modified_at,
      {.action = "user.set_password", .target_type = "user", .target_id = std::move(username)});
  HashPassword(std::move(client_password),
               [this, patch = std::move(patch), audit = std::move(audit),
                done = std::move(done)](absl::StatusOr<std::string> hash) mutable {
                 if (!hash.ok()) return std::move(done)(hash.status());
                 patch.password_hash = *std::move(hash);
                 dependencies_.accounts.PatchUser(
                     std::move(patch), std::move(audit),
                     [done = std::move(done)](const absl::StatusOr<UserChange>& change) mutable {
                       std::move(done)(change.status());
                     });
               });
}

void Users::HashPassword(std::string client_password, Done<std::string> done) {
  if (client_password.empty()) return std::move(done)(std::string());
  dependencies_.passwords.Hash(std::move(client_password), std::move(done));
}

}  // namespace webhookd
