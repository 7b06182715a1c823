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
#include "server/openapi/api_document.h"
#include "server/rpc/master.h"

namespace webhookd {

// What is served over HTTP: /healthz, /info, what describes the API, the page for people, and
// everything else by `rest`. Thread-safe.
//
// Pages of other sites must not get through a browser what the person in front of it would: a
// request to `rest` from another origin is refused with 403. Where nobody is asked who they are, so
// is one for a host name, which another site may have pointed here (DNS rebinding); elsewhere such
// a request has no cookie.
class Site final : public WebHandler {
 public:
  struct Options {
    bool any_host = false;                     // whether Host may be a name that is not localhost
    std::vector<std::string> allowed_origins;  // other origins, or "*"
  };
  // All must outlive it.
  struct Dependencies {
    const Master& master;
    const ApiDocument& api_document;
    const Transcoder& transcoder;
    WebHandler& rest;
  };

  Site(Options options, Dependencies dependencies)
      : options_(std::move(options)), dependencies_(dependencies) {}

  // From now on /healthz answers 503.
  void SetNotServing() { serving_ = false; }

  HeadVerdict CheckHead(const WebRequest& head) const override;
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
