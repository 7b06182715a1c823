#include "server/http/exchange.h"

#include "server/http/compression.h"

namespace webhookd {
namespace {

// How long an answer is worth its work after its client stopped sending.
constexpr absl::Duration kPatience = absl::Seconds(1);

class Responder final : public WebResponder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~Responder() override {
    switch (state_) {
      case State::kUnused:
        exchange_->Send({.status = 503});
        break;
      case State::kStarted:
        exchange_->Abort();
        break;
      case State::kDone:
        break;
    }
  }

  void Send(WebResponse response) override {
    if (state_ != State::kUnused) return;
    state_ = State::kDone;
    Compress(response, exchange_->accepts_gzip());
    exchange_->Send(std::move(response));
  }

  void Start(WebResponse head) override {
    if (state_ != State::kUnused) return;
    state_ = State::kStarted;
    exchange_->Start(std::move(head));
  }

  bool Write(std::string part) override {
    return state_ == State::kStarted && exchange_->Write(std::move(part));
  }

  void End() override {
    if (state_ != State::kStarted) return;
    state_ = State::kDone;
    exchange_->End();
  }

  bool IsGone() override { return exchange_->IsGone(); }

 private:
  enum class State { kUnused, kStarted, kDone };

  const std::shared_ptr<Exchange> exchange_;
  State state_ = State::kUnused;
};

}  // namespace

void Exchange::Detach() {
  session_ = nullptr;
  gone_.store(true, std::memory_order_relaxed);
}

void Exchange::NoteEnd() {
  if (patience_ends_.load(std::memory_order_relaxed) != kNever) return;
  patience_ends_.store(absl::ToInt64Nanoseconds(clock_.Steady() + kPatience),
                       std::memory_order_relaxed);
}

bool Exchange::IsGone() {
  return gone_.load(std::memory_order_relaxed) ||
         absl::ToInt64Nanoseconds(clock_.Steady()) >=
             patience_ends_.load(std::memory_order_relaxed);
}

Exchange::Parts Exchange::TakeParts() {
  MutexLock lock(mutex_);
  announced_ = false;
  unsent_.fetch_add(parts_.size(), std::memory_order_relaxed);
  return {std::exchange(parts_, std::string()), ended_};
}

template <typename Call>
void Exchange::WithSession(Call call) {
  if (loop_->InLoop()) {
    if (session_ != nullptr) call(*session_);
    return;
  }
  loop_->Post([self = shared_from_this(), call = std::move(call)]() mutable {
    if (self->session_ != nullptr) call(*self->session_);
  });
}

void Exchange::Send(WebResponse response) {
  WithSession([response = std::move(response)](ExchangeSession& session) mutable {
    session.OnSend(std::move(response));
  });
}

void Exchange::Start(WebResponse head) {
  WithSession([head = std::move(head)](ExchangeSession& session) mutable {
    session.OnStart(std::move(head));
  });
}

bool Exchange::Write(std::string part) {
  if (gone_.load(std::memory_order_relaxed)) return false;
  bool too_slow = false;
  {
    MutexLock lock(mutex_);
    const size_t waiting = parts_.size() + unsent_.load(std::memory_order_relaxed);
    too_slow = waiting > 0 && waiting + part.size() > max_unsent_bytes_;
    if (!too_slow) parts_.append(part);
  }
  if (too_slow) {
    gone_.store(true, std::memory_order_relaxed);
    Abort();
    return false;
  }
  AnnounceParts();
  return !gone_.load(std::memory_order_relaxed);
}

void Exchange::End() {
  {
    MutexLock lock(mutex_);
    ended_ = true;
  }
  AnnounceParts();
}

void Exchange::AnnounceParts() {
  {
    MutexLock lock(mutex_);
    if (std::exchange(announced_, true)) return;
  }
  WithSession([](ExchangeSession& session) { session.OnParts(); });
}

void Exchange::Abort() {
  WithSession([](ExchangeSession& session) { session.OnAbort(); });
}

std::unique_ptr<WebResponder> NewResponder(std::shared_ptr<Exchange> exchange) {
  return std::make_unique<Responder>(std::move(exchange));
}

}  // namespace webhookd
