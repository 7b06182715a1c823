#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "determined/task/v1/task.pb.h"
#include "server/events/content_digest.h"
#include "server/events/payload.h"
#include "server/events/reports.h"
#include "server/events/slack_payload.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {
namespace {

constexpr int kMaxHeldBack = 1'000;

// One event for each line that fires. A line that fires nothing leaves no trace.
class TaskLogReport final : public EventReport {
 public:
  TaskLogReport(const ReportContext& context, v1::ReportTaskLogsRequest request,
                KnownExperimentPtr experiment, Done<v1::ReportTaskLogsResponse> done)
      : context_(context),
        request_(std::move(request)),
        experiment_(std::move(experiment)),
        scope_(absl::StrCat("task/", request_.logs(0).task_id())),
        done_(std::move(done)) {}

  std::vector<AcceptEventRequest> Match(const std::shared_ptr<const TriggerIndex>& index) override {
    const v1::Experiment& experiment =
        experiment_ == nullptr ? v1::Experiment::default_instance() : *experiment_;
    std::vector<absl::string_view> lines;
    lines.reserve(request_.logs_size());
    for (const auto& log : request_.logs()) lines.push_back(log.log());

    std::vector<AcceptEventRequest> events;
    absl::flat_hash_set<int32_t> fired;  // triggers, by earlier lines of the report
    // To read the lines once more takes time, which a write has not.
    if (matched_with_ == nullptr || !index->HasLogTriggersOf(*matched_with_)) {
      matched_ = index->MatchLogs(experiment, lines);
    }
    matched_with_ = index;
    for (MatchedLine matched : matched_) {
      v1::EventInput input;
      std::erase_if(matched.matches, [&](const webhookd::Match& match) {
        const bool before = context_.memory.once.Has(match.trigger_id, scope_) ||
                            !fired.insert(match.trigger_id).second;
        if (before && input.held_back_size() < kMaxHeldBack) {
          v1::HeldBackTrigger& held_back = *input.add_held_back();
          held_back.set_trigger_id(match.trigger_id);
          held_back.set_reason(v1::JUDGEMENT_REASON_ONCE);
        }
        return before;
      });
      if (matched.matches.empty()) continue;
      events.push_back(EventOf(index->version(), experiment, matched, std::move(input)));
    }
    return events;
  }

  const std::string& idempotency_key() const override { return request_.idempotency_key(); }
  std::string Digest() override { return ContentDigest(request_); }

  void Finish(absl::StatusOr<AcceptedEvents> accepted) override {
    if (!accepted.ok()) return std::move(done_)(accepted.status());
    v1::ReportTaskLogsResponse response;
    response.set_duplicate(accepted->duplicate);
    for (const AcceptedEvent& event : accepted->events) {
      for (const AcceptedDelivery& delivery : event.deliveries) {
        context_.memory.once.Add(delivery.trigger_id, scope_);
      }
      response.set_delivery_count(response.delivery_count() + event.delivery_count);
      ListDeliveries(event, *response.mutable_deliveries());
    }
    std::move(done_)(std::move(response));
  }

 private:
  AcceptEventRequest EventOf(int64_t webhooks_version, const v1::Experiment& experiment,
                             const MatchedLine& matched, v1::EventInput input) {
    const determined::task::v1::TaskLog& log = request_.logs(static_cast<int>(matched.line));
    absl::Time occurred_at = context_.now;
    if (log.has_timestamp()) {
      occurred_at = absl::FromUnixSeconds(log.timestamp().seconds()) +
                    absl::Nanoseconds(log.timestamp().nanos());
    }
    const EventHeader header = {.event_id = TimeOrderedUuid(context_.now, context_.random),
                                .occurred_at = occurred_at};
    AcceptEventRequest event = {.event_id = header.event_id,
                                .event_type = "TASK_LOG",
                                .experiment_id = experiment.id(),
                                .occurred_at = occurred_at};
    EventBodies bodies;
    for (const webhookd::Match& match : matched.matches) {
      NewDelivery delivery = DeliveryOf(match);
      delivery.once_scope = scope_;
      const std::string& regex = match.condition->regex;
      const bool slack = match.webhook->type == WebhookType::kSlack;
      delivery.body = bodies.Add(
          absl::StrCat(slack ? "slack " : "default ", regex),
          [&] {
            return slack ? RenderSlackTaskLog(log, experiment, regex, context_.base_url)
                         : RenderTaskLog(header, log, regex);
          },
          event.bodies);
      event.deliveries.push_back(std::move(delivery));
    }
    if (experiment_ != nullptr) *input.mutable_experiment() = experiment;
    determined::task::v1::TaskLog& told = *input.mutable_task_log();
    told = log;
    told.set_log(Cut(log.log(), kMaxTriggeringLogBytes));
    input.set_webhooks_version(webhooks_version);
    event.input = input.SerializeAsString();
    return event;
  }

  const ReportContext context_;
  v1::ReportTaskLogsRequest request_;
  const KnownExperimentPtr experiment_;
  const std::string scope_;
  std::shared_ptr<const TriggerIndex> matched_with_;
  std::vector<MatchedLine> matched_;  // with that
  Done<v1::ReportTaskLogsResponse> done_;
};

}  // namespace

std::unique_ptr<EventReport> MakeTaskLogReport(const ReportContext& context,
                                               v1::ReportTaskLogsRequest request,
                                               KnownExperimentPtr experiment,
                                               Done<v1::ReportTaskLogsResponse> done) {
  return std::make_unique<TaskLogReport>(context, std::move(request), std::move(experiment),
                                         std::move(done));
}

}  // namespace webhookd
