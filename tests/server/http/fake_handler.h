#ifndef WEBHOOKD_TESTS_SERVER_HTTP_FAKE_HANDLER_H_
#define WEBHOOKD_TESTS_SERVER_HTTP_FAKE_HANDLER_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "server/gateway/web.h"
#include "tests/testing/last_resort.h"

namespace webhookd {

// A handler that tests tell what to do. Paths that begin with /held are kept for TakeHeld; others
// go to the function, or are answered with what was asked.
class FakeHandler final : public WebHandler {
 public:
  using Answer = std::function<void(WebRequest, std::unique_ptr<WebResponder>)>;

  FakeHandler() : answer_(Echo) {}
  explicit FakeHandler(Answer answer) : answer_(std::move(answer)) {}

  void Handle(WebRequest request, std::unique_ptr<WebResponder> responder) override {
    if (!absl::StartsWith(request.path, "/held")) {
      answer_(std::move(request), std::move(responder));
      return;
    }
    MutexLock lock(mutex_);
    held_.push_back(std::move(responder));
    changed_.NotifyAll();
  }

  // The oldest held request's responder; waits for one. Null when none came.
  std::unique_ptr<WebResponder> TakeHeld(absl::Duration timeout = kLastResort) {
    const absl::Time deadline = absl::Now() + timeout;
    MutexLock lock(mutex_);
    while (held_.empty()) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) return nullptr;
      changed_.WaitFor(mutex_, left);
    }
    std::unique_ptr<WebResponder> responder = std::move(held_.front());
    held_.pop_front();
    return responder;
  }

  // "METHOD path?query BODY" as text.
  static void Echo(WebRequest request, std::unique_ptr<WebResponder> responder) {
    responder->Send({.headers = {{"Content-Type", "text/plain"}},
                     .body = absl::StrCat(request.method, " ", request.path, "?", request.query,
                                          " ", request.body)});
  }

 private:
  const Answer answer_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::unique_ptr<WebResponder>> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_HTTP_FAKE_HANDLER_H_
