#include "server/delivery/direct_http_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "server/delivery/plain_http_client.h"

namespace webhookd {
namespace {

class DirectHttpClient final : public HttpClient {
 public:
  DirectHttpClient(std::unique_ptr<CurlHttpClient> curl, std::unique_ptr<PlainHttpClient> plain)
      : curl_(std::move(curl)), plain_(std::move(plain)) {}

  void Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) override {
    if (absl::StartsWith(request.url, "http://")) {
      plain_->Send(std::move(request), std::move(done));
      return;
    }
    ++curl_under_way_;
    curl_->Send(std::move(request), [this, done = std::move(done)](HttpResult result) mutable {
      --curl_under_way_;
      std::move(done)(std::move(result));
    });
  }

  // What happens on the other client's sockets ends the wait, too: its descriptor is watched.
  void Poll(absl::Duration max_wait) override {
    plain_->Poll(curl_under_way_ == 0 ? max_wait : std::min(max_wait, curl_->WaitAtMost()));
    if (curl_under_way_ > 0 || plain_->watched_is_ready()) curl_->Poll(absl::ZeroDuration());
  }

  void Interrupt() override { plain_->Interrupt(); }

 private:
  const std::unique_ptr<CurlHttpClient> curl_;
  const std::unique_ptr<PlainHttpClient> plain_;  // goes first: it watches the other
  int curl_under_way_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpClient>> CreateHttpClient(CurlHttpClient::Options options,
                                                             const EgressPolicy& policy) {
  const PlainHttpClient::Options plain_options = {.max_connections = options.max_connections,
                                                  .user_agent = options.user_agent};
  const bool proxied = !options.proxy.empty();
  ASSIGN_OR_RETURN(std::unique_ptr<CurlHttpClient> curl,
                   CurlHttpClient::Create(std::move(options), policy));
  if (proxied) return curl;
  ASSIGN_OR_RETURN(std::unique_ptr<PlainHttpClient> plain,
                   PlainHttpClient::Create(plain_options, policy));
  RETURN_IF_ERROR(plain->Watch(curl->descriptor()));
  return std::make_unique<DirectHttpClient>(std::move(curl), std::move(plain));
}

}  // namespace webhookd
