#include "server/rpc/tokens.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "server/auth/audit_log.h"
#include "server/auth/token.h"
#include "server/rpc/account_conversion.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/time_conversion.h"
#include "storage/errors.h"

namespace webhookd {
namespace {

absl::StatusOr<ServiceTokenRecord> NewToken(const v1::CreateTokenRequest& request, absl::Time now) {
  ServiceTokenRecord token = {.description = request.description(), .created_at = now};
  ASSIGN_OR_RETURN(token.scope, ParseTokenScope(request.scope()));
  RETURN_IF_ERROR(CheckLine("description", request.description()));
  if (request.has_expires_at()) {
    ASSIGN_OR_RETURN(token.expires_at, TimeFromTimestamp("expires_at", request.expires_at()));
    if (*token.expires_at <= now) {
      return InvalidField("expires_at", absl::StrCat(absl::FormatTime(*token.expires_at),
                                                     " has passed: give a time in the future"));
    }
  }
  return token;
}

std::string ScopeName(TokenScope scope) {
  return absl::AsciiStrToLower(
      absl::StripPrefix(v1::TokenScope_Name(static_cast<v1::TokenScope>(scope)), "TOKEN_SCOPE_"));
}

std::string Describe(const ServiceTokenRecord& token) {
  return absl::StrCat("scope ", ScopeName(token.scope), token.description.empty() ? "" : ": ",
                      token.description);
}

}  // namespace

void Tokens::AddTo(Api& api) {
  api.AddUnary("webhookd.v1.AdminService.CreateToken", this, &Tokens::Create);
  api.AddUnary("webhookd.v1.AdminService.ListTokens", this, &Tokens::List);
  api.AddUnary("webhookd.v1.AdminService.RevokeToken", this, &Tokens::Revoke);
}

void Tokens::Create(const Caller& caller, const v1::CreateTokenRequest& request,
                    v1::CreateTokenResponse& response, DoneStatus done) {
  const absl::Time now = dependencies_.clock.Now();
  absl::StatusOr<ServiceTokenRecord> token = NewToken(request, now);
  if (!token.ok()) return std::move(done)(token.status());
  std::string secret = NewServiceToken(dependencies_.random);
  token->token_hash = HashToken(secret);
  token->created_by = caller.name;
  AuditEntry audit = AuditEntryOf(
      caller, now, {.action = "token.create", .target_type = "token", .detail = Describe(*token)});
  dependencies_.accounts.CreateToken(
      *std::move(token), std::move(audit),
      [secret = std::move(secret), &response,
       done = std::move(done)](absl::StatusOr<ServiceTokenRecord> created) mutable {
        if (!created.ok()) return std::move(done)(created.status());
        *response.mutable_token() = TokenToProto(*created);
        response.set_secret(std::move(secret));
        std::move(done)(absl::OkStatus());
      });
}

absl::Status Tokens::List(const Caller&, const v1::ListTokensRequest&,
                          v1::ListTokensResponse& response) const {
  const auto accounts = dependencies_.accounts.Current();
  for (const auto& [id, token] : accounts->tokens()) *response.add_tokens() = TokenToProto(*token);
  return absl::OkStatus();
}

void Tokens::Revoke(const Caller& caller, const v1::RevokeTokenRequest& request,
                    v1::RevokeTokenResponse&, DoneStatus done) {
  const absl::Status valid = CheckId("token_id", request.token_id());
  if (!valid.ok()) return std::move(done)(valid);
  const auto accounts = dependencies_.accounts.Current();
  const auto token = accounts->tokens().find(request.token_id());
  if (token == accounts->tokens().end()) return std::move(done)(TokenNotFound(request.token_id()));
  dependencies_.accounts.DeleteToken(
      request.token_id(),
      AuditEntryOf(caller, dependencies_.clock.Now(),
                   {.action = "token.revoke",
                    .target_type = "token",
                    .target_id = absl::StrCat(request.token_id()),
                    .detail = Describe(token->second->record)}),
      [done = std::move(done)](const absl::StatusOr<ServiceTokenRecord>& was) mutable {
        std::move(done)(was.status());
      });
}

}  // namespace webhookd
