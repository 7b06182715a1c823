#ifndef WEBHOOKD_SERVER_HTTP_EXCHANGE_H_
#define WEBHOOKD_SERVER_HTTP_EXCHANGE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "server/gateway/web.h"
#include "server/http/event_loop.h"

namespace webhookd {

// The session's side of one request that is being answered. Called on the loop's thread.
class ExchangeSession {
 public:
  virtual ~ExchangeSession() = default;

  virtual void OnSend(WebResponse response) = 0;
  virtual void OnStart(WebResponse head) = 0;
  // There are parts to take, or the end.
  virtual void OnParts() = 0;
  // The answer cannot be completed.
  virtual void OnAbort() = 0;
};

// What a session and whoever answers its request share; either may end first.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  // `clock` outlives it.
  Exchange(std::shared_ptr<EventLoop> loop, ExchangeSession& session, Clock& clock,
           size_t max_unsent_bytes, bool accepts_gzip)
      : loop_(std::move(loop)),
        clock_(clock),
        max_unsent_bytes_(max_unsent_bytes),
        accepts_gzip_(accepts_gzip),
        session_(&session) {}

  bool accepts_gzip() const { return accepts_gzip_; }

  // For the session, on the loop's thread.
  void Detach();
  // The client stopped sending.
  void NoteEnd();
  // Bytes that were taken and not sent yet.
  void SetUnsent(size_t bytes) { unsent_.store(bytes, std::memory_order_relaxed); }
  struct Parts {
    std::string bytes;
    bool ended;
  };
  Parts TakeParts();

  // For whoever answers, on any thread.
  void Send(WebResponse response);
  void Start(WebResponse head);
  bool Write(std::string part);
  void End();
  void Abort();
  bool IsGone();

 private:
  // Calls `call` with the session, on the loop's thread, unless the session ended.
  template <typename Call>
  void WithSession(Call call);
  void AnnounceParts();

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  const std::shared_ptr<EventLoop> loop_;
  Clock& clock_;
  const size_t max_unsent_bytes_;
  const bool accepts_gzip_;
  ExchangeSession* session_;  // of the loop's thread; null once it ended
  std::atomic<bool> gone_{false};
  std::atomic<int64_t> patience_ends_{kNever};  // nanoseconds of the steady clock
  std::atomic<size_t> unsent_{0};

  Mutex mutex_;
  std::string parts_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool announced_ ABSL_GUARDED_BY(mutex_) = false;  // the session knows of what is there
};

// Answers with `exchange`.
std::unique_ptr<WebResponder> NewResponder(std::shared_ptr<Exchange> exchange);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_EXCHANGE_H_
