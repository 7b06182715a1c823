#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "determined/task/v1/task.pb.h"
#include "server/events/content_digest.h"
#include "server/events/pattern_set.h"
#include "server/events/payload.h"
#include "server/events/reports.h"
#include "server/events/slack_payload.h"
#include "webhookd/v1/delivery.pb.h"

namespace webhookd {
namespace {

constexpr int kMaxHeldBack = 1'000;

// Bytes of lines that are scanned in one step, unless one line has more.
constexpr size_t kMaxStepBytes = 4 << 10;

// One event for each line that fires. A line that fires nothing leaves no trace.
class TaskLogReport final : public ScannedReport {
 public:
  TaskLogReport(const ReportContext& context, v1::ReportTaskLogsRequest request,
                KnownExperimentPtr experiment, Corrections corrections,
                Done<v1::ReportTaskLogsResponse> done)
      : context_(context),
        request_(std::move(request)),
        experiment_(std::move(experiment)),
        corrections_(std::move(corrections)),
        scope_(absl::StrCat("task/", request_.logs(0).task_id())),
        done_(std::move(done)) {
    lines_.reserve(request_.logs_size());
    for (const auto& log : request_.logs()) {
      lines_.push_back(log.log());
      // A line without text takes memory as well.
      bytes_ += static_cast<int64_t>(log.log().size() + sizeof(log));
    }
  }

  int64_t bytes() const override { return bytes_; }
  int32_t workspace_id() const override { return experiment().workspace_id(); }

  bool ScanStep(const std::shared_ptr<const TriggerIndex>& index) override {
    // To read the lines once more takes time, which a write has not.
    if (scanned_with_ == nullptr || !index->HasLogTriggersOf(*scanned_with_)) {
      scanned_ = 0;
      matched_.clear();
    }
    scanned_with_ = index;
    if (!index->ListensToLogs(experiment())) scanned_ = lines_.size();
    const size_t first = scanned_;
    size_t step_bytes = 0;
    while (scanned_ < lines_.size() &&
           (scanned_ == first || step_bytes + lines_[scanned_].size() <= kMaxStepBytes)) {
      step_bytes += lines_[scanned_++].size();
    }
    const auto lines = std::span(lines_).subspan(first, scanned_ - first);
    for (MatchedLine& matched : index->MatchLogs(experiment(), lines)) {
      matched.line += first;
      matched_.push_back(std::move(matched));
    }
    return scanned_ == lines_.size();
  }

  std::vector<AcceptEventRequest> Match(const std::shared_ptr<const TriggerIndex>& index) override {
    while (!ScanStep(index)) {
    }
    std::vector<AcceptEventRequest> events;
    absl::flat_hash_set<int32_t> fired;  // triggers, by earlier lines of the report
    for (MatchedLine matched : matched_) {
      v1::EventInput input;
      std::erase_if(matched.matches, [&](const webhookd::Match& match) {
        // Under a key the store tells: what fired before may have been this very report.
        const bool fired_before =
            idempotency_key().empty() && context_.memory.once.Has(match.trigger_id, scope_);
        const bool before = fired_before || !fired.insert(match.trigger_id).second;
        if (before && input.held_back_size() < kMaxHeldBack) {
          v1::HeldBackTrigger& held_back = *input.add_held_back();
          held_back.set_trigger_id(match.trigger_id);
          held_back.set_reason(v1::JUDGEMENT_REASON_ONCE);
        }
        return before;
      });
      if (matched.matches.empty()) continue;
      events.push_back(EventOf(index->version(), matched, std::move(input)));
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
  const v1::Experiment& experiment() const {
    return experiment_ == nullptr ? v1::Experiment::default_instance() : *experiment_;
  }

  AcceptEventRequest EventOf(int64_t webhooks_version, const MatchedLine& matched,
                             v1::EventInput input) {
    determined::task::v1::TaskLog log = request_.logs(static_cast<int>(matched.line));
    AddCorrections(corrections_, input);
    AddCorrections(CorrectLine(log), input);
    absl::Time occurred_at = context_.now;
    if (log.has_timestamp()) {
      occurred_at = absl::FromUnixSeconds(log.timestamp().seconds()) +
                    absl::Nanoseconds(log.timestamp().nanos());
    }
    const EventHeader header = {.event_id = TimeOrderedUuid(context_.now, context_.random),
                                .occurred_at = occurred_at};
    AcceptEventRequest event = {.event_id = header.event_id,
                                .event_type = "TASK_LOG",
                                .experiment_id = experiment().id(),
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
            return slack ? RenderSlackTaskLog(log, experiment(), regex, context_.base_url)
                         : RenderTaskLog(header, log, regex);
          },
          event.bodies);
      event.deliveries.push_back(std::move(delivery));
    }
    if (experiment_ != nullptr) *input.mutable_experiment() = *experiment_;
    log.mutable_log()->resize(MatchedPart(log.log()).size());
    *input.mutable_task_log() = std::move(log);
    input.set_webhooks_version(webhooks_version);
    event.input = input.SerializeAsString();
    return event;
  }

  const ReportContext context_;
  v1::ReportTaskLogsRequest request_;
  const KnownExperimentPtr experiment_;
  const Corrections corrections_;
  const std::string scope_;
  std::vector<absl::string_view> lines_;  // of request_
  int64_t bytes_ = 0;

  // What the lines before `scanned_` fire by this index.
  std::shared_ptr<const TriggerIndex> scanned_with_;
  size_t scanned_ = 0;
  std::vector<MatchedLine> matched_;

  Done<v1::ReportTaskLogsResponse> done_;
};

}  // namespace

std::unique_ptr<ScannedReport> MakeTaskLogReport(const ReportContext& context,
                                                 v1::ReportTaskLogsRequest request,
                                                 KnownExperimentPtr experiment,
                                                 Corrections corrections,
                                                 Done<v1::ReportTaskLogsResponse> done) {
  return std::make_unique<TaskLogReport>(context, std::move(request), std::move(experiment),
                                         std::move(corrections), std::move(done));
}

}  // namespace webhookd
