#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/report_stream.h"
#include "client/cli/values.h"
#include "client/cpp/event_client.h"

namespace webhookd {
namespace {

struct Options {
  v1::ReportExperimentStateRequest report;
  std::string state;
  std::optional<absl::Time> start;
  std::optional<absl::Time> end;
  std::optional<absl::Time> occurred_at;
  std::optional<int> id;
  int slots_per_trial = 0;
  int workspace_id = 0;
  int project_id = 0;
  std::optional<int> trial_id;
  std::vector<int> webhook_ids;
  std::vector<std::string> webhook_names;
  bool exclude = false;
  std::string input;  // a file with lines, or "-"
};

absl::StatusOr<ExitCode> ReportOne(Session& session, const Options& options) {
  v1::ReportExperimentStateRequest report = options.report;
  v1::Experiment& experiment = *report.mutable_experiment();
  experiment.set_id(*options.id);
  ASSIGN_OR_RETURN(const int state, ParseEnum(*determined::experiment::v1::State_descriptor(),
                                              "STATE_", options.state));
  experiment.set_state(static_cast<determined::experiment::v1::State>(state));
  if (options.start.has_value()) *experiment.mutable_start_time() = ToTimestamp(*options.start);
  if (options.end.has_value()) *experiment.mutable_end_time() = ToTimestamp(*options.end);
  if (options.occurred_at.has_value()) {
    *report.mutable_occurred_at() = ToTimestamp(*options.occurred_at);
  }
  experiment.set_slots_per_trial(options.slots_per_trial);
  experiment.set_workspace_id(options.workspace_id);
  experiment.set_project_id(options.project_id);
  if (options.trial_id.has_value()) experiment.set_trial_id(*options.trial_id);
  v1::WebhookIntegration& integration = *experiment.mutable_webhooks();
  integration.mutable_webhook_id()->Add(options.webhook_ids.begin(), options.webhook_ids.end());
  integration.mutable_webhook_name()->Add(options.webhook_names.begin(),
                                          options.webhook_names.end());
  integration.set_exclude(options.exclude);

  RETURN_IF_ERROR(session.connection().Check());
  ASSIGN_OR_RETURN(const std::unique_ptr<EventClient> client,
                   EventClient::Create(session.ClientOptions()));
  ASSIGN_OR_RETURN(const v1::ReportExperimentStateResponse response,
                   client->ReportExperimentState(std::move(report)));
  if (session.json) return session.PrintJson(response);
  session.out() << "Event " << response.event_id()
                << (response.duplicate() ? " was reported before" : " is accepted")
                << "; deliveries: " << response.delivery_count() << '\n';
  if (response.deliveries().empty()) return ExitCode::kDone;
  Table table({"DELIVERY", "WEBHOOK", "TRIGGER", ""});
  for (const v1::MatchedDelivery& delivery : response.deliveries()) {
    table.AddRow({absl::StrCat(delivery.delivery_id()),
                  absl::StrCat(delivery.webhook_id()),
                  absl::StrCat(delivery.trigger_id()),
                  {delivery.skipped() ? "skipped: the webhook is disabled" : "", Color::kYellow}});
  }
  table.Print(session.out(), session.color);
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> ReportFile(Session& session, const std::string& path) {
  if (path == "-") return ReportLines(session, session.terminal.in);
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return ReportLines(session, file);
}

// Options and the parts of the report they are read into. The report's own strings serve as
// targets.
void AddOptions(CLI::App* app, Session& session, Options& options) {
  v1::Experiment& experiment = *options.report.mutable_experiment();
  const auto parse_time = [&session](const std::string& text) {
    return ParseTime(text, session.terminal.clock.Now());
  };
  app->add_option("--id", options.id, "Number of the experiment")->type_name("N");
  AddParsedOption(app, "--state", options.state, ParseExperimentState, "STATE",
                  "State that it reached, such as COMPLETED or ERROR");
  app->add_option("--name", *experiment.mutable_name(), "Its name")->type_name("TEXT");
  AddParsedOption(app, "--start", options.start, parse_time, "TIME", "When it started");
  AddParsedOption(app, "--end", options.end, parse_time, "TIME", "When it ended");
  AddParsedOption(app, "--occurred-at", options.occurred_at, parse_time, "TIME",
                  "When it reached the state; now when left out");
  app->add_option("--slots-per-trial", options.slots_per_trial, "Slots that each trial uses")
      ->type_name("N");
  app->add_option("--resource-pool", *experiment.mutable_resource_pool(), "Its resource pool")
      ->type_name("NAME");
  app->add_option("--workspace-id", options.workspace_id, "Number of its workspace")
      ->type_name("N");
  app->add_option("--workspace", *experiment.mutable_workspace_name(), "Name of its workspace")
      ->type_name("NAME");
  app->add_option("--project-id", options.project_id, "Number of its project")->type_name("N");
  app->add_option("--project", *experiment.mutable_project_name(), "Name of its project")
      ->type_name("NAME");
  app->add_option("--trial-id", options.trial_id, "The trial that the report is about")
      ->type_name("N");
  app->add_option("--webhook-id", options.webhook_ids,
                  "A webhook of mode specific that its configuration names, by number; repeatable")
      ->type_name("N")
      ->allow_extra_args(false);
  app->add_option("--webhook-name", options.webhook_names, "The same by name; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app->add_flag("--exclude", options.exclude, "Its configuration keeps every webhook from firing");
  app->add_option(
         "--idempotency-key", *options.report.mutable_idempotency_key(),
         "A report with the key of an earlier one causes nothing new; random when left out")
      ->type_name("KEY");
}

}  // namespace

void AddReportCommands(CLI::App& app, Session& session) {
  CLI::App& group = *app.add_subcommand("report", "Report events, as a Determined master does");
  group.require_subcommand(1);
  CLI::App* const command =
      group.add_subcommand("experiment-state", "Report that an experiment reached a state");
  auto options = std::make_shared<Options>();
  AddOptions(command, session, *options);
  CLI::Option* const stdin_flag = command->add_flag_callback(
      "--stdin", [options] { options->input = "-"; }, "The same as -");
  command
      ->add_option("FILE", options->input,
                   "Report each line of a file, or of standard input (-): JSON of a "
                   "ReportExperimentStateRequest or a StreamEventsRequest")
      ->type_name("")
      ->excludes(stdin_flag);
  command->footer(
      "TIME is RFC 3339, Unix seconds, now, or an offset from now such as -41s.\n"
      "Examples:\n"
      "  webhookctl report experiment-state --id 41 --name cifar10 --state COMPLETED --start -41s "
      "--end now\n"
      "  webhookctl report experiment-state - < reports.jsonl");
  command->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      const bool described = options->id.has_value() || !options->state.empty();
      if (!options->input.empty()) {
        if (described) {
          return session.UsageError("give a report with --id and --state, or lines, but not both");
        }
        return ReportFile(session, options->input);
      }
      if (!options->id.has_value() || options->state.empty()) {
        return session.UsageError("--id and --state are needed (or - for lines of JSON)");
      }
      return ReportOne(session, *options);
    };
  });
}

}  // namespace webhookd
