#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/display_width.h"
#include "client/cli/version.h"

namespace webhookd {
namespace {

using determined::api::v1::GetMasterConfigRequest;
using determined::api::v1::GetMasterConfigResponse;
using determined::api::v1::GetMasterRequest;
using determined::api::v1::GetMasterResponse;

// A value in one line; a text is shown without its quotes.
std::string ShowValue(const google::protobuf::Value& value) {
  if (value.kind_case() == google::protobuf::Value::kStringValue) return value.string_value();
  std::string json = ToJson(value, JsonSpacing::kOneLine);
  json.pop_back();
  return json;
}

// One row for each setting, by its path ("webhooks.signing_key").
void AddSettings(const google::protobuf::Struct& settings, const std::string& prefix,
                 std::map<std::string, std::string>& rows) {
  for (const auto& [name, value] : settings.fields()) {
    if (value.kind_case() == google::protobuf::Value::kStructValue) {
      AddSettings(value.struct_value(), absl::StrCat(prefix, name, "."), rows);
    } else {
      rows[absl::StrCat(prefix, name)] = ShowValue(value);
    }
  }
}

absl::StatusOr<ExitCode> ShowConfig(Session& session) {
  ASSIGN_OR_RETURN(
      const GetMasterConfigResponse response,
      session.connection().Call(&DeterminedStub::GetMasterConfig, GetMasterConfigRequest()));
  if (session.json) return session.PrintJson(response);
  std::map<std::string, std::string> rows;
  AddSettings(response.config(), "", rows);
  Table table({"SETTING", "VALUE"});
  for (const auto& [name, value] : rows) table.AddRow({name, value});
  table.Print(session.out(), session.color);
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> ShowVersion(Session& session) {
  ASSIGN_OR_RETURN(const GetMasterResponse response,
                   session.connection().Call(&DeterminedStub::GetMaster, GetMasterRequest()));
  if (session.json) {
    const std::string server = ToJson(response, JsonSpacing::kOneLine);
    session.out() << "{\"client\": {\"version\": " << JsonQuote(kVersion)
                  << "}, \"server\": " << absl::StripSuffix(server, "\n") << "}\n";
    return ExitCode::kDone;
  }
  Table table({});
  const auto add = [&table](const char* name, const std::string& value) {
    if (!value.empty()) table.AddRow({{name, Color::kDim}, value});
  };
  add("webhookctl", std::string(kVersion));
  add("webhookd", absl::StrCat(response.version(), " at ", session.connection().address()));
  add("Cluster", response.cluster_name());
  add("Cluster ID", response.cluster_id());
  add("Process ID", response.master_id());
  table.Print(session.out(), session.color);
  return ExitCode::kDone;
}

}  // namespace

void AddServerCommands(CLI::App& app, Session& session) {
  CLI::App& config = *app.add_subcommand("config", "See how the server is configured");
  config.require_subcommand(1);
  config.add_subcommand("show", "Show the configuration in force, the signing key included")
      ->callback([&session] { session.command = [&session] { return ShowConfig(session); }; });
  app.add_subcommand("version", "Show the versions of webhookctl and of the server")
      ->callback([&session] { session.command = [&session] { return ShowVersion(session); }; });
}

}  // namespace webhookd
