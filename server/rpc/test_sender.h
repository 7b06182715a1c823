#ifndef WEBHOOKD_SERVER_RPC_TEST_SENDER_H_
#define WEBHOOKD_SERVER_RPC_TEST_SENDER_H_

#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "server/delivery/dispatcher.h"
#include "server/rpc/delivery_conversion.h"
#include "server/rpc/sample_events.h"
#include "storage/records.h"
#include "storage/store.h"

namespace webhookd {

// Sends test events: once each, stored nowhere. Thread-safe.
class TestSender {
 public:
  // All must outlive this and the tests under way.
  struct Dependencies {
    Dispatcher& dispatcher;
    Clock& clock;
    RandomBits& random;
  };

  // `signing_key_source` as in TryWebhookResponse.
  TestSender(std::string signing_key_source, Dependencies dependencies)
      : signing_key_source_(std::move(signing_key_source)), dependencies_(dependencies) {}

  // Tests the webhook, and calls `done` once `response` says how that went: a TestWebhookResponse
  // or a TryWebhookResponse, which must live until then.
  template <typename Response>
  void Send(std::shared_ptr<const WebhookRecord> webhook, Response& response, DoneStatus done) {
    TestEvent event = NewTestEvent(webhook->type, dependencies_.clock.Now(), dependencies_.random);
    response.set_event_id(event.event_id);
    response.set_request_body(*event.body);
    response.set_signing_key_source(signing_key_source_);
    dependencies_.dispatcher.SendOnce(
        std::move(webhook), event.event_id, std::move(event.body),
        [&response, done = std::move(done)](const AttemptRecord& attempt) mutable {
          response.set_completed(attempt.error_class.empty());
          *response.mutable_attempt() = AttemptToProto(attempt);
          std::move(done)(absl::OkStatus());
        });
  }

 private:
  const std::string signing_key_source_;
  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_TEST_SENDER_H_
