#ifndef WEBHOOKD_SERVER_RPC_ACCOUNT_CONVERSION_H_
#define WEBHOOKD_SERVER_RPC_ACCOUNT_CONVERSION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "determined/rbac/v1/rbac.pb.h"
#include "determined/user/v1/user.pb.h"
#include "determined/workspace/v1/workspace.pb.h"
#include "server/auth/account_snapshot.h"
#include "server/auth/caller.h"
#include "server/auth/roles.h"
#include "storage/account_records.h"
#include "webhookd/v1/admin.pb.h"

// Between accounts as they are asked for and as they are kept. Every error names the field and the
// value and says what to do: INVALID_ARGUMENT.
namespace webhookd {

determined::user::v1::User UserToProto(const UserRecord& user);
determined::user::v1::User UserToProto(const AccountSnapshot::User& user);
// A service is shown as a user without a number.
determined::user::v1::User CallerToProto(const Caller& caller, const AccountSnapshot& accounts);

determined::workspace::v1::Workspace WorkspaceToProto(const WorkspaceRecord& workspace,
                                                      const AccountSnapshot& accounts);
determined::rbac::v1::Role RoleToProto(const Role& role);
v1::ServiceToken TokenToProto(const ServiceTokenRecord& token);
v1::ServiceToken TokenToProto(const AccountSnapshot::Token& token);
v1::RoleAssignment RoleAssignmentToProto(const RoleAssignmentRecord& role,
                                         const AccountSnapshot& accounts);
v1::AuditEntry AuditEntryToProto(const AuditEntry& entry);

// A name to sign in with, in lower case.
absl::StatusOr<std::string> ParseUsername(absl::string_view field, absl::string_view username);
// A line for people: no control characters, at most 255 bytes.
absl::Status CheckLine(absl::string_view field, absl::string_view text);
absl::StatusOr<TokenScope> ParseTokenScope(v1::TokenScope scope);
// The next_page_token of an earlier page is the last number on it.
absl::StatusOr<AuditFilter> AuditFilterFromProto(const v1::ListAuditEntriesRequest& request);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_ACCOUNT_CONVERSION_H_
