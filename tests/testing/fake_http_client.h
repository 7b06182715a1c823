#ifndef WEBHOOKD_TESTS_TESTING_FAKE_HTTP_CLIENT_H_
#define WEBHOOKD_TESTS_TESTING_FAKE_HTTP_CLIENT_H_

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/delivery/http_client.h"

namespace webhookd {

// An HttpClient whose receivers are a function of the test. One thread.
class FakeHttpClient final : public HttpClient {
 public:
  // Decides how a request ends; none: it stays under way until Complete.
  using Receiver = std::function<std::optional<HttpResult>(const HttpRequest&)>;

  explicit FakeHttpClient(Receiver receiver) : receiver_(std::move(receiver)) {}

  void Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) override {
    sent.push_back(request);
    std::optional<HttpResult> result = receiver_(request);
    if (result.has_value()) {
      ready_.emplace_back(std::move(done), *std::move(result));
    } else {
      open.push_back(std::move(request));
      waiting_.push_back(std::move(done));
    }
  }

  void Poll(absl::Duration) override {
    std::deque<std::pair<absl::AnyInvocable<void(HttpResult) &&>, HttpResult>> ready;
    ready.swap(ready_);
    for (auto& [done, result] : ready) std::move(done)(std::move(result));
  }

  void Interrupt() override {}

  // Ends the request at this place in `open`; its callback runs in the next Poll.
  void Complete(size_t index, HttpResult result) {
    const auto place = static_cast<ptrdiff_t>(index);
    ready_.emplace_back(std::move(waiting_[index]), std::move(result));
    waiting_.erase(waiting_.begin() + place);
    open.erase(open.begin() + place);
  }

  bool idle() const { return ready_.empty(); }

  std::vector<HttpRequest> sent;  // all there ever were
  std::vector<HttpRequest> open;  // those under way

 private:
  const Receiver receiver_;
  std::deque<std::pair<absl::AnyInvocable<void(HttpResult) &&>, HttpResult>> ready_;
  std::vector<absl::AnyInvocable<void(HttpResult) &&>> waiting_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_FAKE_HTTP_CLIENT_H_
