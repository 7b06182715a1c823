#ifndef WEBHOOKD_SERVER_GATEWAY_SITE_H_
#define WEBHOOKD_SERVER_GATEWAY_SITE_H_

#include <atomic>
#include <memory>

#include "server/gateway/web.h"
#include "server/rpc/master.h"

namespace webhookd {

// What is served over HTTP: /healthz, /info, and for every other path an error as Determined tells
// it. Thread-safe.
class Site final : public WebHandler {
 public:
  // `master` must outlive it.
  explicit Site(const Master& master) : master_(master) {}

  // From now on /healthz answers 503.
  void SetNotServing() { serving_ = false; }

  void Handle(WebRequest request, std::unique_ptr<WebResponder> responder) override;

 private:
  WebResponse Answer(const WebRequest& request) const;

  const Master& master_;
  std::atomic<bool> serving_ = true;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_SITE_H_
