#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/cli/commands.h"
#include "client/cli/display_width.h"
#include "client/cli/values.h"

namespace webhookd {
namespace {

using determined::api::v1::DeleteWebhookRequest;
using determined::api::v1::DeleteWebhookResponse;
using determined::api::v1::GetWebhookRequest;
using determined::api::v1::GetWebhookResponse;
using determined::api::v1::GetWebhooksRequest;
using determined::api::v1::GetWebhooksResponse;
using determined::api::v1::PatchWebhookRequest;
using determined::api::v1::PatchWebhookResponse;
using determined::api::v1::PostWebhookRequest;
using determined::api::v1::PostWebhookResponse;
using determined::webhook::v1::Trigger;
using determined::webhook::v1::Webhook;
using determined::webhook::v1::WebhookMode;
using determined::webhook::v1::WebhookType;

std::string TypeName(const Webhook& webhook) {
  return absl::AsciiStrToLower(EnumName(*determined::webhook::v1::WebhookType_descriptor(),
                                        "WEBHOOK_TYPE_", webhook.webhook_type()));
}

std::string ModeName(const Webhook& webhook) {
  return absl::AsciiStrToLower(EnumName(*determined::webhook::v1::WebhookMode_descriptor(),
                                        "WEBHOOK_MODE_", webhook.mode()));
}

std::string WorkspaceName(const Webhook& webhook) {
  return webhook.workspace_id() == 0 ? "all" : absl::StrCat(webhook.workspace_id());
}

std::string DescribeTrigger(const Trigger& trigger) {
  std::string type = EnumName(*determined::webhook::v1::TriggerType_descriptor(), "TRIGGER_TYPE_",
                              trigger.trigger_type());
  const auto& condition = trigger.condition().fields();
  if (trigger.trigger_type() == determined::webhook::v1::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE) {
    if (const auto state = condition.find("state"); state != condition.end()) {
      return state->second.string_value();
    }
  }
  if (condition.empty()) return type;
  std::string json = ToJson(trigger.condition(), JsonSpacing::kOneLine);
  json.pop_back();
  return absl::StrCat(type, " ", json);
}

std::string DescribeTriggers(const Webhook& webhook) {
  return absl::StrJoin(webhook.triggers(), ", ", [](std::string* out, const Trigger& trigger) {
    absl::StrAppend(out, DescribeTrigger(trigger));
  });
}

Table::Cell StatusCell(const Webhook& webhook) {
  if (!webhook.disabled()) return {"enabled", Color::kGreen};
  return {webhook.disabled_reason().empty()
              ? "disabled"
              : absl::StrCat("disabled (", webhook.disabled_reason(), ")"),
          Color::kYellow};
}

void PrintWebhook(Session& session, const Webhook& webhook) {
  Table table({});
  const auto add = [&table](const char* name, Table::Cell value) {
    table.AddRow({{name, Color::kDim}, std::move(value)});
  };
  add("ID", absl::StrCat(webhook.id()));
  add("Name", webhook.name());
  add("URL", webhook.url());
  add("Type", TypeName(webhook));
  add("Workspace", WorkspaceName(webhook));
  add("Mode", ModeName(webhook));
  add("Status", StatusCell(webhook));
  for (const Trigger& trigger : webhook.triggers()) {
    add(absl::StrCat("Trigger ", trigger.id()).c_str(), DescribeTrigger(trigger));
  }
  if (webhook.has_max_in_flight())
    add("In flight", absl::StrCat(webhook.max_in_flight(), " at most"));
  if (webhook.has_max_requests_per_second()) {
    add("Rate", absl::StrCat(webhook.max_requests_per_second(), " requests per second at most"));
  }
  if (webhook.has_error_state()) add("Error state", webhook.error_state());
  if (webhook.skip_tls_verification()) add("TLS", {"certificate is not verified", Color::kRed});
  if (webhook.has_created_at()) add("Created", ShowTime(webhook.created_at(), true));
  if (webhook.has_disabled_at()) add("Disabled", ShowTime(webhook.disabled_at(), true));
  table.Print(session.out(), session.color);
}

// What `create` and `update` have in common. Unset: not given.
struct WebhookFields {
  std::optional<std::string> name;
  std::optional<std::string> url;
  std::optional<int> mode;
  std::vector<Trigger> triggers;
  std::optional<int> max_in_flight;
  std::optional<double> rate;
  std::optional<std::string> error_state;
};

void AddFieldOptions(CLI::App* app, WebhookFields& fields) {
  app->add_option("--name", fields.name, "Name, unique in its workspace")->type_name("NAME");
  app->add_option("--url", fields.url, "Where requests go, http or https")->type_name("URL");
  AddParsedOption(
      app, "--mode", fields.mode,
      [](const std::string& text) {
        return ParseEnum(*determined::webhook::v1::WebhookMode_descriptor(), "WEBHOOK_MODE_", text);
      },
      "workspace|specific",
      "All experiments of its scope, or only those whose configuration names it");
  app->add_option_function<std::vector<std::string>>(
         "--on",
         [&fields](const std::vector<std::string>& states) {
           for (const std::string& text : states) {
             const absl::StatusOr<std::string> state = ParseExperimentState(text);
             if (!state.ok()) {
               throw CLI::ValidationError("--on", std::string(state.status().message()));
             }
             Trigger& trigger = fields.triggers.emplace_back();
             trigger.set_trigger_type(
                 determined::webhook::v1::TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE);
             (*trigger.mutable_condition()->mutable_fields())["state"].set_string_value(*state);
           }
         },
         "Fire when an experiment reaches this state, such as COMPLETED or ERROR; repeatable")
      ->type_name("STATE")
      ->allow_extra_args(false);
  app->add_option_function<std::vector<std::string>>(
         "--trigger",
         [&fields](const std::vector<std::string>& triggers) {
           for (const std::string& text : triggers) {
             if (absl::Status parsed = ParseJson(text, fields.triggers.emplace_back());
                 !parsed.ok()) {
               throw CLI::ValidationError(
                   "--trigger",
                   absl::StrCat(
                       text, " is not a trigger (", parsed.message(),
                       "); write {\"triggerType\": \"TRIGGER_TYPE_…\", \"condition\": {…}}"));
             }
           }
         },
         "Any trigger, as JSON; repeatable")
      ->type_name("JSON")
      ->allow_extra_args(false);
  app->add_option("--max-in-flight", fields.max_in_flight,
                  "How many requests may be under way at once; 0 for the server's default")
      ->type_name("N");
  app->add_option("--rate", fields.rate, "How many requests a second may start; 0 for no limit")
      ->type_name("N");
  app->add_option(
         "--error-state", fields.error_state,
         "Word for a failed experiment's state in its bodies; \"\" for the server's choice")
      ->type_name("ERRORED|ERROR");
}

void AddList(CLI::App& group, Session& session) {
  group.add_subcommand("list", "List webhooks")->callback([&session] {
    session.command = [&session]() -> absl::StatusOr<ExitCode> {
      ASSIGN_OR_RETURN(
          const GetWebhooksResponse response,
          session.connection().Call(&DeterminedStub::GetWebhooks, GetWebhooksRequest()));
      if (session.json) return session.PrintJson(response);
      if (response.webhooks().empty()) {
        session.out() << "No webhooks. Create one with webhookctl webhook create.\n";
        return ExitCode::kDone;
      }
      Table table({"ID", "NAME", "WORKSPACE", "MODE", "TYPE", "TRIGGERS", "URL", "STATUS"});
      for (const Webhook& webhook : response.webhooks()) {
        table.AddRow({absl::StrCat(webhook.id()), webhook.name(), WorkspaceName(webhook),
                      ModeName(webhook), TypeName(webhook), DescribeTriggers(webhook),
                      webhook.url(), StatusCell(webhook)});
      }
      table.Print(session.out(), session.color);
      return ExitCode::kDone;
    };
  });
}

void AddGet(CLI::App& group, Session& session) {
  CLI::App* const app = group.add_subcommand("get", "Show a webhook");
  auto id = std::make_shared<int>();
  app->add_option("ID", *id, "Number of the webhook")->type_name("")->required();
  app->callback([&session, id] {
    session.command = [&session, id]() -> absl::StatusOr<ExitCode> {
      GetWebhookRequest request;
      request.set_webhook_id(*id);
      ASSIGN_OR_RETURN(const GetWebhookResponse response,
                       session.connection().Call(&DeterminedStub::GetWebhook, request));
      if (session.json) return session.PrintJson(response);
      PrintWebhook(session, response.webhook());
      return ExitCode::kDone;
    };
  });
}

void AddCreate(CLI::App& group, Session& session) {
  struct Options {
    WebhookFields fields;
    int type = determined::webhook::v1::WEBHOOK_TYPE_DEFAULT;
    std::optional<int> workspace_id;
    bool skip_tls_verification = false;
  };
  CLI::App* const app = group.add_subcommand("create", "Create a webhook");
  auto options = std::make_shared<Options>();
  AddFieldOptions(app, options->fields);
  app->get_option("--url")->required();
  AddParsedOption(
      app, "--type", options->type,
      [](const std::string& text) {
        return ParseEnum(*determined::webhook::v1::WebhookType_descriptor(), "WEBHOOK_TYPE_", text);
      },
      "default|slack", "Form of the body; default by default");
  app->add_option("--workspace-id", options->workspace_id,
                  "The workspace whose experiments it sees; all when left out")
      ->type_name("N");
  app->add_flag("--skip-tls-verification", options->skip_tls_verification,
                "Do not verify the certificate of an https URL");
  app->footer(
      "Example:\n  webhookctl webhook create --name ci --url https://ci.example.com/hook --on "
      "COMPLETED --on ERROR");
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      const WebhookFields& fields = options->fields;
      if (fields.triggers.empty()) {
        return session.UsageError(
            "a webhook needs a trigger: --on COMPLETED, --on ERROR, or --trigger JSON");
      }
      PostWebhookRequest request;
      Webhook& webhook = *request.mutable_webhook();
      webhook.set_name(fields.name.value_or(""));
      webhook.set_url(*fields.url);
      webhook.set_webhook_type(static_cast<WebhookType>(options->type));
      webhook.set_mode(static_cast<WebhookMode>(
          fields.mode.value_or(determined::webhook::v1::WEBHOOK_MODE_WORKSPACE)));
      if (options->workspace_id.has_value()) webhook.set_workspace_id(*options->workspace_id);
      webhook.mutable_triggers()->Add(fields.triggers.begin(), fields.triggers.end());
      if (fields.max_in_flight.value_or(0) != 0) webhook.set_max_in_flight(*fields.max_in_flight);
      if (fields.rate.value_or(0) != 0) webhook.set_max_requests_per_second(*fields.rate);
      if (!fields.error_state.value_or("").empty()) webhook.set_error_state(*fields.error_state);
      if (options->skip_tls_verification) webhook.set_skip_tls_verification(true);
      ASSIGN_OR_RETURN(const PostWebhookResponse response,
                       session.connection().Call(&DeterminedStub::PostWebhook, request));
      for (const std::string& warning : response.warnings()) {
        session.terminal.err << "Warning: " << warning << ".\n";
      }
      if (session.json) return session.PrintJson(response);
      session.out() << "Created webhook " << response.webhook().id()
                    << ". Try it with webhookctl webhook test " << response.webhook().id() << ".\n";
      PrintWebhook(session, response.webhook());
      return ExitCode::kDone;
    };
  });
}

void AddUpdate(CLI::App& group, Session& session) {
  struct Options {
    int id = 0;
    WebhookFields fields;
    std::optional<bool> enabled;
    std::optional<bool> skip_tls_verification;
  };
  CLI::App* const app =
      group.add_subcommand("update", "Change a webhook; what is not given stays as it is");
  auto options = std::make_shared<Options>();
  app->add_option("ID", options->id, "Number of the webhook")->type_name("")->required();
  AddFieldOptions(app, options->fields);
  const auto add_switch = [app](const char* on, const char* off, std::optional<bool>& value,
                                const char* on_help, const char* off_help) {
    CLI::Option* const first = app->add_flag_callback(
        on, [&value] { value = true; }, on_help);
    app->add_flag_callback(
           off, [&value] { value = false; }, off_help)
        ->excludes(first);
  };
  add_switch("--enable", "--disable", options->enabled,
             "Send to it again, and forget why it was disabled",
             "Record what matches as skipped, and send nothing");
  add_switch("--skip-tls-verification", "--verify-tls", options->skip_tls_verification,
             "Do not verify the certificate of an https URL", "Verify it");
  app->footer("--on and --trigger replace all triggers.");
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      const WebhookFields& fields = options->fields;
      PatchWebhookRequest request;
      request.set_id(options->id);
      auto& webhook = *request.mutable_webhook();
      if (fields.name.has_value()) webhook.set_name(*fields.name);
      if (fields.url.has_value()) webhook.set_url(*fields.url);
      if (fields.mode.has_value()) webhook.set_mode(static_cast<WebhookMode>(*fields.mode));
      webhook.mutable_triggers()->Add(fields.triggers.begin(), fields.triggers.end());
      if (fields.max_in_flight.has_value()) webhook.set_max_in_flight(*fields.max_in_flight);
      if (fields.rate.has_value()) webhook.set_max_requests_per_second(*fields.rate);
      if (fields.error_state.has_value()) webhook.set_error_state(*fields.error_state);
      if (options->enabled.has_value()) webhook.set_disabled(!*options->enabled);
      if (options->skip_tls_verification.has_value()) {
        webhook.set_skip_tls_verification(*options->skip_tls_verification);
      }
      if (webhook.ByteSizeLong() == 0) {
        return session.UsageError("nothing to change: give at least one option, such as --url");
      }
      ASSIGN_OR_RETURN(const PatchWebhookResponse response,
                       session.connection().Call(&DeterminedStub::PatchWebhook, request));
      if (session.json) return session.PrintJson(response);
      PrintWebhook(session, response.webhook());
      return ExitCode::kDone;
    };
  });
}

// Asks a person before `id` is deleted.
absl::StatusOr<bool> Confirm(Session& session, int id) {
  GetWebhookRequest request;
  request.set_webhook_id(id);
  ASSIGN_OR_RETURN(const GetWebhookResponse response,
                   session.connection().Call(&DeterminedStub::GetWebhook, request));
  session.terminal.err << "Delete webhook " << id << " (" << Printable(response.webhook().name())
                       << ", " << Printable(response.webhook().url())
                       << ") and cancel its deliveries that wait? [y/N] " << std::flush;
  std::string answer;
  std::getline(session.terminal.in, answer);
  answer = absl::AsciiStrToLower(absl::StripAsciiWhitespace(answer));
  return answer == "y" || answer == "yes";
}

void AddDelete(CLI::App& group, Session& session) {
  struct Options {
    int id = 0;
    bool yes = false;
  };
  CLI::App* const app =
      group.add_subcommand("delete", "Delete a webhook and cancel its deliveries that wait");
  auto options = std::make_shared<Options>();
  app->add_option("ID", options->id, "Number of the webhook")->type_name("")->required();
  app->add_flag("-y,--yes", options->yes, "Do not ask; nothing is asked without a terminal either");
  app->callback([&session, options] {
    session.command = [&session, options]() -> absl::StatusOr<ExitCode> {
      if (session.terminal.in_is_terminal && !options->yes) {
        ASSIGN_OR_RETURN(const bool confirmed, Confirm(session, options->id));
        if (!confirmed) {
          session.terminal.err << "Nothing was deleted.\n";
          return ExitCode::kFailed;
        }
      }
      DeleteWebhookRequest request;
      request.set_id(options->id);
      ASSIGN_OR_RETURN(const DeleteWebhookResponse response,
                       session.connection().Call(&DeterminedStub::DeleteWebhook, request));
      if (session.json) return session.PrintJson(response);
      session.out() << "Deleted webhook " << options->id
                    << "; deliveries canceled: " << response.canceled_deliveries() << ".\n";
      if (response.attempts_in_flight() > 0) {
        session.out() << "Requests that were already under way: " << response.attempts_in_flight()
                      << ".\n";
      }
      return ExitCode::kDone;
    };
  });
}

void AddTest(CLI::App& group, Session& session) {
  CLI::App* const app =
      group.add_subcommand("test", "Send a test event to a webhook, once, and show the answer");
  auto id = std::make_shared<int>();
  app->add_option("ID", *id, "Number of the webhook")->type_name("")->required();
  app->footer("Exits with 1 when the receiver did not confirm with a 2xx status.");
  app->callback([&session, id] {
    session.command = [&session, id]() -> absl::StatusOr<ExitCode> {
      // Not TestWebhook, which fails with what a receiver does.
      v1::TryWebhookRequest request;
      request.set_webhook_id(*id);
      ASSIGN_OR_RETURN(const v1::TryWebhookResponse response,
                       session.connection().Call(&DeliveryStub::TryWebhook, request));
      const ExitCode result = response.completed() ? ExitCode::kDone : ExitCode::kFailed;
      if (session.json) {
        session.PrintJson(response);
        return result;
      }
      const v1::Attempt& attempt = response.attempt();
      Table table({});
      const auto add = [&table](const char* name, Table::Cell value) {
        if (!value.text.empty()) table.AddRow({{name, Color::kDim}, std::move(value)});
      };
      add("Result", response.completed() ? Table::Cell("confirmed", Color::kGreen)
                                         : Table::Cell("not confirmed", Color::kRed));
      add("Status", attempt.status() == 0 ? "no answer" : absl::StrCat(attempt.status()));
      add("Error", attempt.error_class().empty()
                       ? ""
                       : absl::StrCat(attempt.error_class(), ": ", attempt.error_message()));
      add("Time", ShowDuration(attempt.duration()));
      add("URL", attempt.url());
      add("Address", attempt.remote_address());
      add("Sent", response.request_body());
      add("Answer", attempt.response_excerpt());
      table.Print(session.out(), session.color);
      return result;
    };
  });
}

}  // namespace

void AddWebhookCommands(CLI::App& app, Session& session) {
  CLI::App& group = *app.add_subcommand("webhook", "Manage webhooks");
  group.require_subcommand(1);
  AddList(group, session);
  AddGet(group, session);
  AddCreate(group, session);
  AddUpdate(group, session);
  AddDelete(group, session);
  AddTest(group, session);
}

}  // namespace webhookd
