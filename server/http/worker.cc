#include "server/http/worker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "server/http/response_head.h"
#include "server/http/session.h"
#include "server/telemetry/log.h"

namespace webhookd {
namespace {

constexpr size_t kScratchBytes = 64 * 1024;
constexpr int kAcceptsPerRound = 64;
constexpr absl::Duration kMinTick = absl::Milliseconds(5);
constexpr absl::Duration kMaxTick = absl::Seconds(1);
// How often memory is looked at while gRPC has connections: a flood takes some MB in that time.
constexpr absl::Duration kGuardPeriod = absl::Milliseconds(20);
// Who sent less in that time is not to blame.
constexpr uint64_t kFloodBytes = 64 * 1024;

std::string AddressOf(const sockaddr_storage& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  if (peer.ss_family == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    // IPv4 over a socket of both families.
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
      inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &address, text, sizeof text);
    }
  } else {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, text, sizeof text);
  }
  return text;
}

// A connection that gRPC serves. gRPC does not tell when it closes one; a second descriptor of the
// same socket does, because gRPC shuts sockets down before it closes them.
class GrpcConnection final : public Connection {
 public:
  GrpcConnection(int fd, std::string peer, Worker& worker)
      : Connection(fd, std::move(peer)), worker_(worker) {}

  void OnReady(uint32_t events) override {
    if ((events & EPOLLHUP) != 0) Close();
  }
  absl::Duration deadline() const override { return absl::InfiniteDuration(); }
  void OnTimeout() override {}
  void OnDrain() override { Close(); }
  void Close() override {
    if (!std::exchange(closed_, true)) worker_.Remove(*this);
  }

  // Bytes that came since the last call.
  uint64_t NewBytes() {
    const uint64_t received = ReceivedBytes(fd());
    return received - std::exchange(received_, received);
  }
  // Resets it, for gRPC too, whatever is still unread.
  void Disconnect() {
    sockaddr nowhere = {};
    nowhere.sa_family = AF_UNSPEC;
    connect(fd(), &nowhere, sizeof nowhere);
  }

 private:
  Worker& worker_;
  bool closed_ = false;
  uint64_t received_ = 0;
};

}  // namespace

// Tells the worker when a listening socket has a connection.
class Worker::Acceptor final : public EventLoop::Watcher {
 public:
  Acceptor(Worker& worker, int fd) : worker_(worker), fd_(fd) {}
  int fd() const { return fd_; }
  void OnReady(uint32_t) override { worker_.OnAcceptable(fd_); }

 private:
  Worker& worker_;
  const int fd_;
};

Worker::Worker(Port& port, std::shared_ptr<EventLoop> loop)
    : port_(port),
      loop_(std::move(loop)),
      scratch_(kScratchBytes),
      guard_(port.options.memory_limit_bytes) {}

Worker::~Worker() { Stop(); }

void Worker::Start(std::vector<int> listening) {
  for (const int fd : listening) acceptors_.push_back(std::make_unique<Acceptor>(*this, fd));
  loop_->Post([this] {
    const HttpServer::Options& options = port_.options;
    const absl::Duration shortest = std::min({options.header_timeout, options.body_timeout,
                                              options.write_timeout, options.idle_timeout});
    slow_tick_ = std::clamp(shortest / 4, kMinTick, kMaxTick);
    SetTick();
    WatchListening(true);
  });
  // Signals are for the thread that waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { loop_->Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Worker::BeginDrain(std::function<void()> begun) {
  loop_->Post([this, begun = std::move(begun)] {
    draining_ = true;
    WatchListening(false);
    for (ConnectionList* list : {&grpc_, &idle_, &busy_}) {
      for (auto it = list->begin(); it != list->end();) (*it++)->OnDrain();
    }
    begun();
    if (busy_.empty()) port_.drained();
  });
}

void Worker::Stop() {
  if (!thread_.joinable()) return;
  loop_->Post([this] {
    draining_ = true;
    WatchListening(false);
    for (ConnectionList* list : {&grpc_, &idle_, &busy_}) {
      while (!list->empty()) list->front()->Close();
    }
  });
  loop_->Stop();
  thread_.join();
}

absl::string_view Worker::Date() {
  const absl::Duration now = Now();
  if (now >= date_until_) {
    date_ = HttpDate(port_.clock.Now());
    date_until_ = now + absl::Seconds(1);
  }
  return date_;
}

bool Worker::BeginTurn(Connection& connection) {
  if (!std::exchange(in_turn_, true)) return true;
  waiting_.push_back(&connection);
  return false;
}

void Worker::EndTurn() {
  in_turn_ = false;
  // The first turn's end gives all others theirs: the stack must not grow with their number.
  if (std::exchange(ending_turn_, true)) return;
  while (!waiting_.empty()) {
    Connection* const next = waiting_.back();
    waiting_.pop_back();
    next->OnTurn();
  }
  ending_turn_ = false;
}

void Worker::SetIdle(Connection& connection, bool idle) {
  ConnectionList& from = connection.is_idle_ ? idle_ : busy_;
  ConnectionList& to = idle ? idle_ : busy_;
  to.splice(to.end(), from, connection.place_);
  connection.is_idle_ = idle;
}

void Worker::PassToGrpc(Connection& connection) {
  const std::unique_ptr<Connection>& owner = *connection.place_;
  const int fd = owner->fd();
  loop_->Unwatch(fd);
  const int watched = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (watched < 0 || port_.options.accept_grpc == nullptr) {
    if (watched >= 0) close(watched);
    Remove(connection);
    return;
  }
  std::string peer = connection.peer();
  loop_->Bury(Take(connection));
  Add(std::make_unique<GrpcConnection>(watched, std::move(peer), *this), EPOLLET);
  port_.options.accept_grpc(fd);
}

void Worker::Remove(Connection& connection) {
  loop_->Unwatch(connection.fd());
  close(connection.fd());
  port_.limits.Release(connection.peer());
  loop_->Bury(Take(connection));
  if (draining_ && busy_.empty()) port_.drained();
}

void Worker::OnAcceptable(int listening) {
  for (int i = 0; i < kAcceptsPerRound && accepting_; ++i) {
    sockaddr_storage peer = {};
    socklen_t size = sizeof peer;
    const int fd =
        accept4(listening, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      Admit(fd, AddressOf(peer));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // Try again once something has been closed; the tick looks again.
      if (!CloseOldestIdle()) WatchListening(false);
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

void Worker::Admit(int fd, const std::string& peer) {
  ConnectionLimits::Verdict verdict = port_.limits.Admit(peer);
  if (verdict == ConnectionLimits::Verdict::kFull && CloseOldestIdle()) {
    verdict = port_.limits.Admit(peer);
  }
  if (verdict != ConnectionLimits::Verdict::kAdmitted) {
    if (port_.tls == nullptr) SendBusy(fd, Date());
    close(fd);
    return;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Add(std::make_unique<Session>(fd, peer, *this), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

bool Worker::CloseOldestIdle() {
  if (idle_.empty()) return false;
  idle_.front()->Close();
  return true;
}

void Worker::Add(std::unique_ptr<Connection> connection, uint32_t events) {
  const bool is_grpc = (events & EPOLLIN) == 0;
  ConnectionList& list = is_grpc ? grpc_ : busy_;
  Connection& added = *connection;
  list.push_back(std::move(connection));
  added.place_ = std::prev(list.end());
  added.is_grpc_ = is_grpc;
  if (is_grpc && grpc_.size() == 1) SetTick();
  if (!loop_->Watch(added.fd(), events, added)) added.Close();
}

std::unique_ptr<Connection> Worker::Take(Connection& connection) {
  ConnectionList& list = connection.is_grpc_ ? grpc_ : connection.is_idle_ ? idle_ : busy_;
  std::unique_ptr<Connection> taken = std::move(*connection.place_);
  std::erase(waiting_, &connection);
  list.erase(connection.place_);
  if (connection.is_grpc_ && grpc_.empty()) SetTick();
  return taken;
}

void Worker::WatchListening(bool on) {
  if (accepting_ == on) return;
  accepting_ = on;
  for (const std::unique_ptr<Acceptor>& acceptor : acceptors_) {
    if (on) {
      // One worker is woken for a connection, not all.
      loop_->Watch(acceptor->fd(), EPOLLIN | EPOLLEXCLUSIVE, *acceptor);
    } else {
      loop_->Unwatch(acceptor->fd());
    }
  }
}

void Worker::SetTick() {
  const bool guards = !grpc_.empty() && port_.options.memory_limit_bytes > 0;
  loop_->SetTick(guards ? std::min(kGuardPeriod, slow_tick_) : slow_tick_, [this] { Tick(); });
}

void Worker::Tick() {
  if (!grpc_.empty()) GuardMemory();
  const absl::Duration now = Now();
  if (now < next_sweep_) return;
  next_sweep_ = now + slow_tick_;
  // What came before the last moment does not count.
  for (const std::unique_ptr<Connection>& connection : grpc_) {
    static_cast<GrpcConnection&>(*connection).NewBytes();
  }
  for (ConnectionList* list : {&idle_, &busy_}) {
    for (auto it = list->begin(); it != list->end();) {
      // It may end, or become busy; the next one stays.
      Connection& connection = **it++;
      if (connection.deadline() <= now) connection.OnTimeout();
    }
  }
  if (!draining_) WatchListening(true);
}

void Worker::GuardMemory() {
  if (!guard_.Alarm()) return;
  GrpcConnection* busiest = nullptr;
  uint64_t most = kFloodBytes;
  for (const std::unique_ptr<Connection>& connection : grpc_) {
    auto* grpc = static_cast<GrpcConnection*>(connection.get());
    const uint64_t bytes = grpc->NewBytes();
    if (bytes < most) continue;
    most = bytes;
    busiest = grpc;
  }
  if (busiest == nullptr) return;
  Log(LogLevel::kWarning,
      "memory grows beyond its limit; the gRPC connection that received most is closed",
      {{"peer", busiest->peer()},
       {"received_bytes", static_cast<int64_t>(most)},
       {"limit_bytes", static_cast<int64_t>(port_.options.memory_limit_bytes)}});
  busiest->Disconnect();
}

}  // namespace webhookd
