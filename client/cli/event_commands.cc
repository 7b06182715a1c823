#include <algorithm>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "client/cli/commands.h"
#include "client/cli/delivery_output.h"
#include "client/cli/display_width.h"
#include "client/cli/list_pages.h"
#include "client/cli/values.h"

namespace webhookd {
namespace {

// "for steps" for JUDGEMENT_REASON_FOR_STEPS.
std::string ReasonName(v1::JudgementReason reason) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(EnumName(*v1::JudgementReason_descriptor(),
                                                            "JUDGEMENT_REASON_", reason)),
                             {{"_", " "}});
}

// What happened, in one line.
std::string Summary(const v1::RecordedEvent& event) {
  const v1::EventInput& input = event.input();
  if (input.has_task_log()) {
    return absl::StrCat("task ", input.task_log().task_id(), ": ", input.task_log().log());
  }
  if (input.has_metric()) {
    return absl::StrCat("trial ", input.experiment().trial_id(), ": ", input.metric().name(), " = ",
                        input.metric().value(), " (", input.metric().group(), ", step ",
                        input.metric().steps_completed(), ")");
  }
  if (input.has_custom()) return input.custom().title();
  if (!input.has_experiment()) return "";
  return absl::StrCat(input.experiment().name(), ": ",
                      EnumName(*determined::experiment::v1::State_descriptor(), "STATE_",
                               input.experiment().state()));
}

void PrintEvents(Session& session,
                 const google::protobuf::RepeatedPtrField<v1::RecordedEvent>& events) {
  Table table({"EVENT", "ACCEPTED", "TYPE", "EXPERIMENT", "DELIVERIES", "WHAT"});
  for (const v1::RecordedEvent& event : events) {
    constexpr size_t kMaxShown = 60;
    std::string what = Summary(event);
    if (what.size() > kMaxShown) what = absl::StrCat(what.substr(0, kMaxShown), "…");
    table.AddRow({event.event_id(), ShowTime(event.accepted_at(), event.has_accepted_at()),
                  event.event_type(),
                  event.experiment_id() == 0 ? "-" : absl::StrCat(event.experiment_id()),
                  absl::StrCat(event.delivery_count()), what});
  }
  table.Print(session.out(), session.color);
}

void PrintEvent(Session& session, const v1::RecordedEvent& event) {
  Table table({});
  const auto add = [&table](const char* name, Table::Cell value) {
    table.AddRow({{name, Color::kDim}, std::move(value)});
  };
  add("Event", event.event_id());
  add("Type", event.event_type());
  add("Experiment", event.experiment_id() == 0 ? "-" : absl::StrCat(event.experiment_id()));
  add("Occurred", ShowTime(event.occurred_at(), event.has_occurred_at()));
  add("Accepted", ShowTime(event.accepted_at(), event.has_accepted_at()));
  add("Deliveries", absl::StrCat(event.delivery_count()));
  add("What", Summary(event));
  for (const std::string& correction : event.input().corrections()) add("Note", correction);
  table.Print(session.out(), session.color);
}

Table::Cell ReasonCell(const v1::TriggerJudgement& judgement) {
  if (judgement.reason() == v1::JUDGEMENT_REASON_FIRED) return {"fired", Color::kGreen};
  return {ReasonName(judgement.reason()), judgement.fired() ? Color::kYellow : Color::kDim};
}

void PrintJudgements(Session& session, const v1::GetEventResponse& response, bool fired_only) {
  Table table({"WEBHOOK", "TRIGGER", "RESULT", "DELIVERY", "WHY"});
  for (const v1::TriggerJudgement& judgement : response.judgements()) {
    if (fired_only && !judgement.fired()) continue;
    v1::Delivery delivery;
    delivery.set_state(judgement.delivery_state());
    std::string why = judgement.explanation();
    if (judgement.deleted()) absl::StrAppend(&why, " (the webhook was deleted since)");
    if (judgement.changed_since()) absl::StrAppend(&why, " (the webhook was changed since)");
    const bool numbered = judgement.webhook_id() != 0;
    table.AddRow({absl::StrCat(judgement.webhook_name(),
                               judgement.webhook_name().empty() || !numbered ? "" : " ",
                               numbered ? absl::StrCat("(#", judgement.webhook_id(), ")") : ""),
                  judgement.trigger_id() == 0 ? "-" : absl::StrCat(judgement.trigger_id()),
                  ReasonCell(judgement),
                  judgement.fired() ? Table::Cell(absl::StrCat(judgement.delivery_id(), " ",
                                                               StateCell(delivery).text))
                                    : Table::Cell("-"),
                  why});
  }
  if (table.empty()) {
    session.out() << (fired_only ? "No trigger fired.\n" : "There are no triggers.\n");
    return;
  }
  table.Print(session.out(), session.color);
}

void AddList(CLI::App& group, Session& session) {
  struct Options {
    v1::ListEventsRequest request;
    int experiment_id = 0;
    int64_t limit = 50;
  };
  CLI::App* const app = group.add_subcommand("list", "List events, newest first");
  auto options = std::make_shared<Options>();
  app->add_option("--type", *options->request.mutable_event_type(), "Only of this type")
      ->type_name("EXPERIMENT_STATE_CHANGE|METRIC_THRESHOLD_EXCEEDED|TASK_LOG|CUSTOM");
  app->add_option("--experiment-id", options->experiment_id, "Only of this experiment")
      ->type_name("N");
  app->add_option("--limit", options->limit, "How many at most; 0 for all")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app->footer("Lines of logs and metrics are events only if they fired a trigger.");
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      v1::ListEventsRequest request = options->request;
      request.set_experiment_id(options->experiment_id);
      ASSIGN_OR_RETURN(const v1::ListEventsResponse all,
                       ListPages(options->limit, request, &v1::ListEventsResponse::mutable_events,
                                 [&session](const v1::ListEventsRequest& page) {
                                   return session.connection().Call(&DeliveryStub::ListEvents,
                                                                    page);
                                 }));
      if (session.json) return session.PrintJson(all);
      if (all.events().empty()) {
        session.out() << "No events.\n";
        return ExitCode::kDone;
      }
      PrintEvents(session, all.events());
      if (!all.next_page_token().empty()) {
        session.terminal.err << "There are more; see --limit.\n";
      }
      return ExitCode::kDone;
    };
  });
}

void AddShow(CLI::App& group, Session& session, const char* name, const char* description,
             bool fired_only) {
  CLI::App* const app = group.add_subcommand(name, description);
  auto request = std::make_shared<v1::GetEventRequest>();
  app->add_option("EVENT", *request->mutable_event_id(), "Id of the event, a UUID")
      ->type_name("")
      ->required();
  app->callback([&session, request, fired_only] {
    session.command = [&session, request, fired_only]() -> absl::StatusOr<ExitCode> {
      ASSIGN_OR_RETURN(const v1::GetEventResponse response,
                       session.connection().Call(&DeliveryStub::GetEvent, *request));
      if (session.json) return session.PrintJson(response);
      PrintEvent(session, response.event());
      session.out() << '\n';
      PrintJudgements(session, response, fired_only);
      return ExitCode::kDone;
    };
  });
}

// One trigger, from the option that was given.
struct TriggerOptions {
  std::string state;
  std::string regex;
  std::string json;
};

absl::StatusOr<determined::webhook::v1::Trigger> TriggerFrom(const TriggerOptions& options) {
  determined::webhook::v1::Trigger trigger;
  auto& fields = *trigger.mutable_condition()->mutable_fields();
  if (!options.json.empty()) {
    RETURN_IF_ERROR(ParseJson(options.json, trigger));
  } else if (!options.regex.empty()) {
    trigger.set_trigger_type(determined::webhook::v1::TRIGGER_TYPE_TASK_LOG);
    fields["regex"].set_string_value(options.regex);
  } else {
    trigger.set_trigger_type(determined::webhook::v1::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE);
    fields["state"].set_string_value(options.state);
  }
  return trigger;
}

void PrintDryRun(Session& session, const v1::DryRunTriggerResponse& response) {
  session.out() << "Tried on " << response.examined_count() << " events; would have fired for "
                << response.fired_count() << ".\n";
  for (const v1::ReasonCount& reason : response.reasons()) {
    session.out() << "  not for " << reason.count() << ": " << ReasonName(reason.reason()) << '\n';
  }
  if (response.fired().empty()) return;
  session.out() << '\n';
  PrintEvents(session, response.fired());
}

void AddDryRun(CLI::App& group, Session& session) {
  struct Options {
    TriggerOptions trigger;
    v1::DryRunTriggerRequest request;
    int workspace_id = 0;
    bool specific = false;
    int webhook_id = 0;
    int events = 0;
  };
  CLI::App* const app = group.add_subcommand(
      "dry-run", "Say which of the latest events a trigger would have fired for");
  auto options = std::make_shared<Options>();
  AddParsedOption(app, "--on", options->trigger.state, ParseExperimentState, "STATE",
                  "Fire when an experiment reaches this state");
  app->add_option("--regex", options->trigger.regex, "Fire for a line of a log that matches")
      ->type_name("REGEX");
  app->add_option("--trigger", options->trigger.json, "Any trigger, as JSON")->type_name("JSON");
  app->add_option("--workspace-id", options->workspace_id,
                  "Of a webhook of this workspace; global when left out")
      ->type_name("N");
  app->add_flag("--specific", options->specific,
                "Of a webhook that fires only for experiments that name it");
  app->add_option("--webhook-name", *options->request.mutable_webhook_name(),
                  "The name that they name it by")
      ->type_name("NAME");
  app->add_option("--webhook-id", options->webhook_id, "The number that they name it by")
      ->type_name("N");
  app->add_option("--events", options->events, "How many events to try it on [1000]")
      ->type_name("N");
  app->footer("Sends and stores nothing. Lines and metrics that fired no trigger were not kept.");
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      const TriggerOptions& trigger = options->trigger;
      const int given =
          int{!trigger.state.empty()} + int{!trigger.regex.empty()} + int{!trigger.json.empty()};
      if (given != 1) return session.UsageError("give one of --on, --regex and --trigger");
      v1::DryRunTriggerRequest request = options->request;
      ASSIGN_OR_RETURN(*request.mutable_trigger(), TriggerFrom(trigger));
      request.set_workspace_id(options->workspace_id);
      request.set_mode(options->specific ? determined::webhook::v1::WEBHOOK_MODE_SPECIFIC
                                         : determined::webhook::v1::WEBHOOK_MODE_WORKSPACE);
      request.set_webhook_id(options->webhook_id);
      request.set_event_count(options->events);
      ASSIGN_OR_RETURN(const v1::DryRunTriggerResponse response,
                       session.connection().Call(&DeliveryStub::DryRunTrigger, request));
      if (session.json) return session.PrintJson(response);
      PrintDryRun(session, response);
      return ExitCode::kDone;
    };
  });
}

// The lines of the terminal's input, each with its end.
std::vector<std::string> ReadLines(std::istream& in) {
  std::vector<std::string> lines;
  std::string line;
  while (std::getline(in, line)) lines.push_back(ValidUtf8(in.eof() ? line : line + "\n"));
  return lines;
}

void PrintLineMatches(Session& session, const v1::TestPatternRequest& request,
                      const v1::TestPatternResponse& response) {
  Table table({"LINE", "RESULT", "MATCH", "TEXT"});
  for (int i = 0; i < response.results_size(); ++i) {
    const v1::LineMatch& match = response.results(i);
    const std::string& line = request.lines(i);
    Table::Cell result = "-";
    if (match.matches()) {
      result = match.config_line() ? Table::Cell("configuration", Color::kYellow)
                                   : Table::Cell("fires", Color::kGreen);
    }
    table.AddRow({absl::StrCat(i + 1), result,
                  match.matches() ? line.substr(match.begin(), match.end() - match.begin()) : "",
                  line.substr(0, 120)});
  }
  table.Print(session.out(), session.color);
}

void AddTestPattern(CLI::App& group, Session& session) {
  CLI::App* const app = group.add_subcommand(
      "test-pattern", "Try a pattern on lines of a log, as the server matches them");
  auto request = std::make_shared<v1::TestPatternRequest>();
  app->add_option("REGEX", *request->mutable_regex(), "The pattern of a TASK_LOG trigger")
      ->type_name("")
      ->required();
  app->footer(
      "Reads the lines from standard input, at most 1,000. Exits with 1 when none would fire.\n"
      "Example:\n  webhookctl event test-pattern 'CUDA.*memory$' < train.log");
  app->callback([&session, request] {
    session.command = [&session, request]() -> absl::StatusOr<ExitCode> {
      v1::TestPatternRequest tried = *request;
      for (std::string& line : ReadLines(session.terminal.in)) tried.add_lines(std::move(line));
      ASSIGN_OR_RETURN(const v1::TestPatternResponse response,
                       session.connection().Call(&DeliveryStub::TestPattern, tried));
      const bool fires = std::any_of(
          response.results().begin(), response.results().end(),
          [](const v1::LineMatch& match) { return match.matches() && !match.config_line(); });
      const ExitCode result = fires ? ExitCode::kDone : ExitCode::kFailed;
      if (session.json) {
        session.PrintJson(response);
        return result;
      }
      if (!response.error().empty()) {
        session.terminal.err << "The pattern cannot be used: " << Printable(response.error())
                             << ".\n";
        return ExitCode::kFailed;
      }
      if (tried.lines().empty()) {
        session.out() << "The pattern can be used; there were no lines to try it on.\n";
        return ExitCode::kDone;
      }
      PrintLineMatches(session, tried, response);
      return result;
    };
  });
}

}  // namespace

void AddEventCommands(CLI::App& app, Session& session) {
  CLI::App& group =
      *app.add_subcommand("event", "See what happened, and why triggers fired or not");
  group.require_subcommand(1);
  AddList(group, session);
  AddShow(group, session, "show", "Show an event and the triggers that fired for it", true);
  AddShow(group, session, "explain", "Say for every trigger why it fired for an event or not",
          false);
  AddTestPattern(group, session);
  CLI::App& trigger = *app.add_subcommand("trigger", "Try triggers");
  trigger.require_subcommand(1);
  AddDryRun(trigger, session);
}

}  // namespace webhookd
