#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/delivery_output.h"
#include "client/cli/delivery_watch.h"
#include "client/cli/display_width.h"
#include "client/cli/list_pages.h"
#include "client/cli/values.h"

namespace webhookd {
namespace {

// Prints one delivery after something was done to it.
ExitCode PrintDelivery(Session& session, const v1::Delivery& delivery) {
  Table table({});
  const auto add = [&table](const char* name, Table::Cell value) {
    table.AddRow({{name, Color::kDim}, std::move(value)});
  };
  add("ID", absl::StrCat(delivery.id()));
  add("State", StateCell(delivery));
  add("Webhook", WebhookLabel(delivery));
  add("Trigger", absl::StrCat(delivery.trigger_id()));
  add("Event", absl::StrCat(delivery.event_type(), " ", delivery.event_id()));
  add("Attempts", absl::StrCat(delivery.attempt_count(), ", last: ", LastResult(delivery)));
  add("Created", ShowTime(delivery.created_at(), delivery.has_created_at()));
  if (delivery.has_next_attempt_at()) {
    add("Next attempt", ShowTime(delivery.next_attempt_at(), true));
  }
  if (delivery.has_finished_at()) add("Finished", ShowTime(delivery.finished_at(), true));
  table.Print(session.out(), session.color);
  return ExitCode::kDone;
}

void PrintAttempts(Session& session, const v1::GetDeliveryResponse& response) {
  if (response.attempts().empty()) {
    session.out() << "No attempt was made yet.\n";
    return;
  }
  Table table({"ATTEMPT", "STARTED", "TIME", "STATUS", "ADDRESS", "ERROR", "ANSWER"});
  for (const v1::Attempt& attempt : response.attempts()) {
    table.AddRow(
        {absl::StrCat(attempt.number()), ShowTime(attempt.started_at(), attempt.has_started_at()),
         ShowDuration(attempt.duration()),
         attempt.status() == 0 ? "-" : absl::StrCat(attempt.status()),
         attempt.remote_address().empty() ? "-" : attempt.remote_address(),
         attempt.error_class().empty()
             ? Table::Cell("-")
             : Table::Cell(absl::StrCat(attempt.error_class(), ": ", attempt.error_message()),
                           Color::kRed),
         attempt.response_excerpt()});
  }
  table.Print(session.out(), session.color);
}

// Each attempt's headers, in the form that `webhookctl verify --headers` reads.
void PrintHeaders(Session& session, const v1::GetDeliveryResponse& response) {
  for (const v1::Attempt& attempt : response.attempts()) {
    session.out() << '\n'
                  << session.Painted(absl::StrCat("Headers of attempt ", attempt.number()),
                                     Color::kBold)
                  << '\n';
    if (attempt.request_headers_not_kept()) {
      session.out() << "They were not kept by the earlier version that made it.\n";
    }
    for (const v1::HttpHeader& header : attempt.request_headers()) {
      session.out() << Printable(header.name()) << ": " << Printable(header.value()) << '\n';
    }
  }
}

// The options that choose deliveries, for `list` and `watch`.
void AddFilterOptions(CLI::App* app, Session& session, std::shared_ptr<WatchOptions> options) {
  v1::ListDeliveriesRequest& filter = options->filter;
  app->add_option_function<int>(
         "--webhook-id", [&filter](int id) { filter.set_webhook_id(id); }, "Only of this webhook")
      ->type_name("N");
  app->add_option("--event-id", *filter.mutable_event_id(),
                  "Only of this event; the beginning of its id will do")
      ->type_name("UUID");
  app->add_option_function<std::string>(
         "--since",
         [&session, &filter](const std::string& text) {
           const absl::StatusOr<absl::Time> time = ParseTime(text, session.terminal.clock.Now());
           if (!time.ok()) {
             throw CLI::ValidationError("--since", std::string(time.status().message()));
           }
           *filter.mutable_created_from() = ToTimestamp(*time);
         },
         "Only created since: RFC 3339, Unix seconds, or an offset from now such as -1h")
      ->type_name("TIME");
}

void AddList(CLI::App& group, Session& session) {
  struct Options {
    std::shared_ptr<WatchOptions> filter = std::make_shared<WatchOptions>();
    int state = v1::DELIVERY_STATE_UNSPECIFIED;
    int64_t limit = 50;
  };
  CLI::App* const app = group.add_subcommand("list", "List deliveries, newest first");
  auto options = std::make_shared<Options>();
  AddFilterOptions(app, session, options->filter);
  AddParsedOption(
      app, "--state", options->state,
      [](const std::string& text) {
        return ParseEnum(*v1::DeliveryState_descriptor(), "DELIVERY_STATE_", text);
      },
      "pending|in-flight|delivered|failed|canceled|skipped", "Only in this state");
  app->add_option("--limit", options->limit, "How many at most; 0 for all")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      v1::ListDeliveriesRequest request = options->filter->filter;
      request.set_state(static_cast<v1::DeliveryState>(options->state));
      ASSIGN_OR_RETURN(
          const v1::ListDeliveriesResponse all,
          ListPages(options->limit, request, &v1::ListDeliveriesResponse::mutable_deliveries,
                    [&session](const v1::ListDeliveriesRequest& page) {
                      return session.connection().Call(&DeliveryStub::ListDeliveries, page);
                    }));
      if (session.json) return session.PrintJson(all);
      if (all.deliveries().empty()) {
        session.out() << "No deliveries.\n";
        return ExitCode::kDone;
      }
      Table table({"ID", "CREATED", "WEBHOOK", "EVENT", "STATE", "ATTEMPTS", "LAST", "NEXT"});
      for (const v1::Delivery& delivery : all.deliveries()) {
        table.AddRow(
            {absl::StrCat(delivery.id()),
             ShowTime(delivery.created_at(), delivery.has_created_at()), WebhookLabel(delivery),
             absl::StrCat(delivery.event_type(), " ", delivery.event_id()), StateCell(delivery),
             absl::StrCat(delivery.attempt_count()), LastResult(delivery),
             ShowTime(delivery.next_attempt_at(), delivery.has_next_attempt_at())});
      }
      table.Print(session.out(), session.color);
      if (!all.next_page_token().empty()) {
        session.terminal.err << "There are more; see --limit.\n";
      }
      return ExitCode::kDone;
    };
  });
}

// A command with the number of a delivery.
void AddById(CLI::App& group, Session& session, const std::string& name,
             const std::string& description,
             std::function<absl::StatusOr<ExitCode>(Session&, int64_t)> run) {
  CLI::App* const app = group.add_subcommand(name, description);
  auto id = std::make_shared<int64_t>();
  app->add_option("ID", *id, "Number of the delivery")->type_name("")->required();
  app->callback([&session, id, run = std::move(run)] {
    session.command = [&session, id, run] { return run(session, *id); };
  });
}

absl::StatusOr<ExitCode> Get(Session& session, int64_t id) {
  v1::GetDeliveryRequest request;
  request.set_delivery_id(id);
  ASSIGN_OR_RETURN(const v1::GetDeliveryResponse response,
                   session.connection().Call(&DeliveryStub::GetDelivery, request));
  if (session.json) return session.PrintJson(response);
  PrintDelivery(session, response.delivery());
  session.out() << '\n';
  PrintAttempts(session, response);
  PrintHeaders(session, response);
  session.out() << '\n'
                << session.Painted("Body", Color::kBold) << '\n'
                << Printable(response.request_body()) << '\n';
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Redeliver(Session& session, int64_t id) {
  v1::RedeliverDeliveryRequest request;
  request.set_delivery_id(id);
  ASSIGN_OR_RETURN(const v1::RedeliverDeliveryResponse response,
                   session.connection().Call(&DeliveryStub::RedeliverDelivery, request));
  return session.json ? session.PrintJson(response) : PrintDelivery(session, response.delivery());
}

absl::StatusOr<ExitCode> Cancel(Session& session, int64_t id) {
  v1::CancelDeliveryRequest request;
  request.set_delivery_id(id);
  ASSIGN_OR_RETURN(const v1::CancelDeliveryResponse response,
                   session.connection().Call(&DeliveryStub::CancelDelivery, request));
  if (session.json) return session.PrintJson(response);
  if (response.attempt_in_flight()) {
    session.out() << "A request was under way already: the receiver may get it all the same.\n";
  }
  return PrintDelivery(session, response.delivery());
}

void AddReplay(CLI::App& group, Session& session) {
  struct Options {
    int webhook_id = 0;
    std::optional<absl::Time> since;
    std::optional<absl::Time> until;
    bool include_skipped = false;
  };
  CLI::App* const app =
      group.add_subcommand("replay", "Send all failed deliveries of a webhook again");
  auto options = std::make_shared<Options>();
  const auto parse_time = [&session](const std::string& text) {
    return ParseTime(text, session.terminal.clock.Now());
  };
  app->add_option("--webhook-id", options->webhook_id, "The webhook")->type_name("N")->required();
  AddParsedOption(app, "--since", options->since, parse_time, "TIME",
                  "Only created since: RFC 3339, Unix seconds, or an offset from now such as -1h");
  AddParsedOption(app, "--until", options->until, parse_time, "TIME", "Only created before");
  app->add_flag("--include-skipped", options->include_skipped,
                "Those too that were skipped while the webhook was disabled");
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      v1::ReplayDeliveriesRequest request;
      request.set_webhook_id(options->webhook_id);
      if (options->since.has_value())
        *request.mutable_created_from() = ToTimestamp(*options->since);
      if (options->until.has_value()) {
        *request.mutable_created_before() = ToTimestamp(*options->until);
      }
      request.set_include_skipped(options->include_skipped);
      ASSIGN_OR_RETURN(const v1::ReplayDeliveriesResponse response,
                       session.connection().Call(&DeliveryStub::ReplayDeliveries, request));
      if (session.json) return session.PrintJson(response);
      session.out() << "Deliveries pending again: " << response.replayed_count() << ".\n";
      return ExitCode::kDone;
    };
  });
}

void AddWatch(CLI::App& group, Session& session) {
  CLI::App* const app =
      group.add_subcommand("watch", "Show deliveries as they come and change, until interrupted");
  auto options = std::make_shared<WatchOptions>();
  AddFilterOptions(app, session, options);
  app->add_flag("--until-settled", options->until_settled,
                "End once all deliveries seen, and at least one, are settled");
  app->add_option("--count", options->count, "End once so many deliveries are settled")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  AddParsedOption(app, "--timeout", options->timeout, ParseTimeSpan, "DURATION",
                  "End after this time at the latest");
  AddParsedOption(app, "--interval", options->interval, ParseTimeSpan, "DURATION",
                  "Time between two looks; 1s by default");
  app->footer(
      "Without --event-id or --since only deliveries that come after the start are shown.\n"
      "Exits with 1 when the time is over before what was waited for, or when a delivery failed "
      "or\n"
      "was canceled.");
  app->callback([&session, options] {
    session.command = [&session, options] { return WatchDeliveries(session, *options); };
  });
}

}  // namespace

void AddDeliveryCommands(CLI::App& app, Session& session) {
  CLI::App& group =
      *app.add_subcommand("delivery", "See what became of events, and send them again");
  group.require_subcommand(1);
  AddList(group, session);
  AddById(group, session, "get", "Show a delivery with its attempts and its body", Get);
  AddById(group, session, "redeliver", "Send a delivery again, now, whatever became of it",
          Redeliver);
  AddReplay(group, session);
  AddById(group, session, "cancel", "Give up a delivery that waits", Cancel);
  AddWatch(group, session);
}

}  // namespace webhookd
