#include <cstdint>
#include <fstream>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/values.h"
#include "webhookd/v1/ingest.grpc.pb.h"

namespace webhookd {
namespace {

using EventStub = v1::EventService::Stub;

// What all of these reports tell of an experiment.
struct ExperimentOptions {
  std::optional<int> id;
  int workspace_id = 0;
  std::optional<int> trial_id;
  std::vector<int> webhook_ids;
  std::vector<std::string> webhook_names;

  void SetIn(v1::Experiment& experiment) const {
    experiment.set_id(*id);
    experiment.set_workspace_id(workspace_id);
    if (trial_id.has_value()) experiment.set_trial_id(*trial_id);
    if (webhook_ids.empty() && webhook_names.empty()) return;
    v1::WebhookIntegration& listed = *experiment.mutable_webhooks();
    listed.mutable_webhook_id()->Add(webhook_ids.begin(), webhook_ids.end());
    listed.mutable_webhook_name()->Add(webhook_names.begin(), webhook_names.end());
  }
};

void AddExperimentOptions(CLI::App* app, ExperimentOptions& options) {
  app->add_option("--experiment-id", options.id, "The experiment")->type_name("N");
  app->add_option("--workspace-id", options.workspace_id,
                  "Its workspace; as told before when left out")
      ->type_name("N");
  app->add_option("--trial-id", options.trial_id, "The trial")->type_name("N");
  app->add_option("--webhook-id", options.webhook_ids,
                  "A webhook of mode specific that its configuration names, by number; repeatable")
      ->type_name("N")
      ->allow_extra_args(false);
  app->add_option("--webhook-name", options.webhook_names, "The same by name; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

template <typename Response>
ExitCode PrintFired(Session& session, const Response& response) {
  if (session.json) return session.PrintJson(response);
  session.out() << (response.duplicate() ? "Reported before" : "Accepted")
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

// Lines of a file, or of standard input for "-".
absl::StatusOr<std::vector<std::string>> ReadLines(Session& session, const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path);
    if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  std::istream& in = path == "-" ? session.terminal.in : file;
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void AddLog(CLI::App& group, Session& session) {
  struct Options {
    ExperimentOptions experiment;
    v1::ReportTaskLogsRequest request;
    std::string task_id;
    std::string agent_id;
    std::vector<std::string> lines;
    std::string file;
  };
  CLI::App* const app = group.add_subcommand("log", "Report lines that a task wrote");
  auto options = std::make_shared<Options>();
  app->add_option("--task-id", options->task_id, "The task")->type_name("ID")->required();
  app->add_option("--line", options->lines, "A line; repeatable")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  app->add_option("--agent-id", options->agent_id, "The agent that it runs on")->type_name("ID");
  AddExperimentOptions(app, options->experiment);
  app->add_option("--idempotency-key", *options->request.mutable_idempotency_key(),
                  "A report with the key of an earlier one causes nothing new")
      ->type_name("KEY");
  app->add_option("FILE", options->file, "Lines of a file, or of standard input (-)")
      ->type_name("");
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      std::vector<std::string> lines = options->lines;
      if (!options->file.empty()) {
        if (!lines.empty()) return session.UsageError("give --line or a file, but not both");
        ASSIGN_OR_RETURN(lines, ReadLines(session, options->file));
      }
      if (lines.empty()) return session.UsageError("--line or a file with lines is needed");
      v1::ReportTaskLogsRequest request = options->request;
      if (options->experiment.id.has_value()) {
        options->experiment.SetIn(*request.mutable_experiment());
      }
      for (std::string& line : lines) {
        auto& log = *request.add_logs();
        log.set_task_id(options->task_id);
        if (!options->agent_id.empty()) log.set_agent_id(options->agent_id);
        log.set_log(std::move(line));
      }
      ASSIGN_OR_RETURN(const v1::ReportTaskLogsResponse response,
                       session.connection().Call(&EventStub::ReportTaskLogs, request));
      return PrintFired(session, response);
    };
  });
}

void AddMetric(CLI::App& group, Session& session) {
  struct Options {
    ExperimentOptions experiment;
    v1::ReportMetricsRequest request;
    std::string group = "training";
    int steps = 0;
    std::vector<std::string> metrics;
  };
  CLI::App* const app = group.add_subcommand("metric", "Report metrics of a trial");
  auto options = std::make_shared<Options>();
  AddExperimentOptions(app, options->experiment);
  app->add_option("--metric", options->metrics, "A metric and its value; repeatable")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->required();
  app->add_option("--group", options->group, "What they were measured on")
      ->type_name("training|validation")
      ->capture_default_str();
  app->add_option("--steps", options->steps, "After how many steps")->type_name("N");
  app->add_option("--idempotency-key", *options->request.mutable_idempotency_key(),
                  "A report with the key of an earlier one causes nothing new")
      ->type_name("KEY");
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      if (!options->experiment.id.has_value() || !options->experiment.trial_id.has_value()) {
        return session.UsageError("--experiment-id and --trial-id are needed");
      }
      v1::ReportMetricsRequest request = options->request;
      options->experiment.SetIn(*request.mutable_experiment());
      request.set_group(options->group);
      request.set_steps_completed(options->steps);
      for (const std::string& text : options->metrics) {
        const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
        v1::Metric& metric = *request.add_metrics();
        metric.set_name(parts[0]);
        double value = 0;
        if (parts.size() != 2 || !absl::SimpleAtod(parts[1], &value)) {
          return session.UsageError(
              absl::StrCat("--metric: write a name and a number, such as loss=0.5, not ", text));
        }
        metric.set_value(value);
      }
      ASSIGN_OR_RETURN(const v1::ReportMetricsResponse response,
                       session.connection().Call(&EventStub::ReportMetrics, request));
      return PrintFired(session, response);
    };
  });
}

void AddCustom(CLI::App& group, Session& session) {
  struct Options {
    std::optional<int> experiment_id;
    std::optional<int> trial_id;
    std::string title;
    std::string description;
    int level = determined::log::v1::LOG_LEVEL_INFO;
  };
  CLI::App* const app =
      group.add_subcommand("custom", "Raise an alert, as an experiment's own code does");
  auto options = std::make_shared<Options>();
  app->add_option("--experiment-id", options->experiment_id, "The experiment")
      ->type_name("N")
      ->required();
  app->add_option("--trial-id", options->trial_id, "The trial")->type_name("N");
  app->add_option("--title", options->title, "What happened, in one line")->type_name("TEXT");
  app->add_option("--description", options->description, "The details")->type_name("TEXT");
  AddParsedOption(
      app, "--level", options->level,
      [](const std::string& text) {
        return ParseEnum(*determined::log::v1::LogLevel_descriptor(), "LOG_LEVEL_", text);
      },
      "trace|debug|info|warning|error|critical", "How grave it is [info]");
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      determined::api::v1::PostWebhookEventDataRequest request;
      request.set_experiment_id(*options->experiment_id);
      if (options->trial_id.has_value()) request.set_trial_id(*options->trial_id);
      request.mutable_data()->set_title(options->title);
      request.mutable_data()->set_description(options->description);
      request.mutable_data()->set_level(static_cast<determined::log::v1::LogLevel>(options->level));
      ASSIGN_OR_RETURN(const determined::api::v1::PostWebhookEventDataResponse response,
                       session.connection().Call(&DeterminedStub::PostWebhookEventData, request));
      if (session.json) return session.PrintJson(response);
      session.out() << "Accepted.\n";
      return ExitCode::kDone;
    };
  });
}

}  // namespace

void AddMoreReportCommands(CLI::App& app, Session& session) {
  CLI::App& group = *app.get_subcommand("report");
  AddLog(group, session);
  AddMetric(group, session);
  AddCustom(group, session);
}

}  // namespace webhookd
