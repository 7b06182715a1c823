#include "tests/simulation/workload.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "determined/experiment/v1/experiment.pb.h"

namespace webhookd {
namespace {

constexpr uint64_t kStream = 5;
constexpr size_t kMostDeliveries = 2'000;

}  // namespace

Workload::Workload(uint64_t seed, const SimulationSettings& settings, Clock& clock, Trace& trace,
                   SimulatedNetwork& network, Ledger& ledger)
    : settings_(settings),
      clock_(clock),
      trace_(trace),
      network_(network),
      ledger_(ledger),
      dice_(seed, kStream) {}

void Workload::Ask(Action action, SimulatedProcess& process) {
  switch (action) {
    case Action::kReport:
      // At once: they share transactions.
      for (int64_t i = dice_.Chance(0.3) ? dice_.Between(2, 8) : 1; i > 0; --i) Report(process);
      break;
    case Action::kRepeatReport:
      RepeatReport(process);
      break;
    case Action::kCreateWebhook:
      CreateWebhook(process);
      break;
    case Action::kChangeWebhook:
      ChangeWebhook(process);
      break;
    case Action::kSwitchWebhook:
      SwitchWebhook(process);
      break;
    case Action::kDeleteWebhook:
      DeleteWebhook(process);
      break;
    case Action::kRedeliver:
      Redeliver(process);
      break;
    case Action::kReplay:
      Replay(process);
      break;
    case Action::kCancel:
      Cancel(process);
      break;
  }
}

// ---- Masters

void Workload::Report(SimulatedProcess& process) {
  if (ledger_.deliveries.size() > kMostDeliveries) return;
  const auto number = static_cast<int32_t>(ledger_.reports.size() + 1);
  v1::ReportExperimentStateRequest request;
  if (dice_.Chance(0.6)) request.set_idempotency_key(absl::StrCat("report ", number));
  v1::Experiment& experiment = *request.mutable_experiment();
  experiment.set_id(number);
  experiment.set_name(std::string(static_cast<size_t>(dice_.Below(60) * dice_.Below(60)), 'x'));
  using determined::experiment::v1::STATE_COMPLETED;
  using determined::experiment::v1::STATE_ERROR;
  experiment.set_state(dice_.Chance(0.7) ? STATE_COMPLETED : STATE_ERROR);
  if (dice_.Chance(0.7)) experiment.set_workspace_id(static_cast<int32_t>(dice_.Between(1, 2)));
  if (dice_.Chance(0.05)) experiment.mutable_webhooks()->set_exclude(true);
  if (dice_.Chance(0.5)) {
    experiment.mutable_webhooks()->add_webhook_id(static_cast<int32_t>(dice_.Between(1, 8)));
  }
  if (dice_.Chance(0.3)) {
    experiment.mutable_webhooks()->add_webhook_name(absl::StrCat("hook-", dice_.Between(1, 8)));
  }
  ledger_.reports[number].request = std::move(request);
  Send(number, process);
}

void Workload::Send(int32_t report, SimulatedProcess& process) {
  ledger_.Reported(report);
  const v1::ReportExperimentStateRequest& request = ledger_.reports.at(report).request;
  trace_.Add("report ", report, request.idempotency_key().empty() ? "" : " with key");
  process.router().ReportExperimentState(
      /*caller=*/"master", request,
      [this, report](absl::StatusOr<v1::ReportExperimentStateResponse> response) {
        if (!response.ok()) {
          trace_.Add("report ", report, " refused: ", response.status().ToString());
          return;
        }
        trace_.Add("report ", report, " acknowledged", response->duplicate() ? " again" : "");
        ledger_.Acknowledged(report, *response);
      });
}

void Workload::RepeatReport(SimulatedProcess& process) {
  std::vector<int32_t> unanswered;
  std::vector<int32_t> all;
  for (const auto& [number, report] : ledger_.reports) {
    if (report.request.idempotency_key().empty()) continue;
    all.push_back(number);
    if (report.event_ids.empty()) unanswered.push_back(number);
  }
  if (all.empty()) return;
  // Two at once, sometimes.
  const int32_t report = dice_.Pick(unanswered.empty() || dice_.Chance(0.3) ? all : unanswered);
  Send(report, process);
  if (dice_.Chance(0.2)) Send(report, process);
}

// ---- Operators: webhooks

std::vector<TriggerRecord> Workload::Triggers() {
  std::vector<TriggerRecord> triggers;
  if (dice_.Chance(0.8)) triggers.push_back({.condition_json = R"({"state":"COMPLETED"})"});
  if (triggers.empty() || dice_.Chance(0.3)) {
    triggers.push_back({.condition_json = R"({"state":"ERROR"})"});
  }
  if (dice_.Chance(0.1)) triggers.push_back({.condition_json = R"({"state":"COMPLETED"})"});
  return triggers;
}

std::string Workload::PickUrl(const std::string& tag) {
  const auto receiver = static_cast<int>(dice_.Below(settings_.receivers));
  return network_.Url(receiver, tag, dice_.Chance(0.2));
}

void Workload::CreateWebhook(SimulatedProcess& process) {
  const auto present = std::ssize(process.catalog().Current()->webhooks());
  if (present >= settings_.max_webhooks) return;
  WebhookRecord webhook;
  webhook.name = absl::StrCat("hook-", ++webhooks_);
  webhook.url = PickUrl(webhook.name);
  if (dice_.Chance(0.2)) webhook.type = WebhookType::kSlack;
  if (dice_.Chance(0.2)) webhook.mode = WebhookMode::kSpecific;
  if (dice_.Chance(0.4)) webhook.workspace_id = static_cast<int32_t>(dice_.Between(1, 2));
  if (dice_.Chance(0.2)) webhook.max_in_flight = static_cast<int32_t>(dice_.Between(1, 3));
  if (dice_.Chance(0.1)) webhook.max_requests_per_second = 0.5;
  webhook.created_at = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  webhook.triggers = Triggers();
  trace_.Add("create ", webhook.name, " at ", webhook.url);
  process.store().CreateWebhook(std::move(webhook), std::nullopt,
                                [this](const absl::StatusOr<WebhookChange>& change) {
                                  if (!change.ok()) return;
                                  trace_.Add("created webhook ", change->webhook.id);
                                });
}

std::shared_ptr<const WebhookRecord> Workload::PickWebhook(SimulatedProcess& process) {
  std::vector<std::shared_ptr<const WebhookRecord>> webhooks;
  const auto snapshot = process.catalog().Current();
  for (const auto& [id, webhook] : snapshot->webhooks()) {
    webhooks.push_back(webhook);
  }
  return webhooks.empty() ? nullptr : dice_.Pick(webhooks);
}

void Workload::Change(SimulatedProcess& process, WebhookRecord webhook) {
  const int32_t id = webhook.id;
  process.store().UpdateWebhook(
      id, [webhook = std::move(webhook)](const WebhookRecord&) { return webhook; }, std::nullopt,
      [this, id, &process](const absl::StatusOr<WebhookChange>& change) {
        if (!change.ok()) return;
        trace_.Add("changed webhook ", id);
        process.Wake({.waiting = {id}});
      });
}

void Workload::ChangeWebhook(SimulatedProcess& process) {
  const std::shared_ptr<const WebhookRecord> old = PickWebhook(process);
  if (old == nullptr) return;
  WebhookRecord webhook = *old;
  if (dice_.Chance(0.5)) {
    webhook.url = PickUrl(TagOfUrl(old->url));
  }
  if (dice_.Chance(0.3)) webhook.triggers = Triggers();
  if (dice_.Chance(0.3)) webhook.max_in_flight.reset();
  if (dice_.Chance(0.3)) webhook.max_requests_per_second.reset();
  trace_.Add("change webhook ", webhook.id, " to ", webhook.url);
  Change(process, std::move(webhook));
}

void Workload::SwitchWebhook(SimulatedProcess& process) {
  std::shared_ptr<const WebhookRecord> old = PickWebhook(process);
  // Receivers that are gone disable webhooks often enough.
  const auto snapshot = process.catalog().Current();
  for (const auto& [id, other] : snapshot->webhooks()) {
    if (other->disabled_at.has_value() && dice_.Chance(0.5)) old = other;
  }
  if (old == nullptr) return;
  WebhookRecord webhook = *old;
  if (webhook.disabled_at.has_value()) {
    webhook.disabled_at.reset();
    webhook.disabled_reason.clear();
  } else {
    webhook.disabled_at = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
    webhook.disabled_reason = "somebody disabled it";
  }
  trace_.Add(webhook.disabled_at.has_value() ? "disable" : "enable", " webhook ", webhook.id);
  Change(process, std::move(webhook));
}

void Workload::DeleteWebhook(SimulatedProcess& process) {
  const std::shared_ptr<const WebhookRecord> webhook = PickWebhook(process);
  if (webhook == nullptr) return;
  trace_.Add("delete webhook ", webhook->id);
  process.store().DeleteWebhook(
      webhook->id, clock_.Now(), std::nullopt,
      [this, id = webhook->id](const absl::StatusOr<WebhookDeletion>& deletion) {
        if (deletion.ok()) trace_.Add("deleted webhook ", id);
      });
}

// ---- Operators: deliveries

int64_t Workload::PickDelivery() {
  if (ledger_.deliveries.empty()) return 0;
  return std::next(ledger_.deliveries.begin(), dice_.Below(std::ssize(ledger_.deliveries)))->first;
}

void Workload::Redeliver(SimulatedProcess& process) {
  const int64_t id = PickDelivery();
  if (id == 0) return;
  trace_.Add("redeliver ", id);
  process.store().Redeliver(id, process.store().due_clock().Now(),
                            [&process](const absl::StatusOr<DeliveryRecord>& delivery) {
                              if (!delivery.ok()) return;
                              process.Ask(delivery->webhook_id);
                            });
}

void Workload::Replay(SimulatedProcess& process) {
  const std::shared_ptr<const WebhookRecord> webhook = PickWebhook(process);
  if (webhook == nullptr) return;
  ReplayRequest request = {.webhook_id = webhook->id,
                           .include_skipped = dice_.Chance(0.5),
                           .now = process.store().due_clock().Now()};
  if (dice_.Chance(0.3)) request.created_from = clock_.Now() - absl::Hours(dice_.Between(1, 48));
  trace_.Add("replay webhook ", webhook->id);
  process.store().Replay(request,
                         [id = webhook->id, &process](const absl::StatusOr<int64_t>& count) {
                           if (count.ok()) process.Ask(id);
                         });
}

void Workload::Cancel(SimulatedProcess& process) {
  const int64_t id = PickDelivery();
  if (id == 0) return;
  trace_.Add("cancel ", id);
  process.store().CancelDelivery(
      id, clock_.Now(), [this, &process](const absl::StatusOr<DeliveryRecord>& delivery) {
        if (!delivery.ok()) return;
        process.Drop(delivery->webhook_id, delivery->id, [this, id = delivery->id](bool under_way) {
          trace_.Add("canceled ", id, under_way ? " while it is under way" : "");
          if (!under_way) ledger_.CancelSettled(id);
        });
      });
}

}  // namespace webhookd
