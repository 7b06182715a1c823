#include "server/delivery/curl_http_client.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <list>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "server/delivery/curl_transfer.h"

namespace webhookd {
namespace {

constexpr int kMaxEvents = 128;
constexpr size_t kMaxIdleTransfers = 256;

absl::Status InitializeCurl() {
  static const CURLcode code = [] {
    // A TLS connection that the peer closed would else end the process.
    struct sigaction action = {};
    if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
      std::signal(SIGPIPE, SIG_IGN);
    }
    return curl_global_init(CURL_GLOBAL_ALL);
  }();
  if (code == CURLE_OK) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("libcurl does not start: ", curl_easy_strerror(code)));
}

absl::Status CheckReadable(absl::string_view option, const std::string& path) {
  if (path.empty() || access(path.c_str(), R_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(option, " ", path, " cannot be read: ", std::strerror(errno)));
}

// Makes sure that the proxy resolves names: libcurl would do it for socks5, past the resolver and
// the egress policy.
absl::StatusOr<std::string> CheckProxy(const std::string& proxy) {
  if (proxy.empty()) return proxy;
  const size_t scheme_end = proxy.find("://");
  const std::string scheme = proxy.substr(0, scheme_end);
  const bool known = scheme_end != std::string::npos && (scheme == "http" || scheme == "https" ||
                                                         scheme == "socks5" || scheme == "socks5h");
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  if (!known || url == nullptr ||
      curl_url_set(url.get(), CURLUPART_URL, proxy.c_str(), CURLU_NON_SUPPORT_SCHEME) !=
          CURLUE_OK) {
    // The whole URL may hold a password.
    return absl::InvalidArgumentError(
        absl::StrCat("egress.proxy must be a URL such as http://proxy.example.com:3128 with the "
                     "scheme http, https, socks5 or socks5h; its scheme is \"",
                     known ? scheme : scheme.substr(0, 10), "\""));
  }
  return scheme == "socks5" ? absl::StrCat("socks5h", proxy.substr(scheme_end)) : proxy;
}

}  // namespace

class CurlHttpClient::Impl {
 public:
  Impl(Options options, const EgressPolicy& policy, int epoll, int wake, CURLM* multi);
  ~Impl();

  void Send(HttpRequest request, CurlTransfer::Done done);
  void Poll(absl::Duration max_wait);
  void Interrupt();
  int descriptor() const { return epoll_; }
  absl::Duration Wait(absl::Duration max_wait) const;

 private:
  struct Completed {
    CurlTransfer::Done done;
    HttpResult result;
  };

  void OnSocket(CURL* handle, curl_socket_t socket, int what, bool known);
  void OnTimer(long milliseconds);
  void HandleEvents(absl::Duration max_wait);
  void CollectFinished();
  void Finish(CurlTransfer* transfer, CURLcode code);

  const Options options_;
  const EgressPolicy& policy_;
  const int epoll_;
  const int wake_;
  CURLM* const multi_;
  absl::Duration timer_ = absl::InfiniteDuration();  // when libcurl wants to be called
  std::list<CurlTransfer*> answered_;                // may still read a body; by deadline
  std::vector<std::unique_ptr<CurlTransfer>> active_;
  std::vector<std::unique_ptr<CurlTransfer>> idle_;
  std::vector<Completed> completed_;
  std::vector<Completed> calling_;  // empty but in Poll; kept for its memory
};

CurlHttpClient::Impl::Impl(Options options, const EgressPolicy& policy, int epoll, int wake,
                           CURLM* multi)
    : options_(std::move(options)), policy_(policy), epoll_(epoll), wake_(wake), multi_(multi) {
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_connections));
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(
      multi_, CURLMOPT_SOCKETFUNCTION,
      +[](CURL* handle, curl_socket_t socket, int what, void* self, void* known) {
        static_cast<Impl*>(self)->OnSocket(handle, socket, what, known != nullptr);
        return 0;
      });
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(
      multi_, CURLMOPT_TIMERFUNCTION, +[](CURLM*, long milliseconds, void* self) {
        static_cast<Impl*>(self)->OnTimer(milliseconds);
        return 0;
      });
}

CurlHttpClient::Impl::~Impl() {
  for (const auto& transfer : active_) curl_multi_remove_handle(multi_, transfer->handle());
  active_.clear();
  idle_.clear();
  curl_multi_cleanup(multi_);
  close(epoll_);
  close(wake_);
}

void CurlHttpClient::Impl::OnSocket(CURL* handle, curl_socket_t socket, int what, bool known) {
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
    curl_multi_assign(multi_, socket, nullptr);
    return;
  }
  epoll_event event = {};
  event.events =
      ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
  event.data.fd = socket;
  epoll_ctl(epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  if (!known) curl_multi_assign(multi_, socket, this);
  if ((what & CURL_POLL_IN) != 0) {
    CurlTransfer* transfer = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer);
    if (transfer != nullptr) transfer->OnSocketConnected(socket);
  }
}

void CurlHttpClient::Impl::OnTimer(long milliseconds) {
  timer_ = milliseconds < 0 ? absl::InfiniteDuration()
                            : RealClock().Steady() + absl::Milliseconds(milliseconds);
}

void CurlHttpClient::Impl::Send(HttpRequest request, CurlTransfer::Done done) {
  std::unique_ptr<CurlTransfer> transfer;
  if (idle_.empty()) {
    transfer = CurlTransfer::Create(options_, policy_, answered_);
    if (transfer == nullptr) {
      HttpResult result;
      result.error = AttemptError::kInternal;
      result.error_message = "out of memory for a request";
      completed_.push_back({std::move(done), std::move(result)});
      return;
    }
  } else {
    transfer = std::move(idle_.back());
    idle_.pop_back();
  }
  std::optional<HttpResult> refused = transfer->Begin(std::move(request));
  if (!refused.has_value()) {
    const CURLMcode added = curl_multi_add_handle(multi_, transfer->handle());
    if (added == CURLM_OK) {
      transfer->done = std::move(done);
      transfer->index = active_.size();
      active_.push_back(std::move(transfer));
      return;
    }
    refused.emplace();
    refused->error = AttemptError::kInternal;
    refused->error_message = curl_multi_strerror(added);
  }
  completed_.push_back({std::move(done), *std::move(refused)});
  idle_.push_back(std::move(transfer));
}

absl::Duration CurlHttpClient::Impl::Wait(absl::Duration max_wait) const {
  if (!completed_.empty()) return absl::ZeroDuration();
  absl::Duration until = timer_;
  if (!answered_.empty()) until = std::min(until, answered_.front()->body_deadline());
  if (until == absl::InfiniteDuration()) return max_wait;
  return std::clamp(until - RealClock().Steady(), absl::ZeroDuration(), max_wait);
}

void CurlHttpClient::Impl::HandleEvents(absl::Duration max_wait) {
  constexpr absl::Duration kLongest = absl::Hours(1);
  const absl::Duration wait = absl::Ceil(
      std::min(Wait(std::max(max_wait, absl::ZeroDuration())), kLongest), absl::Milliseconds(1));
  epoll_event events[kMaxEvents];
  const int count =
      epoll_wait(epoll_, events, kMaxEvents, static_cast<int>(absl::ToInt64Milliseconds(wait)));
  int running = 0;
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == wake_) {
      eventfd_t value;
      eventfd_read(wake_, &value);
      continue;
    }
    const uint32_t got = events[i].events;
    const int mask = ((got & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                     ((got & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((got & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(multi_, events[i].data.fd, mask, &running);
  }
  if (timer_ <= RealClock().Steady()) {
    timer_ = absl::InfiniteDuration();
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

void CurlHttpClient::Impl::CollectFinished() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CurlTransfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    Finish(transfer, code);
  }
  const absl::Duration now = answered_.empty() ? absl::ZeroDuration() : RealClock().Steady();
  while (!answered_.empty() && answered_.front()->body_deadline() <= now) {
    Finish(answered_.front(), CURLE_OPERATION_TIMEDOUT);
  }
}

void CurlHttpClient::Impl::Finish(CurlTransfer* transfer, CURLcode code) {
  curl_multi_remove_handle(multi_, transfer->handle());
  completed_.push_back({std::move(transfer->done), transfer->End(code)});
  std::unique_ptr<CurlTransfer>& slot = active_[transfer->index];
  if (idle_.size() < kMaxIdleTransfers) idle_.push_back(std::move(slot));
  if (&slot != &active_.back()) {
    slot = std::move(active_.back());
    slot->index = static_cast<size_t>(&slot - active_.data());
  }
  active_.pop_back();
}

void CurlHttpClient::Impl::Poll(absl::Duration max_wait) {
  HandleEvents(max_wait);
  CollectFinished();
  // Callbacks may send, and what they send may be completed at once.
  calling_.swap(completed_);
  for (Completed& completed : calling_) std::move(completed.done)(std::move(completed.result));
  calling_.clear();
}

void CurlHttpClient::Impl::Interrupt() { eventfd_write(wake_, 1); }

absl::StatusOr<std::unique_ptr<CurlHttpClient>> CurlHttpClient::Create(Options options,
                                                                       const EgressPolicy& policy) {
  RETURN_IF_ERROR(InitializeCurl());
  RETURN_IF_ERROR(CheckReadable("egress.ca_file", options.ca_file));
  RETURN_IF_ERROR(CheckReadable("egress.client_cert", options.client_cert));
  RETURN_IF_ERROR(CheckReadable("egress.client_key", options.client_key));
  if (options.client_cert.empty() != options.client_key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "egress.client_cert and egress.client_key belong together; ",
        options.client_cert.empty() ? "egress.client_cert" : "egress.client_key", " is not set"));
  }
  ASSIGN_OR_RETURN(options.proxy, CheckProxy(options.proxy));

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CURLM* const multi = curl_multi_init();
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = wake;
  if (epoll < 0 || wake < 0 || multi == nullptr ||
      epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) != 0) {
    const int error = errno;
    if (multi != nullptr) curl_multi_cleanup(multi);
    if (epoll >= 0) close(epoll);
    if (wake >= 0) close(wake);
    return absl::InternalError(
        absl::StrCat("no event loop for an HTTP client: ", std::strerror(error)));
  }
  return std::unique_ptr<CurlHttpClient>(
      new CurlHttpClient(std::make_unique<Impl>(std::move(options), policy, epoll, wake, multi)));
}

CurlHttpClient::CurlHttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

CurlHttpClient::~CurlHttpClient() = default;

void CurlHttpClient::Send(HttpRequest request, absl::AnyInvocable<void(HttpResult) &&> done) {
  impl_->Send(std::move(request), std::move(done));
}

void CurlHttpClient::Poll(absl::Duration max_wait) { impl_->Poll(max_wait); }

void CurlHttpClient::Interrupt() { impl_->Interrupt(); }

int CurlHttpClient::descriptor() const { return impl_->descriptor(); }

absl::Duration CurlHttpClient::WaitAtMost() const { return impl_->Wait(absl::InfiniteDuration()); }

}  // namespace webhookd
