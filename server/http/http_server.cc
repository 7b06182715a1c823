#include "server/http/http_server.h"

#include <algorithm>
#include <utility>

#include "base/mutex.h"
#include "base/status_macros.h"
#include "server/http/listening_socket.h"
#include "server/http/worker.h"

namespace webhookd {
namespace {

using Options = HttpServer::Options;

RequestParser::Limits RequestLimits(const Options& options) {
  RequestParser::Limits limits;
  limits.max_header_bytes = options.max_header_bytes;
  limits.max_headers = options.max_headers;
  limits.max_body_bytes = options.body_limit;
  if (limits.max_body_bytes == nullptr) {
    limits.max_body_bytes = [max = options.max_body_bytes](absl::string_view, absl::string_view) {
      return max;
    };
  }
  return limits;
}

class HttpServerImpl final : public HttpServer {
 public:
  HttpServerImpl(Options options, WebHandler& handler, Clock& clock, ListeningSockets listening,
                 std::unique_ptr<TlsAcceptor> tls)
      : options_(std::move(options)),
        listening_port_(listening.port()),
        tls_(std::move(tls)),
        port_{.options = options_,
              .handler = handler,
              .clock = clock,
              .tls = tls_.get(),
              .request_limits = RequestLimits(options_),
              .cors = CorsPolicy(options_.cors_origins),
              .limits{options_.max_connections, options_.max_connections_per_peer},
              .bodies = BodyBudget(options_.max_buffered_body_bytes),
              .drained = [this] { drained_.Count(); }},
        listening_(std::move(listening)) {}
  ~HttpServerImpl() override { Shutdown(absl::ZeroDuration()); }

  absl::Status Start() {
    std::vector<std::shared_ptr<EventLoop>> loops;
    for (int i = 0; i < std::max(1, options_.threads); ++i) {
      ASSIGN_OR_RETURN(std::shared_ptr<EventLoop> loop, EventLoop::Create(port_.clock));
      loops.push_back(std::move(loop));
    }
    for (std::shared_ptr<EventLoop>& loop : loops) {
      workers_.push_back(std::make_unique<Worker>(port_, std::move(loop)));
    }
    MutexLock lock(shutdown_mutex_);
    for (const std::unique_ptr<Worker>& worker : workers_) worker->Start(listening_.fds());
    return absl::OkStatus();
  }

  int port() const override { return listening_port_; }
  int connections() const override { return port_.limits.open(); }

  absl::Status ReloadCertificates() override {
    if (tls_ == nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(const TlsIdentity identity, TlsIdentity::Load(options_.tls));
    return tls_->Replace(identity);
  }

  void Shutdown(absl::Duration drain) override {
    MutexLock lock(shutdown_mutex_);
    if (std::exchange(shut_down_, true)) return;
    for (const std::unique_ptr<Worker>& worker : workers_) {
      worker->BeginDrain([this] { stopped_accepting_.Count(); });
    }
    const int workers = static_cast<int>(workers_.size());
    stopped_accepting_.WaitFor(workers, absl::InfiniteDuration());
    listening_.Close();
    drained_.WaitFor(workers, drain);
    for (const std::unique_ptr<Worker>& worker : workers_) worker->Stop();
  }

 private:
  // Counts what happens on other threads.
  class Counter {
   public:
    void Count() {
      MutexLock lock(mutex_);
      ++count_;
      changed_.NotifyAll();
    }
    void WaitFor(int count, absl::Duration timeout) {
      const absl::Time deadline = absl::Now() + timeout;
      MutexLock lock(mutex_);
      while (count_ < count) {
        const absl::Duration left = deadline - absl::Now();
        if (left <= absl::ZeroDuration()) return;
        changed_.WaitFor(mutex_, std::min(left, absl::Hours(1)));
      }
    }

   private:
    Mutex mutex_;
    CondVar changed_;
    int count_ ABSL_GUARDED_BY(mutex_) = 0;
  };

  const Options options_;
  const int listening_port_;
  const std::unique_ptr<TlsAcceptor> tls_;
  Port port_;
  Counter stopped_accepting_;  // workers
  Counter drained_;            // workers
  std::vector<std::unique_ptr<Worker>> workers_;
  Mutex shutdown_mutex_;
  bool shut_down_ ABSL_GUARDED_BY(shutdown_mutex_) = false;
  ListeningSockets listening_ ABSL_GUARDED_BY(shutdown_mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Create(Options options, WebHandler& handler,
                                                               Clock& clock) {
  std::unique_ptr<TlsAcceptor> tls;
  if (!options.tls.certificate.empty()) {
    ASSIGN_OR_RETURN(const TlsIdentity identity, TlsIdentity::Load(options.tls));
    ASSIGN_OR_RETURN(tls, TlsAcceptor::Create(identity));
  }
  ASSIGN_OR_RETURN(ListeningSockets listening,
                   ListeningSockets::Open(options.address, options.port));
  auto server = std::make_unique<HttpServerImpl>(std::move(options), handler, clock,
                                                 std::move(listening), std::move(tls));
  RETURN_IF_ERROR(server->Start());
  return server;
}

}  // namespace webhookd
