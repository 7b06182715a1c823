#include "server/rpc/event_history.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/events/pattern_set.h"
#include "server/rpc/explanation.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/webhook_conversion.h"
#include "storage/errors.h"

namespace webhookd {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1'000;
constexpr int kDefaultTriedEvents = 1'000;
constexpr int kMaxTriedEvents = 10'000;
// Of any type, beside the first page.
constexpr int64_t kMaxExaminedByDryRun = 1'000'000;
constexpr int kMaxListedFirings = 100;
constexpr int kMaxLines = 1'000;
constexpr size_t kMaxIdBytes = 36;

absl::StatusOr<EventFilter> FilterFrom(const v1::ListEventsRequest& request) {
  EventFilter filter = {.event_type = request.event_type(),
                        .experiment_id = request.experiment_id()};
  if (!filter.event_type.empty()) RETURN_IF_ERROR(ParseEventType(filter.event_type).status());
  if (filter.experiment_id < 0) {
    return InvalidField("experiment_id", absl::StrCat(filter.experiment_id,
                                                      " is negative: give a number from 1, or 0 "
                                                      "for all"));
  }
  if (request.page_size() < 0 || request.page_size() > kMaxPageSize) {
    return InvalidField(
        "page_size", absl::StrCat(request.page_size(), " is out of range: give 1 to ", kMaxPageSize,
                                  ", or 0 for ", kDefaultPageSize));
  }
  filter.limit = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  if (!request.page_token().empty() &&
      (!absl::SimpleAtoi(request.page_token(), &filter.before_id) || filter.before_id < 1)) {
    return InvalidField("page_token", absl::StrCat(Quoted(request.page_token()),
                                                   " was not given by this server: give the "
                                                   "next_page_token of an earlier response"));
  }
  return filter;
}

// A webhook of this trigger, as a dry run imagines it.
absl::StatusOr<WebhookRecord> ImaginedWebhook(const v1::DryRunTriggerRequest& request) {
  WebhookRecord webhook = {.id = request.webhook_id(), .name = request.webhook_name()};
  ASSIGN_OR_RETURN(webhook.mode, ParseMode(request.mode()));
  if (request.workspace_id() < 0) {
    return InvalidField("workspace_id", absl::StrCat(request.workspace_id(),
                                                     " is negative: give a workspace's number, or "
                                                     "0 for a global webhook"));
  }
  if (request.workspace_id() != 0) webhook.workspace_id = request.workspace_id();
  if (!request.has_trigger()) {
    return InvalidField("trigger", "is missing: give the trigger to try");
  }
  ASSIGN_OR_RETURN(TriggerRecord trigger, ParseTrigger(request.trigger(), "trigger"));
  webhook.triggers = {std::move(trigger)};
  RETURN_IF_ERROR(CheckTogether(webhook));
  return webhook;
}

}  // namespace

void EventHistory::AddTo(Api& api) {
  api.AddUnary("webhookd.v1.DeliveryService.ListEvents", this, &EventHistory::List);
  api.AddUnary("webhookd.v1.DeliveryService.GetEvent", this, &EventHistory::Get);
  api.AddUnary("webhookd.v1.DeliveryService.DryRunTrigger", this, &EventHistory::DryRun);
  api.AddUnary("webhookd.v1.DeliveryService.TestPattern", this, &EventHistory::TestPattern);
}

void EventHistory::List(const Caller& caller, const v1::ListEventsRequest& request,
                        v1::ListEventsResponse& response, DoneStatus done) {
  ReadOn(dependencies_.threads.lists, caller, std::move(done),
         [this, &request, &response](const Caller& caller) {
           return ReadList(caller, request, response);
         });
}

void EventHistory::Get(const Caller& caller, const v1::GetEventRequest& request,
                       v1::GetEventResponse& response, DoneStatus done) {
  ReadOn(dependencies_.threads.lookups, caller, std::move(done),
         [this, &request, &response](const Caller& caller) {
           return Explain(caller, request, response);
         });
}

void EventHistory::DryRun(const Caller& caller, const v1::DryRunTriggerRequest& request,
                          v1::DryRunTriggerResponse& response, DoneStatus done) {
  ReadOn(dependencies_.threads.lists, caller, std::move(done),
         [this, &request, &response](const Caller& caller) {
           return TryTrigger(caller, request, response);
         });
}

void EventHistory::TestPattern(const Caller& caller, const v1::TestPatternRequest& request,
                               v1::TestPatternResponse& response, DoneStatus done) {
  if (request.lines_size() > kMaxLines) {
    return std::move(done)(
        InvalidField("lines", absl::StrCat("holds ", request.lines_size(), " lines: at most ",
                                           kMaxLines, " are allowed")));
  }
  const absl::Status valid = CheckPattern(request.regex());
  if (!valid.ok()) {
    response.set_error(absl::StrCat(Quoted(request.regex()), " ", valid.message()));
    return std::move(done)(absl::OkStatus());
  }
  ReadOn(dependencies_.threads.lists, caller, std::move(done),
         [&request, &response](const Caller&) {
           std::vector<absl::string_view> lines;
           for (const std::string& line : request.lines()) {
             lines.push_back(MatchedPart(line));
           }
           const auto spans = FindPattern(request.regex(), lines);
           for (size_t i = 0; i < lines.size(); ++i) {
             v1::LineMatch& match = *response.add_results();
             if (!spans[i].has_value()) continue;
             match.set_matches(true);
             match.set_begin(static_cast<int32_t>(spans[i]->begin));
             match.set_end(static_cast<int32_t>(spans[i]->end));
             match.set_config_line(PrintsConfig(lines[i], request.regex()));
           }
           return absl::OkStatus();
         });
}

bool EventHistory::CanView(const Caller& caller, const v1::RecordedEvent& event) const {
  const v1::EventInput& input = event.input();
  return dependencies_.authorizer.CanViewEvents(
      caller, input.has_experiment() ? std::optional<int32_t>(input.experiment().workspace_id())
                                     : std::nullopt);
}

absl::Status EventHistory::ReadList(const Caller& caller, const v1::ListEventsRequest& request,
                                    v1::ListEventsResponse& response) {
  ASSIGN_OR_RETURN(EventFilter filter, FilterFrom(request));
  filter.stop = caller.stop.get();
  ASSIGN_OR_RETURN(const EventPage page, dependencies_.store.ListEvents(filter));
  for (const EventRecord& event : page.events) {
    v1::RecordedEvent shown = EventToProto(event);
    if (CanView(caller, shown)) *response.add_events() = std::move(shown);
  }
  if (page.next_before_id != 0) response.set_next_page_token(absl::StrCat(page.next_before_id));
  return absl::OkStatus();
}

absl::Status EventHistory::Explain(const Caller& caller, const v1::GetEventRequest& request,
                                   v1::GetEventResponse& response) {
  if (request.event_id().size() != kMaxIdBytes) {
    return InvalidField("event_id", absl::StrCat(Quoted(request.event_id()),
                                                 " is not a UUID: give an event's id, such as "
                                                 "4cd26e62-60c6-4a8b-8d03-7629091a4ef5"));
  }
  ASSIGN_OR_RETURN(const EventRecord event, dependencies_.store.GetEvent(request.event_id()));
  const absl::Time now = dependencies_.store.due_clock().Now();
  ASSIGN_OR_RETURN(const DeliveryPage page,
                   dependencies_.store.ListDeliveries({.event_id = event.event_id,
                                                       .limit = kMaxJudgements,
                                                       .now = now,
                                                       .stop = caller.stop.get()}));
  *response.mutable_event() = EventToProto(event);
  if (!CanView(caller, response.event())) {
    response.Clear();
    return EventNotFound(request.event_id());
  }
  const auto webhooks = dependencies_.catalog.Current();
  for (v1::TriggerJudgement& judgement :
       JudgeEvent(event, response.event().input(), page.deliveries, *webhooks, now)) {
    const auto webhook = webhooks->Find(judgement.webhook_id());
    if (!dependencies_.authorizer.CanView(
            caller, webhook == nullptr ? std::nullopt : webhook->workspace_id)) {
      continue;
    }
    *response.add_judgements() = std::move(judgement);
  }
  return absl::OkStatus();
}

absl::Status EventHistory::TryTrigger(const Caller& caller, const v1::DryRunTriggerRequest& request,
                                      v1::DryRunTriggerResponse& response) {
  ASSIGN_OR_RETURN(const WebhookRecord webhook, ImaginedWebhook(request));
  if (request.event_count() < 0 || request.event_count() > kMaxTriedEvents) {
    return InvalidField("event_count",
                        absl::StrCat(request.event_count(), " is out of range: give 1 to ",
                                     kMaxTriedEvents, ", or 0 for ", kDefaultTriedEvents));
  }
  int left = request.event_count() == 0 ? kDefaultTriedEvents : request.event_count();
  const TriggerJudge judge(webhook, webhook.triggers.front());
  std::map<v1::JudgementReason, int> reasons;
  EventFilter filter = {.event_type = std::string(TriggerTypeName(webhook.triggers.front().type)),
                        .stop = caller.stop.get()};
  // Ids of events have no gaps to speak of.
  int64_t last_examined = 0;
  while (left > 0) {
    filter.limit = std::min(left, kMaxPageSize);
    ASSIGN_OR_RETURN(const EventPage page, dependencies_.store.ListEvents(filter));
    for (const EventRecord& event : page.events) {
      --left;
      v1::RecordedEvent shown = EventToProto(event);
      if (!shown.has_input() || !CanView(caller, shown)) continue;
      response.set_examined_count(response.examined_count() + 1);
      const Verdict verdict = judge.Judge(OccurrenceOf(event, shown.input()));
      if (!verdict.fires()) {
        ++reasons[verdict.reason];
        continue;
      }
      response.set_fired_count(response.fired_count() + 1);
      if (response.fired_size() < kMaxListedFirings) *response.add_fired() = std::move(shown);
    }
    if (filter.before_id == 0) last_examined = page.next_before_id - kMaxExaminedByDryRun;
    filter.before_id = page.next_before_id;
    if (filter.before_id == 0 || filter.before_id <= last_examined) break;
  }
  for (const auto& [reason, count] : reasons) {
    v1::ReasonCount& counted = *response.add_reasons();
    counted.set_reason(reason);
    counted.set_count(count);
  }
  return absl::OkStatus();
}

}  // namespace webhookd
