#ifndef WEBHOOKD_SERVER_DELIVERY_SENDER_H_
#define WEBHOOKD_SERVER_DELIVERY_SENDER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "server/delivery/attempt_error.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/http_client.h"
#include "server/delivery/inbox.h"
#include "server/delivery/proxy_use.h"
#include "server/delivery/resolver.h"
#include "server/delivery/signer.h"
#include "server/delivery/target_url.h"
#include "storage/records.h"

namespace webhookd {

// What one attempt sends, and where.
struct SendRequest {
  absl::StatusOr<TargetUrl> target;  // an error ends the attempt as kInternal
  bool skip_tls_verification = false;
  bool fresh_connection = false;
  int attempt_number = 1;
  std::string event_id;
  std::shared_ptr<const std::string> body;
};

struct SendOutcome {
  AttemptError error = AttemptError::kNone;
  std::string retry_after;  // of the answer; empty if there is none
  AttemptRecord attempt;
};

// Makes attempts: resolves, checks the egress policy, signs, sends, classifies. Belongs to its
// shard's thread.
class Sender {
 public:
  struct Options {
    absl::Duration connect_timeout;
    absl::Duration timeout;  // of the whole attempt, name resolution included
    ProxyUse proxy;
  };

  // What the sender borrows; all must outlive it.
  struct Dependencies {
    const Signer& signer;
    const EgressPolicy& egress;
    Resolver& resolver;
    Clock& clock;
    HttpClient& http;
    std::shared_ptr<Inbox> inbox;  // of the shard: where late answers of the resolver go
  };

  Sender(Options options, Dependencies dependencies);

  // Makes one attempt. `done` runs on the shard's thread, never inside Send.
  void Send(SendRequest request, absl::AnyInvocable<void(SendOutcome) &&> done);

 private:
  struct Attempt;

  // The headers that the receiver verifies, signed now; the client adds those of the transport.
  std::vector<std::pair<std::string, std::string>> Sign(Attempt& attempt);
  void Connect(std::shared_ptr<Attempt> attempt, absl::StatusOr<std::vector<IpAddress>> addresses);
  void Fail(std::shared_ptr<Attempt> attempt, AttemptError error, std::string message);
  void Finish(Attempt& attempt, HttpResult result);

  const Options options_;
  const Dependencies dependencies_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_SENDER_H_
