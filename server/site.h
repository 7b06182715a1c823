#ifndef WEBHOOKD_SERVER_SITE_H_
#define WEBHOOKD_SERVER_SITE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/gateway/transcoder.h"
#include "server/gateway/web.h"
#include "server/rpc/master.h"

namespace webhookd {

// What is served over HTTP: /healthz, /info, and everything else by `rest`. Thread-safe.
//
// Nobody is asked yet who they are, so that pages of other sites must not get through a browser
// what the person in front of it would: a request from another origin is refused with 403, and so
// is, on a loopback address, one for a host name, which another site may have pointed here (DNS
// rebinding).
class Site final : public WebHandler {
 public:
  struct Options {
    bool any_host = false;                     // whether Host may be a name other than localhost
    std::vector<std::string> allowed_origins;  // other origins, or "*"
  };
  // All must outlive it.
  struct Dependencies {
    const Master& master;
    const Transcoder& transcoder;
    WebHandler& rest;
  };

  Site(Options options, Dependencies dependencies)
      : options_(std::move(options)), dependencies_(dependencies) {}

  // From now on /healthz answers 503.
  void SetNotServing() { serving_ = false; }

  void Handle(WebRequest request, std::unique_ptr<WebResponder> responder) override;

 private:
  // PERMISSION_DENIED for what another site's page may be behind.
  absl::Status CheckSender(const WebRequest& request) const;

  const Options options_;
  const Dependencies dependencies_;
  std::atomic<bool> serving_ = true;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_SITE_H_
