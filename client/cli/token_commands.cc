#include <memory>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/values.h"
#include "webhookd/v1/admin.grpc.pb.h"

namespace webhookd {
namespace {

using AdminStub = v1::AdminService::Stub;

constexpr char kScopePrefix[] = "TOKEN_SCOPE_";

std::string ScopeName(v1::TokenScope scope) {
  return absl::AsciiStrToLower(EnumName(*v1::TokenScope_descriptor(), kScopePrefix, scope));
}

absl::StatusOr<ExitCode> CreateToken(Session& session, v1::CreateTokenRequest request,
                                     std::optional<absl::Duration> lifetime) {
  if (lifetime.has_value()) {
    *request.mutable_expires_at() = ToTimestamp(session.terminal.clock.Now() + *lifetime);
  }
  ASSIGN_OR_RETURN(const v1::CreateTokenResponse response,
                   session.connection().Call(&AdminStub::CreateToken, request));
  if (session.json) return session.PrintJson(response);
  session.out() << response.secret() << '\n';
  session.terminal.err << "Token " << response.token().id() << " of scope "
                       << ScopeName(response.token().scope())
                       << "; it is shown only this once. Send it as \"Authorization: Bearer "
                          "TOKEN\"\n";
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> ListTokens(Session& session) {
  ASSIGN_OR_RETURN(const v1::ListTokensResponse response,
                   session.connection().Call(&AdminStub::ListTokens, v1::ListTokensRequest()));
  if (session.json) return session.PrintJson(response);
  Table table({"ID", "SCOPE", "DESCRIPTION", "CREATED", "BY", "EXPIRES", "LAST USED"});
  for (const v1::ServiceToken& token : response.tokens()) {
    table.AddRow({absl::StrCat(token.id()), ScopeName(token.scope()),
                  token.description().empty() ? "-" : token.description(),
                  ShowTime(token.created_at(), token.has_created_at()), token.created_by(),
                  ShowTime(token.expires_at(), token.has_expires_at()),
                  ShowTime(token.last_used_at(), token.has_last_used_at())});
  }
  table.Print(session.out(), session.color);
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> RevokeToken(Session& session, const v1::RevokeTokenRequest& request) {
  ASSIGN_OR_RETURN(const v1::RevokeTokenResponse response,
                   session.connection().Call(&AdminStub::RevokeToken, request));
  if (session.json) return session.PrintJson(response);
  session.out() << "Token " << request.token_id() << " is no longer valid\n";
  return ExitCode::kDone;
}

}  // namespace

void AddTokenCommands(CLI::App& app, Session& session) {
  CLI::App& tokens = *app.add_subcommand("token", "Manage tokens of services, such as a master");
  tokens.require_subcommand(1);

  struct CreateOptions {
    int scope = 0;
    std::string description;
    std::optional<absl::Duration> lifetime;
  };
  auto options = std::make_shared<CreateOptions>();
  CLI::App& create = *tokens.add_subcommand("create", "Make a token and print it, once");
  AddParsedOption(
      &create, "--scope", options->scope,
      [](const std::string& text) {
        return ParseEnum(*v1::TokenScope_descriptor(), kScopePrefix, text);
      },
      "SCOPE", "ingest: report events; read: see everything but the configuration; admin: all")
      ->required();
  create.add_option("--description", options->description, "What it is for")->type_name("TEXT");
  AddParsedOption(&create, "--expires", options->lifetime, ParseTimeSpan, "DURATION",
                  "How long it is valid, such as 720h [for ever]");
  create.callback([&session, options] {
    session.command = [&session, options] {
      v1::CreateTokenRequest request;
      request.set_scope(static_cast<v1::TokenScope>(options->scope));
      request.set_description(options->description);
      return CreateToken(session, std::move(request), options->lifetime);
    };
  });

  tokens.add_subcommand("list", "List tokens, without their secrets")->callback([&session] {
    session.command = [&session] { return ListTokens(session); };
  });

  auto token_id = std::make_shared<int32_t>(0);
  CLI::App& revoke = *tokens.add_subcommand("revoke", "End a token at once");
  revoke.add_option("ID", *token_id, "The token's number")->required();
  revoke.callback([&session, token_id] {
    session.command = [&session, token_id] {
      v1::RevokeTokenRequest request;
      request.set_token_id(*token_id);
      return RevokeToken(session, request);
    };
  });
}

}  // namespace webhookd
