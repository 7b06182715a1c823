#include "server/auth/authenticator.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/auth/roles.h"
#include "server/auth/token.h"

namespace webhookd {
namespace {

absl::Status InvalidCredentials() { return absl::UnauthenticatedError("invalid credentials"); }

std::string NameOf(const ServiceTokenRecord& token) {
  return token.description.empty() ? absl::StrCat("token ", token.id)
                                   : absl::StrCat("token ", token.id, " (", token.description, ")");
}

std::string IdentityOf(const ServiceTokenRecord& token) {
  return token.description.empty() ? absl::StrCat("token/", token.id)
                                   : absl::StrCat("service/", token.description);
}

}  // namespace

Authenticator::Authenticator(Options options, AccountCatalog& accounts, Clock& clock)
    : options_(std::move(options)),
      accounts_(accounts),
      clock_(clock),
      session_clock_(clock, clock.Now()) {}

absl::StatusOr<Caller> Authenticator::Authenticate(const Credentials& credentials) const {
  if (!credentials.token.empty()) {
    ASSIGN_OR_RETURN(Caller caller, FindToken(HashToken(credentials.token)));
    caller.peer_address = credentials.peer_address;
    return caller;
  }
  if (!credentials.client_certificate.empty() &&
      (options_.client_identities.empty() ||
       options_.client_identities.contains(credentials.client_certificate))) {
    return Caller{.kind = Caller::Kind::kService,
                  .name = credentials.client_certificate,
                  .scope = TokenScope::kIngest,
                  .peer_address = credentials.peer_address,
                  .identity = absl::StrCat("service/", credentials.client_certificate)};
  }
  return absl::UnauthenticatedError("token missing");
}

absl::StatusOr<Caller> Authenticator::FindToken(std::string token_hash) const {
  const absl::Time now = clock_.Now();
  const auto accounts = accounts_.Current();
  if (const AccountSnapshot::Session* session = accounts->FindSession(token_hash)) {
    const AccountSnapshot::User* const user = accounts->FindUser(session->user_id);
    if (session_clock_.Now() >= session->expires_at || user == nullptr || !user->record.active) {
      return InvalidCredentials();
    }
    const int32_t id = user->record.id;
    if (user->last_auth->Note(now, options_.usage_interval)) {
      accounts_.RecordUsage({.users = {{id, now}}});
    }
    const bool admin =
        user->record.admin ||
        (options_.rbac && accounts->roles().contains({.user_id = id, .role_id = kClusterAdmin}));
    return Caller{.kind = Caller::Kind::kUser,
                  .user_id = id,
                  .name = user->record.username,
                  .admin = admin,
                  .token_hash = std::move(token_hash),
                  .identity = absl::StrCat("user/", id)};
  }
  if (const AccountSnapshot::Token* token = accounts->FindToken(token_hash)) {
    if (token->record.expires_at.has_value() && now >= *token->record.expires_at) {
      return InvalidCredentials();
    }
    if (token->last_use->Note(now, options_.usage_interval)) {
      accounts_.RecordUsage({.tokens = {{token->record.id, now}}});
    }
    return Caller{.kind = Caller::Kind::kService,
                  .name = NameOf(token->record),
                  .admin = token->record.scope == TokenScope::kAdmin,
                  .scope = token->record.scope,
                  .token_hash = std::move(token_hash),
                  .identity = IdentityOf(token->record)};
  }
  return InvalidCredentials();
}

bool Authenticator::IsStillValid(const Caller& caller) const {
  return caller.token_hash.empty() || FindToken(caller.token_hash).ok();
}

}  // namespace webhookd
