#ifndef WEBHOOKD_SERVER_RPC_WEBHOOKS_H_
#define WEBHOOKD_SERVER_RPC_WEBHOOKS_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/persistent_map.h"
#include "determined/api/v1/webhook.pb.h"
#include "server/auth/account_catalog.h"
#include "server/auth/authorizer.h"
#include "server/delivery/dispatcher.h"
#include "server/delivery/egress_policy.h"
#include "server/events/event_router.h"
#include "server/rpc/api.h"
#include "server/rpc/read_call.h"
#include "server/rpc/test_sender.h"
#include "server/rpc/webhook_patch.h"
#include "storage/store.h"

namespace webhookd {

// The webhook RPCs of the Determined service. Reads are answered from the store's catalog. A change
// is answered after it is durable, audited, and in the catalog. Thread-safe.
//
// Each checks what the caller may do: NOT_FOUND for what they may not see, PERMISSION_DENIED for
// what they may not change.
class Webhooks {
 public:
  // All must outlive this and the calls under way.
  struct Dependencies {
    Store& store;
    const AccountCatalog& accounts;
    const Authorizer& authorizer;
    const EgressPolicy& egress;
    Dispatcher& dispatcher;
    TestSender& tests;
    EventRouter& router;
    Clock& clock;
    ReadThreads threads;
  };

  explicit Webhooks(Dependencies dependencies) : dependencies_(dependencies) {}

  void AddTo(Api& api);

 private:
  void Get(const Caller& caller, const determined::api::v1::GetWebhookRequest& request,
           determined::api::v1::GetWebhookResponse& response, DoneStatus done);
  void List(const Caller& caller, const determined::api::v1::GetWebhooksRequest& request,
            determined::api::v1::GetWebhooksResponse& response, DoneStatus done);
  // Errors of NewWebhook; ALREADY_EXISTS.
  void Post(const Caller& caller, const determined::api::v1::PostWebhookRequest& request,
            determined::api::v1::PostWebhookResponse& response, DoneStatus done);
  // Errors of WebhookPatch; ALREADY_EXISTS. Patches of several callers at once are made one after
  // another, each of what the one before left.
  void Patch(const Caller& caller, const determined::api::v1::PatchWebhookRequest& request,
             determined::api::v1::PatchWebhookResponse& response, DoneStatus done);
  void Delete(const Caller& caller, const determined::api::v1::DeleteWebhookRequest& request,
              determined::api::v1::DeleteWebhookResponse& response, DoneStatus done);
  // Sends a test event to a webhook, disabled or not, and waits for the answer. INVALID_ARGUMENT,
  // with the attempt in the details, when the receiver does not confirm.
  void Test(const Caller& caller, const determined::api::v1::TestWebhookRequest& request,
            determined::api::v1::TestWebhookResponse& response, DoneStatus done);

  // The webhooks of a snapshot as they are shown. Kept because their conditions are stored as JSON,
  // which costs more to read than all the rest of a list.
  struct Shown {
    std::shared_ptr<const WebhookSnapshot> snapshot;
    PersistentMap<int32_t, std::shared_ptr<const determined::webhook::v1::Webhook>> webhooks;
  };
  std::shared_ptr<const Shown> ShowAll();

  struct PostCall {
    WebhookRecord webhook;
    AuditEntry audit;
    determined::api::v1::PostWebhookResponse& response;
    DoneStatus done;
    bool name_is_made_up = false;
    int names_tried = 0;
  };
  // The webhook, if the caller has `permission` for it.
  absl::StatusOr<std::shared_ptr<const WebhookRecord>> Find(const Caller& caller,
                                                            Permission permission,
                                                            int32_t webhook_id) const;
  // Adds the newest delivery of each webhook in the response whose events the caller may see.
  absl::Status ReadLastDeliveries(const Caller& caller,
                                  determined::api::v1::GetWebhooksResponse& response) const;
  AuditEntry Audit(const Caller& caller, absl::string_view action,
                   const WebhookRecord& webhook) const;

  void TryPost(PostCall call);
  // What the caller should know of a webhook's workspace: empty when it is known.
  std::string WorkspaceWarning(const WebhookRecord& webhook) const;
  // `webhook` after the patch, if the caller may do that.
  absl::StatusOr<WebhookRecord> Patched(const Caller& caller, const WebhookPatch& patch,
                                        const WebhookRecord& webhook) const;

  const Dependencies dependencies_;
  Mutex mutex_;
  std::shared_ptr<const Shown> shown_ ABSL_GUARDED_BY(mutex_);  // of the list before; may be null
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_WEBHOOKS_H_
