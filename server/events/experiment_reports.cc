#include <string>
#include <utility>
#include <vector>

#include "server/events/payload.h"
#include "server/events/reports.h"
#include "server/events/slack_payload.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {
namespace {

constexpr int kMaxListedDeliveries = 1000;

absl::Time TimeOr(const google::protobuf::Timestamp& timestamp, bool is_set, absl::Time now) {
  if (!is_set) return now;
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

// One event, which is about one experiment.
class StateReport final : public EventReport {
 public:
  StateReport(const ReportContext& context, v1::ReportExperimentStateRequest request,
              const Corrections& corrections, Done<v1::ReportExperimentStateResponse> done)
      : context_(context),
        key_(std::move(*request.mutable_idempotency_key())),
        header_(
            {.event_id = TimeOrderedUuid(context.now, context.random),
             .occurred_at = TimeOr(request.occurred_at(), request.has_occurred_at(), context.now)}),
        done_(std::move(done)) {
    input_.mutable_experiment()->Swap(request.mutable_experiment());
    AddCorrections(corrections, input_);
  }

  std::vector<AcceptEventRequest> Match(const TriggerIndex& index) override {
    const v1::Experiment& experiment = input_.experiment();
    AcceptEventRequest event = {.event_id = header_.event_id,
                                .event_type = "EXPERIMENT_STATE_CHANGE",
                                .experiment_id = experiment.id(),
                                .occurred_at = header_.occurred_at};
    for (const webhookd::Match& match : index.MatchStateChange(experiment)) {
      NewDelivery delivery = DeliveryOf(match);
      if (match.webhook->type == WebhookType::kSlack) {
        delivery.body = bodies_.Add(
            BodyKey(match, context_),
            [&] { return RenderSlackStateChange(header_, experiment, context_.base_url); },
            event.bodies);
      } else {
        delivery.body = bodies_.Add(
            BodyKey(match, context_),
            [&] { return RenderStateChange(header_, experiment, ErrorNameFor(match, context_)); },
            event.bodies);
      }
      event.deliveries.push_back(std::move(delivery));
    }
    input_.set_webhooks_version(index.version());
    event.input = input_.SerializeAsString();
    std::vector<AcceptEventRequest> events;
    events.push_back(std::move(event));
    return events;
  }

  bool is_one_event() const override { return true; }
  const std::string& idempotency_key() const override { return key_; }

  void Finish(absl::StatusOr<AcceptedEvents> accepted) override {
    if (!accepted.ok()) return std::move(done_)(accepted.status());
    const AcceptedEvent& event = accepted->events.front();
    v1::ReportExperimentStateResponse response;
    response.set_event_id(event.event_id);
    response.set_delivery_count(event.delivery_count);
    response.set_duplicate(accepted->duplicate);
    ListDeliveries(event, *response.mutable_deliveries());
    std::move(done_)(std::move(response));
  }

 private:
  const ReportContext context_;
  const std::string key_;
  const EventHeader header_;
  v1::EventInput input_;
  EventBodies bodies_;
  Done<v1::ReportExperimentStateResponse> done_;
};

class CustomReport final : public EventReport {
 public:
  CustomReport(const ReportContext& context,
               determined::api::v1::PostWebhookEventDataRequest request,
               const KnownExperimentPtr& experiment, const Corrections& corrections,
               DoneStatus done)
      : context_(context),
        header_(
            {.event_id = TimeOrderedUuid(context.now, context.random), .occurred_at = context.now}),
        done_(std::move(done)) {
    *input_.mutable_experiment() = *experiment;
    AddCorrections(corrections, input_);
    auto& alert = *input_.mutable_custom();
    alert.Swap(request.mutable_data());
    alert.set_title(Cut(alert.title(), kMaxTitleBytes));
    alert.set_description(Cut(alert.description(), kMaxDescriptionBytes));
  }

  std::vector<AcceptEventRequest> Match(const TriggerIndex& index) override {
    const v1::Experiment& experiment = input_.experiment();
    AcceptEventRequest event = {.event_id = header_.event_id,
                                .event_type = "CUSTOM",
                                .experiment_id = experiment.id(),
                                .occurred_at = header_.occurred_at};
    for (const webhookd::Match& match : index.MatchCustom(experiment)) {
      NewDelivery delivery = DeliveryOf(match);
      const auto& alert = input_.custom();
      if (match.webhook->type == WebhookType::kSlack) {
        delivery.body = bodies_.Add(
            BodyKey(match, context_),
            [&] { return RenderSlackCustom(header_, experiment, alert, context_.base_url); },
            event.bodies);
      } else {
        delivery.body = bodies_.Add(
            BodyKey(match, context_),
            [&] { return RenderCustom(header_, experiment, alert, ErrorNameFor(match, context_)); },
            event.bodies);
      }
      event.deliveries.push_back(std::move(delivery));
    }
    input_.set_webhooks_version(index.version());
    event.input = input_.SerializeAsString();
    std::vector<AcceptEventRequest> events;
    events.push_back(std::move(event));
    return events;
  }

  bool is_one_event() const override { return true; }
  const std::string& idempotency_key() const override { return key_; }
  void Finish(absl::StatusOr<AcceptedEvents> accepted) override {
    std::move(done_)(accepted.status());
  }

 private:
  const ReportContext context_;
  const std::string key_;  // the RPC has none
  const EventHeader header_;
  v1::EventInput input_;
  EventBodies bodies_;
  DoneStatus done_;
};

}  // namespace

std::unique_ptr<EventReport> MakeStateReport(const ReportContext& context,
                                             v1::ReportExperimentStateRequest request,
                                             Corrections corrections,
                                             Done<v1::ReportExperimentStateResponse> done) {
  return std::make_unique<StateReport>(context, std::move(request), corrections, std::move(done));
}

std::unique_ptr<EventReport> MakeCustomReport(
    const ReportContext& context, determined::api::v1::PostWebhookEventDataRequest request,
    KnownExperimentPtr experiment, Corrections corrections, DoneStatus done) {
  return std::make_unique<CustomReport>(context, std::move(request), experiment, corrections,
                                        std::move(done));
}

void AddCorrections(const Corrections& corrections, v1::EventInput& input) {
  input.mutable_corrections()->Add(corrections.begin(), corrections.end());
}

void ListDeliveries(const AcceptedEvent& event,
                    google::protobuf::RepeatedPtrField<v1::MatchedDelivery>& deliveries) {
  for (const AcceptedDelivery& delivery : event.deliveries) {
    if (deliveries.size() == kMaxListedDeliveries) break;
    if (delivery.delivery_id == 0) continue;
    v1::MatchedDelivery& matched = *deliveries.Add();
    matched.set_delivery_id(delivery.delivery_id);
    matched.set_webhook_id(delivery.webhook_id);
    matched.set_trigger_id(delivery.trigger_id);
    matched.set_skipped(delivery.skipped);
  }
}

ErrorStateName ErrorNameFor(const Match& match, const ReportContext& context) {
  return match.webhook->error_state.value_or(context.error_name);
}

absl::string_view BodyKey(const Match& match, const ReportContext& context) {
  if (match.webhook->type == WebhookType::kSlack) return "slack";
  return ErrorNameFor(match, context) == ErrorStateName::kError ? "ERROR" : "ERRORED";
}

NewDelivery DeliveryOf(const Match& match) {
  return {.webhook_id = match.webhook->id,
          .trigger_id = match.trigger_id,
          .skipped = match.webhook->disabled_at.has_value()};
}

}  // namespace webhookd
