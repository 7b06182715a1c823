#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/list_pages.h"
#include "client/cli/values.h"
#include "webhookd/v1/admin.grpc.pb.h"

namespace webhookd {
namespace {

using AdminStub = v1::AdminService::Stub;

constexpr char kOutcomePrefix[] = "AUDIT_OUTCOME_";
constexpr int kMaxEntries = 1'000;

Table::Cell OutcomeCell(v1::AuditOutcome outcome) {
  const std::string name =
      absl::AsciiStrToLower(EnumName(*v1::AuditOutcome_descriptor(), kOutcomePrefix, outcome));
  return {name, outcome == v1::AUDIT_OUTCOME_DONE ? Color::kNone : Color::kRed};
}

absl::StatusOr<ExitCode> ListEntries(Session& session, const v1::ListAuditEntriesRequest& request,
                                     int64_t limit) {
  ASSIGN_OR_RETURN(const v1::ListAuditEntriesResponse response,
                   ListPages(limit, request, &v1::ListAuditEntriesResponse::mutable_entries,
                             [&session](const v1::ListAuditEntriesRequest& page) {
                               return session.connection().Call(&AdminStub::ListAuditEntries, page);
                             }));
  if (session.json) return session.PrintJson(response);
  Table table({"ID", "TIME", "ACTOR", "ADDRESS", "ACTION", "TARGET", "OUTCOME", "DETAIL"});
  for (const v1::AuditEntry& entry : response.entries()) {
    table.AddRow({absl::StrCat(entry.id()), ShowTime(entry.time(), entry.has_time()),
                  entry.actor().empty() ? "-" : entry.actor(),
                  entry.peer_address().empty() ? "-" : entry.peer_address(), entry.action(),
                  entry.target_type().empty()
                      ? "-"
                      : absl::StrCat(entry.target_type(), " ", entry.target_id()),
                  OutcomeCell(entry.outcome()), entry.detail()});
  }
  table.Print(session.out(), session.color);
  if (!response.next_page_token().empty()) {
    session.terminal.err << "There are more; --page-token " << response.next_page_token()
                         << " shows them\n";
  }
  return ExitCode::kDone;
}

}  // namespace

void AddAuditCommands(CLI::App& app, Session& session) {
  CLI::App& audit = *app.add_subcommand("audit", "See who did what");
  audit.require_subcommand(1);
  struct Options {
    v1::ListAuditEntriesRequest request;
    int outcome = 0;
    int64_t limit = 50;
    std::optional<absl::Time> from, before;
  };
  auto options = std::make_shared<Options>();
  CLI::App& list = *audit.add_subcommand("list", "List entries of the audit log, newest first");
  const auto add = [&list, options](const char* name, auto set, const char* type,
                                    const char* description) {
    list.add_option_function<std::string>(
            name, [options, set](const std::string& text) { set(options->request, text); },
            description)
        ->type_name(type);
  };
  using Request = v1::ListAuditEntriesRequest;
  add(
      "--actor", [](Request& r, const std::string& text) { r.set_actor(text); }, "NAME",
      "Only of this actor");
  add(
      "--action", [](Request& r, const std::string& text) { r.set_action(text); }, "ACTION",
      "Only this action, or those that begin so when it ends with a dot: \"webhook.\"");
  add(
      "--target-type", [](Request& r, const std::string& text) { r.set_target_type(text); }, "TYPE",
      "Only what was done to webhooks, users, tokens, workspaces: \"webhook\"");
  add(
      "--target", [](Request& r, const std::string& text) { r.set_target_id(text); }, "ID",
      "Only what was done to the one with this number or name");
  add(
      "--page-token", [](Request& r, const std::string& text) { r.set_page_token(text); }, "TOKEN",
      "Go on after an earlier page");
  AddParsedOption(
      &list, "--outcome", options->outcome,
      [](const std::string& text) {
        return ParseEnum(*v1::AuditOutcome_descriptor(), kOutcomePrefix, text);
      },
      "OUTCOME", "Only what was done, failed or denied");
  const auto parse_time = [&session](const std::string& text) {
    return ParseTime(text, session.terminal.clock.Now());
  };
  AddParsedOption(&list, "--from", options->from, parse_time, "TIME", "Only from this time on");
  AddParsedOption(&list, "--before", options->before, parse_time, "TIME", "Only before this time");
  list.add_option("--limit", options->limit, "How many at most")
      ->type_name("N")
      ->check(CLI::Range(1, kMaxEntries))
      ->capture_default_str();
  list.callback([&session, options] {
    options->request.set_outcome(static_cast<v1::AuditOutcome>(options->outcome));
    if (options->from.has_value()) *options->request.mutable_from() = ToTimestamp(*options->from);
    if (options->before.has_value()) {
      *options->request.mutable_before() = ToTimestamp(*options->before);
    }
    session.command = [&session, options] {
      return ListEntries(session, options->request, options->limit);
    };
  });
}

}  // namespace webhookd
