#ifndef WEBHOOKD_SERVER_REST_H_
#define WEBHOOKD_SERVER_REST_H_

#include <memory>

#include "absl/time/time.h"
#include "server/gateway/transcoder.h"
#include "server/gateway/web.h"
#include "server/rpc/api.h"

namespace webhookd {

// Serves RPCs over HTTP: what the transcoder understands is called through the same table as gRPC's
// calls. Thread-safe.
class Rest final : public WebHandler {
 public:
  struct Options {
    absl::Duration session_lifetime = absl::Hours(7 * 24);  // of the cookie that Login sets
  };

  // Both must outlive it and the calls under way.
  Rest(Options options, const Transcoder& transcoder, const Api& api)
      : options_(options), transcoder_(transcoder), api_(api) {}

  HeadVerdict CheckHead(const WebRequest& head) const override;
  void Handle(WebRequest request, std::unique_ptr<WebResponder> responder) override;

 private:
  class Stream;

  const Options options_;
  const Transcoder& transcoder_;
  const Api& api_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_REST_H_
