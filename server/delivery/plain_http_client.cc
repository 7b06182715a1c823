#include "server/delivery/plain_http_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "server/delivery/plain_exchange.h"

namespace webhookd {
namespace {

constexpr int kMaxEvents = 256;
constexpr size_t kMaxFreeExchanges = 1024;

// A connection is not kept for longer, so that a name's new addresses are taken up.
constexpr absl::Duration kMaxConnectionTime = absl::Minutes(5);
constexpr absl::Duration kMaxIdleTime = absl::Minutes(1);

// The kernel gives a connection up whose data is not acknowledged for so long.
constexpr absl::Duration kMaxUnacknowledged = absl::Seconds(20);

// After so much silence of one address the next one is tried beside it (RFC 8305, section 5).
constexpr absl::Duration kNextAddressAfter = absl::Milliseconds(250);

// An address for the kernel.
struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

SocketAddress ToSocketAddress(const IpAddress& address, uint16_t port) {
  SocketAddress result;
  if (address.is_v4()) {
    sockaddr_in in = {};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.bytes().data(), sizeof(in.sin_addr));
    std::memcpy(&result.storage, &in, sizeof(in));
    result.size = sizeof(in);
  } else {
    sockaddr_in6 in = {};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, address.bytes().data(), sizeof(in.sin6_addr));
    std::memcpy(&result.storage, &in, sizeof(in));
    result.size = sizeof(in);
  }
  return result;
}

std::string AddressWithPort(const IpAddress& address, uint16_t port) {
  return address.is_v4() ? absl::StrCat(address.ToString(), ":", port)
                         : absl::StrCat("[", address.ToString(), "]:", port);
}

}  // namespace

class PlainHttpClient::Impl {
 public:
  Impl(Options options, const EgressPolicy& policy, int epoll, int wake)
      : options_(std::move(options)), policy_(policy), epoll_(epoll), wake_(wake) {}
  ~Impl();

  void Send(HttpRequest request, PlainExchange::Done done);
  void Poll(absl::Duration max_wait);
  void Interrupt() { eventfd_write(wake_, 1); }
  absl::Status Watch(int descriptor);
  bool watched_is_ready() const { return watched_is_ready_; }

 private:
  struct Completed {
    PlainExchange::Done done;
    HttpResult result;
  };

  void HandleEvents(absl::Duration max_wait);
  void OnEvent(PlainConnection& connection, uint32_t events);
  void CheckTimes();
  void Expire(PlainExchange& exchange);

  void Begin(PlainExchange& exchange);
  void TryNextAddress(PlainExchange& exchange);
  bool Connect(PlainExchange& exchange, const IpAddress& address);
  void OnConnectEvent(PlainConnection& connection);
  void Write(PlainExchange& exchange);
  void Read(PlainExchange& exchange);

  PlainConnection* TakeIdle(const std::string& origin);
  void KeepIdle(PlainConnection& connection);
  void RemoveIdle(PlainConnection& connection);
  void Close(PlainConnection& connection);
  void Listen(PlainConnection& connection, bool wants_to_write);
  void Finish(PlainExchange& exchange, HttpResult result);
  // Makes sure that CheckTimes comes by then.
  void LookAt(absl::Duration time) { next_check_ = std::min(next_check_, time); }

  const Options options_;
  const EgressPolicy& policy_;
  const int epoll_;
  const int wake_;
  bool watched_is_ready_ = false;
  absl::Duration now_;  // Clock::Steady, as of the last wait
  absl::Duration next_check_ = absl::InfiniteDuration();

  std::vector<std::unique_ptr<PlainConnection>> connections_;
  std::vector<std::unique_ptr<PlainConnection>> closed_;  // until no event can name them
  std::list<PlainConnection*> idle_;                      // oldest first
  std::list<PlainConnection*> idle_nodes_;                // spare nodes of that list
  absl::flat_hash_map<std::string, std::unique_ptr<PlainOrigin>> origins_;

  std::vector<std::unique_ptr<PlainExchange>> active_;
  std::vector<std::unique_ptr<PlainExchange>> free_;
  std::vector<std::unique_ptr<PlainExchange>> dropped_;  // that free_ has no room for
  std::vector<PlainExchange*> beginning_;                // sent, and begun with the next Poll
  std::vector<PlainExchange*> begun_;                    // empty but in Poll; kept for its memory
  std::vector<Completed> completed_;
  std::vector<Completed> calling_;  // empty but in Poll; kept for its memory
  std::array<char, 64 * 1024> buffer_;
};

PlainHttpClient::Impl::~Impl() {
  for (const auto& connection : connections_) close(connection->fd);
  close(epoll_);
  close(wake_);
}

absl::Status PlainHttpClient::Impl::Watch(int descriptor) {
  epoll_event event = {};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot watch a descriptor: ", std::strerror(errno)));
}

void PlainHttpClient::Impl::Send(HttpRequest request, PlainExchange::Done done) {
  std::unique_ptr<PlainExchange> exchange;
  if (free_.empty()) {
    exchange = std::make_unique<PlainExchange>();
  } else {
    exchange = std::move(free_.back());
    free_.pop_back();
  }
  const absl::Status ready =
      exchange->Prepare(std::move(request), options_.user_agent, RealClock().Steady());
  if (!ready.ok()) {
    HttpResult result;
    result.error = AttemptError::kInternal;
    result.error_message = std::string(ready.message());
    completed_.push_back({std::move(done), std::move(result)});
    free_.push_back(std::move(exchange));
    return;
  }
  exchange->done = std::move(done);
  exchange->index = active_.size();
  // Begun only after the events of the next Poll: a kept connection that was closed meanwhile is
  // seen there, at no cost.
  beginning_.push_back(exchange.get());
  active_.push_back(std::move(exchange));
}

void PlainHttpClient::Impl::Poll(absl::Duration max_wait) {
  HandleEvents(max_wait);
  begun_.swap(beginning_);
  for (PlainExchange* const exchange : begun_) Begin(*exchange);
  begun_.clear();
  if (next_check_ <= now_) CheckTimes();
  while (connections_.size() > static_cast<size_t>(options_.max_connections) && !idle_.empty()) {
    Close(*idle_.front());
  }
  closed_.clear();
  dropped_.clear();
  // Callbacks may send.
  calling_.swap(completed_);
  for (Completed& completed : calling_) std::move(completed.done)(std::move(completed.result));
  calling_.clear();
}

void PlainHttpClient::Impl::HandleEvents(absl::Duration max_wait) {
  constexpr absl::Duration kLongest = absl::Hours(1);
  absl::Duration wait = absl::ZeroDuration();
  if (completed_.empty() && beginning_.empty()) {
    wait = std::clamp(max_wait, absl::ZeroDuration(), kLongest);
    if (wait > absl::ZeroDuration() && next_check_ < absl::InfiniteDuration()) {
      wait = std::clamp(next_check_ - RealClock().Steady(), absl::ZeroDuration(), wait);
    }
  }
  epoll_event events[kMaxEvents];
  const int count = epoll_wait(
      epoll_, events, kMaxEvents,
      static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)))));
  now_ = RealClock().Steady();
  watched_is_ready_ = false;
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr == nullptr) {
      watched_is_ready_ = true;
    } else if (events[i].data.ptr == this) {
      eventfd_t value;
      eventfd_read(wake_, &value);
    } else {
      OnEvent(*static_cast<PlainConnection*>(events[i].data.ptr), events[i].events);
    }
  }
}

void PlainHttpClient::Impl::OnEvent(PlainConnection& connection, uint32_t events) {
  if (connection.fd < 0) return;
  if (connection.exchange == nullptr) {
    // Closed by the peer, or it says something that nobody asked for.
    Close(connection);
    return;
  }
  if (connection.connecting) {
    OnConnectEvent(connection);
    return;
  }
  PlainExchange& exchange = *connection.exchange;
  if ((events & EPOLLOUT) != 0) Write(exchange);
  // Unless that ended it.
  if (connection.exchange == &exchange && (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) {
    Read(exchange);
  }
}

void PlainHttpClient::Impl::CheckTimes() {
  next_check_ = absl::InfiniteDuration();
  // From the back: what expires is replaced by the last one.
  for (size_t i = active_.size(); i-- > 0;) {
    PlainExchange& exchange = *active_[i];
    absl::Duration next = std::min(exchange.deadline, exchange.body_deadline);
    if (exchange.connection == nullptr) next = std::min(next, exchange.connect_deadline);
    if (next <= now_) {
      Expire(exchange);
      continue;
    }
    if (exchange.connection == nullptr && exchange.next_address_at <= now_) {
      TryNextAddress(exchange);
      if (i >= active_.size() || active_[i].get() != &exchange) continue;
    }
    LookAt(next);
    if (exchange.connection == nullptr) LookAt(exchange.next_address_at);
  }
  while (!idle_.empty() && idle_.front()->idle_since + kMaxIdleTime <= now_) Close(*idle_.front());
  if (!idle_.empty()) LookAt(idle_.front()->idle_since + kMaxIdleTime);
}

void PlainHttpClient::Impl::Expire(PlainExchange& exchange) {
  PlainConnection* const connection = exchange.connection;
  Finish(exchange, exchange.answer.answered() ? exchange.Answered() : exchange.TimedOut());
  if (connection != nullptr) Close(*connection);
}

void PlainHttpClient::Impl::Begin(PlainExchange& exchange) {
  if (!exchange.request.fresh_connection) {
    if (PlainConnection* const kept = TakeIdle(exchange.origin); kept != nullptr) {
      exchange.connection = kept;
      exchange.reused_connection = true;
      kept->exchange = &exchange;
      LookAt(exchange.deadline);
      Write(exchange);
      return;
    }
  }
  LookAt(exchange.connect_deadline);
  TryNextAddress(exchange);
}

// Tries addresses until one does not fail at once. Ends the exchange when none is left.
void PlainHttpClient::Impl::TryNextAddress(PlainExchange& exchange) {
  exchange.next_address_at = absl::InfiniteDuration();
  while (exchange.next_address < exchange.addresses.size()) {
    if (!Connect(exchange, exchange.addresses[exchange.next_address++])) continue;
    if (exchange.next_address < exchange.addresses.size()) {
      exchange.next_address_at = now_ + kNextAddressAfter;
      LookAt(exchange.next_address_at);
    }
    return;
  }
  if (exchange.trying.empty()) Finish(exchange, exchange.NotConnected());
}

bool PlainHttpClient::Impl::Connect(PlainExchange& exchange, const IpAddress& address) {
  if (absl::Status status = policy_.CheckAddress(address); !status.ok()) {
    exchange.denied = std::move(status);
    return false;
  }
  const int fd = socket(address.is_v4() ? AF_INET : AF_INET6,
                        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) {
    exchange.socket_error = errno;
    return false;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const auto unacknowledged = static_cast<unsigned int>(absl::ToInt64Milliseconds(
      std::max(kMaxUnacknowledged, std::min(exchange.request.connect_timeout, absl::Hours(1)))));
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));

  auto connection = std::make_unique<PlainConnection>(
      address, AddressWithPort(address, exchange.port), exchange.origin);
  exchange.last_peer = connection->peer;
  const SocketAddress to = ToSocketAddress(address, exchange.port);
  epoll_event event = {};
  event.events = EPOLLOUT;
  event.data.ptr = connection.get();
  if ((connect(fd, reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0 &&
       errno != EINPROGRESS) ||
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    exchange.connect_error = errno;
    close(fd);
    return false;
  }
  connection->fd = fd;
  connection->opened = now_;
  connection->exchange = &exchange;
  connection->index = connections_.size();
  std::unique_ptr<PlainOrigin>& origin = origins_[exchange.origin];
  if (origin == nullptr) origin = std::make_unique<PlainOrigin>();
  ++origin->connections;
  connection->origin = origin.get();
  exchange.trying.push_back(connection.get());
  connections_.push_back(std::move(connection));
  return true;
}

void PlainHttpClient::Impl::OnConnectEvent(PlainConnection& connection) {
  PlainExchange& exchange = *connection.exchange;
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  exchange.trying.erase(std::find(exchange.trying.begin(), exchange.trying.end(), &connection));
  if (error != 0) {
    exchange.connect_error = error;
    exchange.last_peer = connection.peer;
    Close(connection);
    TryNextAddress(exchange);
    return;
  }
  for (PlainConnection* const other : std::exchange(exchange.trying, {})) Close(*other);
  connection.connecting = false;
  exchange.connection = &connection;
  LookAt(exchange.deadline);
  Listen(connection, false);
  Write(exchange);
}

void PlainHttpClient::Impl::Write(PlainExchange& exchange) {
  PlainConnection& connection = *exchange.connection;
  while (!exchange.all_written()) {
    const absl::string_view head =
        absl::string_view(exchange.head).substr(std::min(exchange.written, exchange.head.size()));
    const absl::string_view body =
        exchange.body().substr(exchange.written + head.size() - exchange.head.size());
    iovec parts[] = {{const_cast<char*>(head.data()), head.size()},
                     {const_cast<char*>(body.data()), body.size()}};
    msghdr message = {};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t sent = sendmsg(connection.fd, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        Listen(connection, true);
        return;
      }
      // An answer may have come before the connection broke.
      exchange.write_error = errno;
      Read(exchange);
      return;
    }
    exchange.written += static_cast<size_t>(sent);
  }
  if (connection.wants_to_write) Listen(connection, false);
}

void PlainHttpClient::Impl::Read(PlainExchange& exchange) {
  PlainConnection& connection = *exchange.connection;
  ssize_t got;
  do {
    got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    const bool nothing_yet = errno == EAGAIN;
    if (nothing_yet && exchange.write_error == 0) return;
    const int error = nothing_yet ? exchange.write_error : errno;
    Finish(exchange, exchange.answer.answered() ? exchange.Answered() : exchange.Broken(error));
    Close(connection);
    return;
  }
  if (got == 0) {
    exchange.answer.End();
    Finish(exchange, exchange.answer.answered() ? exchange.Answered()
                                                : exchange.Broken(exchange.write_error));
    Close(connection);
    return;
  }
  exchange.answer.Take({buffer_.data(), static_cast<size_t>(got)});
  switch (exchange.answer.state()) {
    case AnswerParser::State::kHead:
      return;
    case AnswerParser::State::kBody:
      if (exchange.body_deadline == absl::InfiniteDuration()) {
        exchange.body_deadline = now_ + kMaxBodyTime;
        LookAt(exchange.body_deadline);
      }
      return;
    case AnswerParser::State::kDone: {
      const bool keep = exchange.answer.reusable() && exchange.all_written();
      Finish(exchange, exchange.Answered());
      if (keep) {
        KeepIdle(connection);
      } else {
        Close(connection);
      }
      return;
    }
    case AnswerParser::State::kNotHttp:
    case AnswerParser::State::kTooLarge:
      Finish(exchange, exchange.Refused());
      Close(connection);
      return;
  }
}

PlainConnection* PlainHttpClient::Impl::TakeIdle(const std::string& origin) {
  while (true) {
    // Closing its last connection forgets an origin.
    const auto found = origins_.find(origin);
    if (found == origins_.end() || found->second->idle.empty()) return nullptr;
    PlainConnection& connection = *found->second->idle.back();
    if (connection.opened + kMaxConnectionTime > now_ &&
        connection.idle_since + kMaxIdleTime > now_ &&
        policy_.CheckAddress(connection.address).ok()) {
      RemoveIdle(connection);
      return &connection;
    }
    Close(connection);
  }
}

void PlainHttpClient::Impl::KeepIdle(PlainConnection& connection) {
  connection.idle = true;
  connection.idle_since = now_;
  if (idle_nodes_.empty()) idle_nodes_.push_back(nullptr);
  idle_nodes_.front() = &connection;
  idle_.splice(idle_.end(), idle_nodes_, idle_nodes_.begin());
  connection.in_idle = std::prev(idle_.end());
  if (idle_.size() == 1) LookAt(now_ + kMaxIdleTime);
  connection.idle_index = connection.origin->idle.size();
  connection.origin->idle.push_back(&connection);
}

void PlainHttpClient::Impl::RemoveIdle(PlainConnection& connection) {
  connection.idle = false;
  idle_nodes_.splice(idle_nodes_.end(), idle_, connection.in_idle);
  std::vector<PlainConnection*>& siblings = connection.origin->idle;
  siblings[connection.idle_index] = siblings.back();
  siblings[connection.idle_index]->idle_index = connection.idle_index;
  siblings.pop_back();
}

// Who used it must have ended, or does so next.
void PlainHttpClient::Impl::Close(PlainConnection& connection) {
  if (connection.idle) RemoveIdle(connection);
  if (--connection.origin->connections == 0) origins_.erase(connection.origin_name);
  connection.exchange = nullptr;
  close(connection.fd);
  connection.fd = -1;
  const size_t index = connection.index;
  closed_.push_back(std::move(connections_[index]));
  if (index + 1 < connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index = index;
  }
  connections_.pop_back();
}

void PlainHttpClient::Impl::Listen(PlainConnection& connection, bool wants_to_write) {
  connection.wants_to_write = wants_to_write;
  epoll_event event = {};
  event.events = EPOLLIN | (wants_to_write ? EPOLLOUT : 0U);
  event.data.ptr = &connection;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void PlainHttpClient::Impl::Finish(PlainExchange& exchange, HttpResult result) {
  for (PlainConnection* const tried : std::exchange(exchange.trying, {})) Close(*tried);
  if (exchange.connection != nullptr) {
    exchange.connection->exchange = nullptr;
    exchange.connection = nullptr;
  }
  completed_.push_back({std::move(exchange.done), std::move(result)});
  exchange.done = nullptr;
  exchange.request = HttpRequest();
  const size_t index = exchange.index;
  std::unique_ptr<PlainExchange> ended = std::move(active_[index]);
  if (index + 1 < active_.size()) {
    active_[index] = std::move(active_.back());
    active_[index]->index = index;
  }
  active_.pop_back();
  if (free_.size() < kMaxFreeExchanges) {
    free_.push_back(std::move(ended));
  } else {
    dropped_.push_back(std::move(ended));
  }
}

absl::StatusOr<std::unique_ptr<PlainHttpClient>> PlainHttpClient::Create(
    Options options, const EgressPolicy& policy) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  auto impl = std::make_unique<Impl>(std::move(options), policy, epoll, wake);
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.ptr = impl.get();
  if (epoll < 0 || wake < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) != 0) {
    return absl::InternalError(
        absl::StrCat("no event loop for an HTTP client: ", std::strerror(errno)));
  }
  return absl::WrapUnique(new PlainHttpClient(std::move(impl)));
}

PlainHttpClient::PlainHttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

PlainHttpClient::~PlainHttpClient() = default;

void PlainHttpClient::Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) {
  impl_->Send(std::move(request), std::move(done));
}

void PlainHttpClient::Poll(absl::Duration max_wait) { impl_->Poll(max_wait); }

void PlainHttpClient::Interrupt() { impl_->Interrupt(); }

absl::Status PlainHttpClient::Watch(int descriptor) { return impl_->Watch(descriptor); }

bool PlainHttpClient::watched_is_ready() const { return impl_->watched_is_ready(); }

}  // namespace webhookd
