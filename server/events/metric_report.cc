#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/events/payload.h"
#include "server/events/reports.h"
#include "server/events/slack_payload.h"
#include "server/telemetry/log.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {
namespace {

constexpr int kMaxHeldBack = 1'000;

// One event for each metric that fires.
class MetricReport final : public EventReport {
 public:
  MetricReport(const ReportContext& context, v1::ReportMetricsRequest request,
               RecentReports::Ticket ticket, KnownExperimentPtr experiment, Corrections corrections,
               Done<v1::ReportMetricsResponse> done)
      : context_(context),
        request_(std::move(request)),
        ticket_(std::move(ticket)),
        experiment_(std::move(experiment)),
        corrections_(std::move(corrections)),
        occurred_at_(request_.has_occurred_at()
                         ? absl::FromUnixSeconds(request_.occurred_at().seconds()) +
                               absl::Nanoseconds(request_.occurred_at().nanos())
                         : context.now),
        done_(std::move(done)) {}

  std::vector<AcceptEventRequest> Match(const std::shared_ptr<const TriggerIndex>& index) override {
    fired_.clear();
    std::vector<AcceptEventRequest> events;
    for (const v1::Metric& metric : request_.metrics()) {
      std::vector<Firing> firings;
      v1::EventInput input;
      for (webhookd::Match& match :
           index->MatchMetric(*experiment_, metric.name(), request_.group())) {
        const MetricTracker::Decision decision = Decide(match, metric.value());
        const std::string scope = OnceScope(match.condition->metric);
        const bool once =
            decision.fires && !scope.empty() && context_.memory.once.Has(match.trigger_id, scope);
        if (decision.fires) fired_.insert(match.trigger_id);
        if (decision.fires && !once) {
          firings.push_back({std::move(match), decision.held_reports, scope});
        } else if (match.condition->metric.Holds(metric.value()) &&
                   input.held_back_size() < kMaxHeldBack) {
          v1::HeldBackTrigger& held_back = *input.add_held_back();
          held_back.set_trigger_id(match.trigger_id);
          held_back.set_reason(once ? v1::JUDGEMENT_REASON_ONCE : decision.reason);
        }
      }
      if (!firings.empty()) {
        input.set_webhooks_version(index->version());
        events.push_back(EventOf(metric, firings, std::move(input)));
      }
    }
    return events;
  }

  const std::string& idempotency_key() const override { return request_.idempotency_key(); }
  std::string Digest() override { return ticket_.digest; }

  void Finish(absl::StatusOr<AcceptedEvents> accepted) override {
    // What was decided and not stored is taken back, so that a later report can fire.
    for (const auto& [trigger_id, decision] : decisions_) {
      if (!decision.fires) continue;
      if (!accepted.ok() || fired_.count(trigger_id) == 0) {
        context_.memory.metrics.Undo(KeyOf(trigger_id));
      }
    }
    SaveRearmed();
    const bool has_key = !request_.idempotency_key().empty();
    if (!accepted.ok()) {
      if (has_key) context_.memory.reports.Forget(ticket_);
      return std::move(done_)(accepted.status());
    }
    v1::ReportMetricsResponse response;
    response.set_duplicate(accepted->duplicate);
    for (const AcceptedEvent& event : accepted->events) {
      response.set_delivery_count(response.delivery_count() + event.delivery_count);
      ListDeliveries(event, *response.mutable_deliveries());
    }
    for (const auto& [trigger_id, scope] : once_) context_.memory.once.Add(trigger_id, scope);
    if (has_key) context_.memory.reports.End(ticket_, response);
    std::move(done_)(std::move(response));
  }

 private:
  struct Firing {
    webhookd::Match match;
    int held_reports = 0;
    std::string once_scope;
  };

  MetricGroup group() const {
    return request_.group() == "training" ? MetricGroup::kTraining : MetricGroup::kValidation;
  }
  MetricTracker::Key KeyOf(int32_t trigger_id) const {
    return {.trigger_id = trigger_id, .trial_id = experiment_->trial_id(), .group = group()};
  }

  // However often the report is tried, each trigger takes its value once. A trigger waits for one
  // metric, and a report has each metric once.
  MetricTracker::Decision Decide(const webhookd::Match& match, double value) {
    const auto known = decisions_.find(match.trigger_id);
    if (known != decisions_.end()) return known->second;
    const MetricTracker::Decision decision = context_.memory.metrics.Advance(
        KeyOf(match.trigger_id), match.condition->metric, value, context_.now);
    decisions_[match.trigger_id] = decision;
    return decision;
  }

  std::string OnceScope(const MetricCondition& condition) const {
    switch (condition.once_per) {
      case MetricCondition::OncePer::kTrial:
        return absl::StrCat("trial/", experiment_->trial_id());
      case MetricCondition::OncePer::kExperiment:
        return absl::StrCat("experiment/", experiment_->id());
      case MetricCondition::OncePer::kNothing:
        return "";
    }
    return "";
  }

  AcceptEventRequest EventOf(const v1::Metric& metric, const std::vector<Firing>& firings,
                             v1::EventInput input) {
    const EventHeader header = {.event_id = TimeOrderedUuid(context_.now, context_.random),
                                .occurred_at = occurred_at_};
    AcceptEventRequest event = {.event_id = header.event_id,
                                .event_type = "METRIC_THRESHOLD_EXCEEDED",
                                .experiment_id = experiment_->id(),
                                .occurred_at = occurred_at_};
    v1::ReportedMetric& reported = *input.mutable_metric();
    reported.set_name(metric.name());
    reported.set_value(metric.value());
    reported.set_group(request_.group());
    reported.set_steps_completed(request_.steps_completed());
    EventBodies bodies;
    for (const Firing& firing : firings) {
      NewDelivery delivery = DeliveryOf(firing.match);
      delivery.once_scope = firing.once_scope;
      if (!firing.once_scope.empty()) once_.emplace_back(delivery.trigger_id, firing.once_scope);
      const MetricCondition& condition = firing.match.condition->metric;
      const bool slack = firing.match.webhook->type == WebhookType::kSlack;
      // The body tells the condition, which few triggers share.
      delivery.body = bodies.Add(
          absl::StrCat(BodyKey(firing.match, context_), " ", firing.match.trigger_id),
          [&] {
            return slack ? RenderSlackMetric(header, *experiment_, reported, condition,
                                             context_.base_url)
                         : RenderMetric(header, *experiment_, reported, condition,
                                        firing.held_reports, ErrorNameFor(firing.match, context_));
          },
          event.bodies);
      event.deliveries.push_back(std::move(delivery));
      event.metric_states.push_back({.trigger_id = firing.match.trigger_id,
                                     .trial_id = experiment_->trial_id(),
                                     .group = group(),
                                     .armed = false,
                                     .fired_at = context_.now});
    }
    *input.mutable_experiment() = *experiment_;
    AddCorrections(corrections_, input);
    event.input = input.SerializeAsString();
    return event;
  }

  // Nobody waits for it: a crash before it is stored makes the trigger wait once more until the
  // metric goes back behind its threshold.
  void SaveRearmed() {
    std::vector<MetricState> rearmed = context_.memory.metrics.TakeRearmed();
    if (rearmed.empty()) return;
    context_.store.SaveMetricStates(std::move(rearmed), [](const absl::Status& status) {
      if (status.ok()) return;
      Log(LogLevel::kWarning, "states of metric triggers were not stored",
          {{"error", status.message()}});
    });
  }

  const ReportContext context_;
  const v1::ReportMetricsRequest request_;
  const RecentReports::Ticket ticket_;
  const KnownExperimentPtr experiment_;
  const Corrections corrections_;
  const absl::Time occurred_at_;
  std::map<int32_t, MetricTracker::Decision> decisions_;  // by trigger
  std::set<int32_t> fired_;                               // triggers, in the last try
  std::vector<std::pair<int32_t, std::string>> once_;     // triggers and scopes that fired
  Done<v1::ReportMetricsResponse> done_;
};

}  // namespace

std::unique_ptr<EventReport> MakeMetricReport(
    const ReportContext& context, v1::ReportMetricsRequest request, RecentReports::Ticket ticket,
    KnownExperimentPtr experiment, Corrections corrections, Done<v1::ReportMetricsResponse> done) {
  return std::make_unique<MetricReport>(context, std::move(request), std::move(ticket),
                                        std::move(experiment), std::move(corrections),
                                        std::move(done));
}

}  // namespace webhookd
