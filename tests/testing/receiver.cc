#include "tests/testing/receiver.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/mutex.h"
#include "tests/testing/listen.h"
#include "tests/testing/stream.h"

namespace webhookd {
namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(int socket) : socket_(socket) {}

  size_t Read(char* buffer, size_t size) override {
    const ssize_t n = recv(socket_, buffer, size, 0);
    return n > 0 ? static_cast<size_t>(n) : 0;
  }

  bool Write(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

 private:
  const int socket_;
};

// Reads requests off a stream.
class RequestReader {
 public:
  explicit RequestReader(Stream& stream) : stream_(stream) {}

  // None at the end of the stream or when it is not HTTP.
  std::optional<ReceivedRequest> Next() {
    ReceivedRequest request;
    size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return std::nullopt;
      if (!absl::ascii_isupper(static_cast<unsigned char>(buffer_[0]))) {
        stream_.Write("HTTP/1.1 400 Not HTTP\r\nConnection: close\r\n\r\n");
        return std::nullopt;
      }
    }
    const std::string head = Take(end + 4).substr(0, end);
    std::vector<std::string> lines = absl::StrSplit(head, "\r\n");
    const std::vector<std::string> first = absl::StrSplit(lines[0], ' ');
    if (first.size() != 3) return std::nullopt;
    request.method = first[0];
    request.path = first[1];
    for (size_t i = 1; i < lines.size(); ++i) {
      const std::pair<std::string, std::string> header =
          absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
      request.headers.emplace_back(header.first, absl::StripAsciiWhitespace(header.second));
    }
    if (absl::EqualsIgnoreCase(request.Header("Expect"), "100-continue") &&
        !stream_.Write("HTTP/1.1 100 Continue\r\n\r\n")) {
      return std::nullopt;
    }
    if (!ReadBody(request)) return std::nullopt;
    return request;
  }

 private:
  bool Fill() {
    char bytes[16384];
    const size_t n = stream_.Read(bytes, sizeof(bytes));
    buffer_.append(bytes, n);
    return n > 0;
  }

  std::string Take(size_t size) {
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  bool Need(size_t size) {
    while (buffer_.size() < size) {
      if (!Fill()) return false;
    }
    return true;
  }

  bool ReadBody(ReceivedRequest& request) {
    if (absl::EqualsIgnoreCase(request.Header("Transfer-Encoding"), "chunked")) {
      while (true) {
        size_t end;
        while ((end = buffer_.find("\r\n")) == std::string::npos) {
          if (!Fill()) return false;
        }
        uint64_t size;
        if (!absl::SimpleHexAtoi(Take(end + 2).substr(0, end), &size)) return false;
        if (!Need(size + 2)) return false;
        request.body += Take(size + 2).substr(0, size);
        if (size == 0) return true;
      }
    }
    uint64_t length = 0;
    const std::string header = request.Header("Content-Length");
    if (!header.empty() && !absl::SimpleAtoi(header, &length)) return false;
    if (!Need(length)) return false;
    request.body = Take(length);
    return true;
  }

  Stream& stream_;
  std::string buffer_;
};

std::string Head(const CannedResponse& response) {
  std::string head = absl::StrCat("HTTP/1.1 ", response.status, " Because\r\n");
  for (const auto& [name, value] : response.headers) {
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  }
  for (int64_t left = response.header_padding; left > 0; left -= 1000) {
    absl::StrAppend(&head, "X-Padding: ", std::string(std::min<int64_t>(left, 1000), 'p'), "\r\n");
  }
  if (response.chunked || response.endless_body) {
    absl::StrAppend(&head, "Transfer-Encoding: chunked\r\n");
  } else if (response.content_length >= 0) {
    absl::StrAppend(&head, "Content-Length: ", response.content_length, "\r\n");
  } else if (response.status != 204 && response.status != 304) {
    absl::StrAppend(&head, "Content-Length: ", response.body.size(), "\r\n");
  }
  if (response.then == CannedResponse::Then::kClose)
    absl::StrAppend(&head, "Connection: close\r\n");
  return head + "\r\n";
}

}  // namespace

std::unique_ptr<Stream> NewPlainStream(int socket) { return std::make_unique<PlainStream>(socket); }

std::string ReceivedRequest::Header(absl::string_view name) const {
  for (const auto& header : headers) {
    if (absl::EqualsIgnoreCase(header.first, name)) return header.second;
  }
  return "";
}

int ReceivedRequest::CountHeader(absl::string_view name) const {
  return static_cast<int>(std::count_if(headers.begin(), headers.end(), [&](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, name);
  }));
}

CannedResponse CannedResponse::Status(int status, std::string body, HeaderList headers) {
  CannedResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

CannedResponse CannedResponse::Held(int status) {
  CannedResponse response = Status(status);
  response.held = true;
  return response;
}

CannedResponse CannedResponse::Never() {
  CannedResponse response;
  response.answer = Answer::kNever;
  return response;
}

CannedResponse CannedResponse::Close() {
  CannedResponse response;
  response.answer = Answer::kClose;
  return response;
}

CannedResponse CannedResponse::Reset() {
  CannedResponse response;
  response.answer = Answer::kReset;
  return response;
}

CannedResponse CannedResponse::Raw(std::string bytes) {
  CannedResponse response;
  response.raw = std::move(bytes);
  return response;
}

CannedResponse CannedResponse::ConnectionClose(int status) {
  CannedResponse response = Status(status);
  response.then = Then::kClose;
  return response;
}

class Receiver::Impl {
 public:
  explicit Impl(Options options)
      : address_(options.address),
        tls_(options.tls_certificate.empty()
                 ? nullptr
                 : TlsServer::Create(options.tls_certificate, options.tls_key)),
        silent_tls_(options.silent_tls),
        skip_close_notify_(options.skip_close_notify),
        forget_requests_(options.forget_requests),
        listener_(ListenOn(options.address, options.port)),
        port_(PortOf(listener_)),
        handler_(std::move(options.handler)) {
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~Impl() {
    Stop();
    close(listener_);
  }

  uint16_t port() const { return port_; }

  std::string url_with_host(absl::string_view host, absl::string_view path) const {
    return absl::StrCat(tls_ == nullptr ? "http://" : "https://", host, ":", port_, path);
  }

  std::string url(absl::string_view path) const { return url_with_host(address_, path); }

  void SetHandler(Handler handler) {
    MutexLock lock(mutex_);
    handler_ = std::move(handler);
  }

  void Enqueue(CannedResponse response) {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(response));
  }

  void Release(int count) {
    MutexLock lock(mutex_);
    released_ += count;
    changed_.NotifyAll();
  }

  bool WaitForRequests(int count, absl::Duration timeout) const {
    return WaitUntil(timeout, [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return arrived_ >= count;
    });
  }

  bool WaitForOpenConnections(int count, absl::Duration timeout) const {
    return WaitUntil(timeout, [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return static_cast<int>(open_.size()) == count;
    });
  }

  std::vector<ReceivedRequest> requests() const {
    MutexLock lock(mutex_);
    return requests_;
  }

  int request_count() const {
    MutexLock lock(mutex_);
    return arrived_;
  }

  int accepted_connections() const {
    MutexLock lock(mutex_);
    return accepted_;
  }

  int open_connections() const {
    MutexLock lock(mutex_);
    return static_cast<int>(open_.size());
  }

  void Stop() {
    std::map<int, std::thread> threads;
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      stopping_ = true;
      shutdown(listener_, SHUT_RDWR);
      for (const auto& [connection, fd] : open_) shutdown(fd, SHUT_RDWR);
      changed_.NotifyAll();
    }
    acceptor_.join();
    {
      MutexLock lock(mutex_);
      threads.swap(threads_);
    }
    for (auto& [connection, thread] : threads) thread.join();
    JoinEnded();
  }

 private:
  template <typename Condition>
  bool WaitUntil(absl::Duration timeout, Condition condition) const {
    const absl::Time deadline = absl::Now() + timeout;
    MutexLock lock(mutex_);
    while (!condition()) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) return false;
      changed_.WaitFor(mutex_, left);
    }
    return true;
  }

  void Accept() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      JoinEnded();
      MutexLock lock(mutex_);
      if (stopping_) {
        if (fd >= 0) close(fd);
        return;
      }
      if (fd < 0) continue;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      const int connection = ++accepted_;
      open_[connection] = fd;
      threads_[connection] = std::thread([this, connection, fd] { Serve(connection, fd); });
      changed_.NotifyAll();
    }
  }

  void Serve(int connection, int fd) {
    std::unique_ptr<Stream> stream;
    bool reset = false;
    if (tls_ == nullptr) {
      stream = NewPlainStream(fd);
    } else if (silent_tls_) {
      DrainUntilClosed(*NewPlainStream(fd));
    } else {
      stream = tls_->Accept(fd, skip_close_notify_);
    }
    if (stream != nullptr) {
      reset = Converse(connection, *stream);
      if (!reset) stream->Finish();
    }
    MutexLock lock(mutex_);
    if (reset) {
      const linger at_once = {1, 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }
    close(fd);
    open_.erase(connection);
    if (const auto self = threads_.find(connection); self != threads_.end()) {
      ended_.push_back(std::move(self->second));
      threads_.erase(self);
    }
    changed_.NotifyAll();
  }

  // A thread that nobody joins keeps its stack.
  void JoinEnded() {
    std::vector<std::thread> ended;
    {
      MutexLock lock(mutex_);
      ended.swap(ended_);
    }
    for (std::thread& thread : ended) thread.join();
  }

  // Answers requests until the connection is to be closed; true: by a reset.
  bool Converse(int connection, Stream& stream) {
    RequestReader reader(stream);
    while (true) {
      std::optional<ReceivedRequest> request = reader.Next();
      if (!request.has_value()) return false;
      const CannedResponse response = Record(connection, *std::move(request));
      if (!Pause(response)) return false;
      switch (response.answer) {
        case CannedResponse::Answer::kHttp:
          break;
        case CannedResponse::Answer::kNever:
          DrainUntilClosed(stream);
          return false;
        case CannedResponse::Answer::kClose:
          return false;
        case CannedResponse::Answer::kReset:
          return true;
      }
      if (!Answer(response, stream)) return false;
      switch (response.then) {
        case CannedResponse::Then::kKeepAlive:
          break;
        case CannedResponse::Then::kClose:
          return false;
        case CannedResponse::Then::kReset:
          return true;
        case CannedResponse::Then::kStall:
          DrainUntilClosed(stream);
          return false;
      }
    }
  }

  CannedResponse Record(int connection, ReceivedRequest request) {
    Handler handler;
    {
      MutexLock lock(mutex_);
      request.connection = connection;
      request.number = ++arrived_;
      request.arrived = absl::Now();
      if (!forget_requests_) requests_.push_back(request);
      changed_.NotifyAll();
      if (!queue_.empty()) {
        CannedResponse response = std::move(queue_.front());
        queue_.pop_front();
        return response;
      }
      handler = handler_;
    }
    return handler ? handler(request) : CannedResponse();
  }

  // Waits as the response asks; false: the receiver stops.
  bool Pause(const CannedResponse& response) {
    MutexLock lock(mutex_);
    if (response.held) {
      while (released_ == 0 && !stopping_) changed_.Wait(mutex_);
      if (!stopping_) --released_;
    }
    const absl::Time until = absl::Now() + response.delay;
    while (!stopping_ && absl::Now() < until) changed_.WaitFor(mutex_, until - absl::Now());
    return !stopping_;
  }

  bool Answer(const CannedResponse& response, Stream& stream) {
    if (!response.raw.empty()) {
      stream.Write(response.raw);
      return false;
    }
    std::string head;
    for (const int status : response.interim) {
      absl::StrAppend(&head, "HTTP/1.1 ", status, " Interim\r\nX-Interim: yes\r\n\r\n");
    }
    absl::StrAppend(&head, Head(response));
    if (response.endless_body) {
      const std::string chunk = absl::StrCat("400\r\n", std::string(1024, 'e'), "\r\n");
      if (!stream.Write(head)) return false;
      while (stream.Write(chunk)) {
      }
      return false;
    }
    if (response.drip == absl::ZeroDuration() && !response.chunked) {
      return stream.Write(head + response.body);
    }
    if (!stream.Write(head)) return false;
    const size_t piece = response.drip > absl::ZeroDuration() ? 1 : 7;
    CannedResponse pause;
    pause.delay = response.drip;
    for (size_t at = 0; at < response.body.size(); at += piece) {
      if (!Pause(pause)) return false;
      std::string bytes = response.body.substr(at, piece);
      if (response.chunked) bytes = absl::StrCat(absl::Hex(bytes.size()), "\r\n", bytes, "\r\n");
      if (!stream.Write(bytes)) return false;
    }
    return !response.chunked || stream.Write("0\r\n\r\n");
  }

  static void DrainUntilClosed(Stream& stream) {
    char bytes[4096];
    while (stream.Read(bytes, sizeof(bytes)) > 0) {
    }
  }

  const std::string address_;
  const std::shared_ptr<TlsServer> tls_;
  const bool silent_tls_;
  const bool skip_close_notify_;
  const bool forget_requests_;
  const int listener_;
  const uint16_t port_;
  std::thread acceptor_;

  mutable Mutex mutex_;
  mutable CondVar changed_;
  Handler handler_ ABSL_GUARDED_BY(mutex_);
  std::deque<CannedResponse> queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<ReceivedRequest> requests_ ABSL_GUARDED_BY(mutex_);
  int arrived_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int, int> open_ ABSL_GUARDED_BY(mutex_);  // connection to socket
  std::map<int, std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> ended_ ABSL_GUARDED_BY(mutex_);  // to be joined
  int64_t released_ ABSL_GUARDED_BY(mutex_) = 0;
  int accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

Receiver::Receiver() : Receiver(Options()) {}

Receiver::Receiver(Handler handler)
    : Receiver([&handler] {
        Options options;
        options.handler = std::move(handler);
        return options;
      }()) {}

Receiver::Receiver(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Receiver::~Receiver() = default;

uint16_t Receiver::port() const { return impl_->port(); }

std::string Receiver::url(absl::string_view path) const { return impl_->url(path); }

std::string Receiver::url_with_host(absl::string_view host, absl::string_view path) const {
  return impl_->url_with_host(host, path);
}

void Receiver::SetHandler(Handler handler) { impl_->SetHandler(std::move(handler)); }

void Receiver::Enqueue(CannedResponse response) { impl_->Enqueue(std::move(response)); }

void Receiver::Release(int count) { impl_->Release(count); }

bool Receiver::WaitForRequests(int count, absl::Duration timeout) const {
  return impl_->WaitForRequests(count, timeout);
}

bool Receiver::WaitForOpenConnections(int count, absl::Duration timeout) const {
  return impl_->WaitForOpenConnections(count, timeout);
}

std::vector<ReceivedRequest> Receiver::requests() const { return impl_->requests(); }

int Receiver::request_count() const { return impl_->request_count(); }

int Receiver::accepted_connections() const { return impl_->accepted_connections(); }

int Receiver::open_connections() const { return impl_->open_connections(); }

void Receiver::Stop() { impl_->Stop(); }

}  // namespace webhookd
