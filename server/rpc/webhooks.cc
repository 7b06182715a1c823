#include "server/rpc/webhooks.h"

#include <google/protobuf/arena.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/events/pattern_budget.h"
#include "server/rpc/delivery_conversion.h"
#include "server/rpc/rpc_error.h"
#include "server/rpc/webhook_conversion.h"
#include "server/rpc/webhook_patch.h"
#include "server/telemetry/log.h"
#include "storage/errors.h"

namespace webhookd {
namespace {

using namespace determined::api::v1;  // NOLINT(google-build-using-namespace): messages only

void LogStored(const WebhookRecord& webhook) {
  Log(LogLevel::kInfo, "webhook stored",
      {{"webhook_id", int64_t{webhook.id}},
       {"name", webhook.name},
       {"disabled", webhook.disabled_at.has_value()}});
}

// What a master answers when the receiver of a test does not confirm, with the attempt in the
// details. Trailers of gRPC hold 8 KB: long texts are cut.
absl::Status TestFailed(const TestWebhookResponse& response) {
  constexpr size_t kMaxTextBytes = 512;
  v1::Attempt attempt = response.attempt();
  attempt.clear_request_headers();
  attempt.set_url(Shortened(attempt.url(), kMaxTextBytes));
  attempt.set_error_message(Shortened(attempt.error_message(), kMaxTextBytes));
  attempt.set_response_excerpt(Shortened(attempt.response_excerpt(), kMaxTextBytes));
  absl::Status status = absl::InvalidArgumentError(absl::StrCat(
      "received error from webhook server for event id ", response.event_id(), " error: ",
      attempt.status() != 0 ? absl::StrCat(attempt.status())
                            : absl::StrCat(attempt.error_class(), ": ", attempt.error_message())));
  AddDetail(attempt, status);
  return status;
}

}  // namespace

void Webhooks::AddTo(Api& api) {
  api.AddUnary("determined.api.v1.Determined.GetWebhook", this, &Webhooks::Get);
  api.AddUnary("determined.api.v1.Determined.GetWebhooks", this, &Webhooks::List);
  api.AddUnary("determined.api.v1.Determined.PostWebhook", this, &Webhooks::Post);
  api.AddUnary("determined.api.v1.Determined.PatchWebhook", this, &Webhooks::Patch);
  api.AddUnary("determined.api.v1.Determined.DeleteWebhook", this, &Webhooks::Delete);
  api.AddUnary("determined.api.v1.Determined.TestWebhook", this, &Webhooks::Test);
}

absl::StatusOr<std::shared_ptr<const WebhookRecord>> Webhooks::Find(const Caller& caller,
                                                                    Permission permission,
                                                                    int32_t webhook_id) const {
  std::shared_ptr<const WebhookRecord> webhook =
      dependencies_.store.catalog().Current()->Find(webhook_id);
  if (webhook == nullptr) return WebhookNotFound(webhook_id);
  RETURN_IF_ERROR(dependencies_.authorizer.CheckWebhook(caller, permission, *webhook));
  return webhook;
}

AuditEntry Webhooks::Audit(const Caller& caller, absl::string_view action,
                           const WebhookRecord& webhook) const {
  return AuditEntryOf(caller, dependencies_.clock.Now(),
                      {.action = action,
                       .target_type = "webhook",
                       .target_id = webhook.id == 0 ? "" : absl::StrCat(webhook.id),
                       .detail = webhook.name});
}

void Webhooks::Get(const Caller& caller, const GetWebhookRequest& request,
                   GetWebhookResponse& response, DoneStatus done) {
  const absl::Status valid = CheckId("webhook_id", request.webhook_id());
  if (!valid.ok()) return std::move(done)(valid);
  const auto webhook = Find(caller, Permission::kViewWebhooks, request.webhook_id());
  if (!webhook.ok()) return std::move(done)(webhook.status());
  *response.mutable_webhook() = WebhookToProto(**webhook);
  if (!request.with_waiting_deliveries() ||
      !dependencies_.authorizer.CanViewEvents(caller, (*webhook)->workspace_id)) {
    return std::move(done)(absl::OkStatus());
  }
  ReadOn(dependencies_.threads.lists, caller, std::move(done),
         [this, id = (*webhook)->id, &response](const Caller&) -> absl::Status {
           ASSIGN_OR_RETURN(const int64_t count, dependencies_.store.CountPending(id));
           response.set_waiting_deliveries(count);
           return absl::OkStatus();
         });
}

void Webhooks::List(const Caller& caller, const GetWebhooksRequest& request,
                    GetWebhooksResponse& response, DoneStatus done) {
  const std::shared_ptr<const Shown> shown = ShowAll();
  // On an arena, which can keep them alive, they are shared instead of copied. Whoever reads the
  // response changes nothing in it.
  google::protobuf::Arena* const arena = response.GetArena();
  if (arena != nullptr) arena->Own(new std::shared_ptr<const Shown>(shown));
  auto webhook = shown->webhooks.begin();
  for (const auto& [id, record] : shown->snapshot->webhooks()) {
    const std::shared_ptr<const determined::webhook::v1::Webhook>& form = webhook->second;
    ++webhook;
    if (!dependencies_.authorizer.CanView(caller, record->workspace_id)) continue;
    if (arena == nullptr) {
      *response.add_webhooks() = *form;
    } else {
      response.mutable_webhooks()->UnsafeArenaAddAllocated(
          const_cast<determined::webhook::v1::Webhook*>(form.get()));
    }
  }
  if (!request.with_last_deliveries()) return std::move(done)(absl::OkStatus());
  ReadOn(dependencies_.threads.lists, caller, std::move(done),
         [this, &response](const Caller& caller) { return ReadLastDeliveries(caller, response); });
}

std::shared_ptr<const Webhooks::Shown> Webhooks::ShowAll() {
  auto shown = std::make_shared<Shown>();
  shown->snapshot = dependencies_.store.catalog().Current();
  WebhookSnapshot::Webhooks before;
  {
    MutexLock lock(mutex_);
    if (shown_ != nullptr) {
      if (shown_->snapshot == shown->snapshot) return shown_;
      before = shown_->snapshot->webhooks();
      shown->webhooks = shown_->webhooks;
    }
  }
  WebhookSnapshot::Webhooks::ForEachDifference(
      before, shown->snapshot->webhooks(), [&](int32_t id, const auto*, const auto* webhook) {
        if (webhook == nullptr) return shown->webhooks.Erase(id);
        shown->webhooks.Set(id, std::make_shared<const determined::webhook::v1::Webhook>(
                                    WebhookToProto(**webhook)));
      });
  MutexLock lock(mutex_);
  shown_ = shown;
  return shown;
}

absl::Status Webhooks::ReadLastDeliveries(const Caller& caller,
                                          GetWebhooksResponse& response) const {
  const absl::Time now = dependencies_.store.due_clock().Now();
  webhookd::v1::LastDeliveries& last = *response.mutable_last_deliveries();
  for (const auto& webhook : response.webhooks()) {
    if (!dependencies_.authorizer.CanViewEvents(
            caller,
            webhook.workspace_id() == 0 ? std::nullopt : std::optional(webhook.workspace_id()))) {
      continue;
    }
    ASSIGN_OR_RETURN(
        const DeliveryPage newest,
        dependencies_.store.ListDeliveries(
            {.webhook_id = webhook.id(), .limit = 1, .now = now, .stop = caller.stop.get()}));
    for (const DeliveryRecord& delivery : newest.deliveries) {
      *last.add_deliveries() = DeliveryToProto(delivery, now);
    }
  }
  return absl::OkStatus();
}

void Webhooks::Post(const Caller& caller, const PostWebhookRequest& request,
                    PostWebhookResponse& response, DoneStatus done) {
  if (!request.has_webhook()) {
    return std::move(done)(InvalidField("webhook", "is missing: give the webhook to create"));
  }
  absl::StatusOr<WebhookRecord> webhook =
      NewWebhook(request.webhook(), dependencies_.egress, dependencies_.clock.Now());
  if (!webhook.ok()) return std::move(done)(webhook.status());
  const absl::Status allowed = dependencies_.authorizer.CheckWorkspace(
      caller, Permission::kEditWebhooks, webhook->workspace_id);
  if (!allowed.ok()) return std::move(done)(allowed);
  const absl::Status affordable =
      CheckPatternBudget(*dependencies_.store.catalog().Current(), nullptr, *webhook);
  if (!affordable.ok()) return std::move(done)(affordable);

  AuditEntry audit = Audit(caller, "webhook.create", *webhook);
  const bool nameless = webhook->name.empty();
  TryPost({.webhook = *std::move(webhook),
           .audit = std::move(audit),
           .response = response,
           .done = std::move(done),
           .name_is_made_up = nameless});
}

void Webhooks::TryPost(PostCall call) {
  WebhookRecord& webhook = call.webhook;
  if (call.name_is_made_up) {
    absl::flat_hash_set<absl::string_view> taken;
    const auto snapshot = dependencies_.store.catalog().Current();
    for (const auto& [id, other] : snapshot->webhooks()) {
      if (other->workspace_id == webhook.workspace_id) taken.insert(other->name);
    }
    do {
      webhook.name = MadeUpName(webhook, call.names_tried++);
    } while (taken.contains(webhook.name));
    call.audit.detail = webhook.name;
  }
  WebhookRecord record = webhook;
  AuditEntry audit = call.audit;
  dependencies_.store.CreateWebhook(
      std::move(record), std::move(audit),
      [this, call = std::move(call)](absl::StatusOr<WebhookChange> change) mutable {
        // Somebody else was given the same name at the same time.
        if (call.name_is_made_up && absl::IsAlreadyExists(change.status())) {
          return TryPost(std::move(call));
        }
        if (!change.ok()) return std::move(call.done)(change.status());
        LogStored(change->webhook);
        *call.response.mutable_webhook() = WebhookToProto(change->webhook);
        if (std::string warning = WorkspaceWarning(change->webhook); !warning.empty()) {
          Log(LogLevel::kWarning, "a webhook listens to a workspace that nobody told of",
              {{"webhook_id", int64_t{change->webhook.id}},
               {"workspace_id", int64_t{*change->webhook.workspace_id}}});
          call.response.add_warnings(std::move(warning));
        }
        std::move(call.done)(absl::OkStatus());
      });
}

std::string Webhooks::WorkspaceWarning(const WebhookRecord& webhook) const {
  const std::optional<int32_t>& id = webhook.workspace_id;
  if (!id.has_value() || dependencies_.accounts.Current()->FindWorkspace(*id) != nullptr ||
      dependencies_.router.FindWorkspace(*id).has_value()) {
    return "";
  }
  return absl::StrCat(
      "workspace ", *id,
      " is not known here: no report named it so far, and nobody put it; the "
      "webhook fires once experiments of a workspace with this number are reported");
}

void Webhooks::Patch(const Caller& caller, const PatchWebhookRequest& request,
                     PatchWebhookResponse& response, DoneStatus done) {
  const absl::Status valid = CheckId("id", request.id());
  if (!valid.ok()) return std::move(done)(valid);
  absl::StatusOr<WebhookPatch> patch =
      WebhookPatch::Parse(request, dependencies_.egress, dependencies_.clock.Now());
  // What would be refused is refused here; what another change makes of it is seen in the write.
  const auto webhook = Find(caller, Permission::kEditWebhooks, request.id());
  if (!webhook.ok()) return std::move(done)(webhook.status());
  if (!patch.ok()) return std::move(done)(patch.status());
  const absl::StatusOr<WebhookRecord> patched = Patched(caller, *patch, **webhook);
  if (!patched.ok()) return std::move(done)(patched.status());
  const absl::Status affordable =
      CheckPatternBudget(*dependencies_.store.catalog().Current(), webhook->get(), *patched);
  if (!affordable.ok()) return std::move(done)(affordable);
  dependencies_.store.UpdateWebhook(
      request.id(),
      [this, caller, patch = *std::move(patch)](const WebhookRecord& old) {
        return Patched(caller, patch, old);
      },
      Audit(caller, "webhook.update", *patched),
      [this, &response, done = std::move(done)](absl::StatusOr<WebhookChange> change) mutable {
        if (!change.ok()) return std::move(done)(change.status());
        LogStored(change->webhook);
        const int32_t id = change->webhook.id;
        *response.mutable_webhook() = WebhookToProto(change->webhook);
        // Enabled, moved or allowed to do more: what waits may be due now.
        dependencies_.dispatcher.Wake({.waiting = {id}});
        dependencies_.dispatcher.Settle(
            id, [&response, done = std::move(done)](int64_t under_way) mutable {
              if (under_way > 0) response.set_attempts_in_flight(under_way);
              std::move(done)(absl::OkStatus());
            });
      });
}

absl::StatusOr<WebhookRecord> Webhooks::Patched(const Caller& caller, const WebhookPatch& patch,
                                                const WebhookRecord& webhook) const {
  const Authorizer& authorizer = dependencies_.authorizer;
  RETURN_IF_ERROR(authorizer.CheckWebhook(caller, Permission::kEditWebhooks, webhook));
  ASSIGN_OR_RETURN(WebhookRecord patched, patch.Apply(webhook));
  if (patched.workspace_id != webhook.workspace_id) {
    RETURN_IF_ERROR(
        authorizer.CheckWorkspace(caller, Permission::kEditWebhooks, patched.workspace_id));
  }
  return patched;
}

void Webhooks::Delete(const Caller& caller, const DeleteWebhookRequest& request,
                      DeleteWebhookResponse& response, DoneStatus done) {
  const absl::Status valid = CheckId("id", request.id());
  if (!valid.ok()) return std::move(done)(valid);
  const auto webhook = Find(caller, Permission::kEditWebhooks, request.id());
  if (!webhook.ok()) return std::move(done)(webhook.status());
  dependencies_.store.DeleteWebhook(
      request.id(), dependencies_.clock.Now(), Audit(caller, "webhook.delete", **webhook),
      [this, id = request.id(), &response,
       done = std::move(done)](absl::StatusOr<WebhookDeletion> deletion) mutable {
        if (!deletion.ok()) return std::move(done)(deletion.status());
        Log(LogLevel::kInfo, "webhook deleted",
            {{"webhook_id", int64_t{id}}, {"canceled_deliveries", deletion->canceled_deliveries}});
        response.set_canceled_deliveries(deletion->canceled_deliveries);
        dependencies_.dispatcher.Settle(
            id, [&response, done = std::move(done)](int64_t under_way) mutable {
              if (under_way > 0) response.set_attempts_in_flight(under_way);
              std::move(done)(absl::OkStatus());
            });
      });
}

void Webhooks::Test(const Caller& caller, const TestWebhookRequest& request,
                    TestWebhookResponse& response, DoneStatus done) {
  const absl::Status valid = CheckId("id", request.id());
  if (!valid.ok()) return std::move(done)(valid);
  auto webhook = Find(caller, Permission::kEditWebhooks, request.id());
  if (!webhook.ok()) return std::move(done)(webhook.status());

  dependencies_.tests.Send(*std::move(webhook), response,
                           [&response, done = std::move(done)](absl::Status status) mutable {
                             if (status.ok() && !response.completed())
                               status = TestFailed(response);
                             std::move(done)(std::move(status));
                           });
}

}  // namespace webhookd
