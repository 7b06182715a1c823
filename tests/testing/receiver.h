#ifndef WEBHOOKD_TESTS_TESTING_RECEIVER_H_
#define WEBHOOKD_TESTS_TESTING_RECEIVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/testing/last_resort.h"

namespace webhookd {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// What a Receiver was sent: one whole request.
struct ReceivedRequest {
  std::string method;
  std::string path;    // the request target as sent, query included
  HeaderList headers;  // in order, repeats kept, names as sent
  std::string body;    // raw bytes, chunked coding removed
  absl::Time arrived;
  int connection = 0;  // from 1, in the order of accept
  int number = 0;      // from 1, in the order of arrival

  // The first value under `name`, whatever its case; "" when there is none.
  std::string Header(absl::string_view name) const;
  int CountHeader(absl::string_view name) const;
};

// What a Receiver does with a request. The steps happen in the order of the fields.
struct CannedResponse {
  bool held = false;                            // first waits for Receiver::Release
  absl::Duration delay = absl::ZeroDuration();  // first waits this long
  enum class Answer { kHttp, kNever, kClose, kReset } answer = Answer::kHttp;
  std::string raw;           // sent instead of anything HTTP; then the connection is closed
  std::vector<int> interim;  // statuses of 1xx header blocks that go first
  int status = 200;
  HeaderList headers;          // beside Content-Length or Transfer-Encoding
  int64_t header_padding = 0;  // bytes of further X-Padding headers
  std::string body;
  bool chunked = false;
  int64_t content_length = -1;                 // what is claimed; negative: the truth
  absl::Duration drip = absl::ZeroDuration();  // between the bytes of the body
  bool endless_body = false;                   // chunked, until the peer goes away
  enum class Then { kKeepAlive, kClose, kReset, kStall } then = Then::kKeepAlive;

  static CannedResponse Status(int status, std::string body = "", HeaderList headers = {});
  static CannedResponse Held(int status = 200);  // answers after Release
  static CannedResponse Never();                 // reads, never answers, keeps the connection
  static CannedResponse Close();                 // closes before any answer
  static CannedResponse Reset();                 // resets before any answer
  static CannedResponse Raw(std::string bytes);  // such as garbage
  static CannedResponse ConnectionClose(int status = 200);  // says Connection: close and closes
};

// An HTTP/1.1 server on an address of this machine, for tests. Records what it is sent and does as
// it is told. One thread a connection. Thread-safe. Aborts the test program when it cannot listen.
class Receiver {
 public:
  using Handler = std::function<CannedResponse(const ReceivedRequest&)>;

  struct Options {
    std::string address = "127.0.0.1";
    uint16_t port = 0;  // 0: any free one
    Handler handler;    // runs on connections' threads; none: 200 without a body
    // PEM files; with both the receiver speaks TLS.
    std::string tls_certificate;
    std::string tls_key;
    bool silent_tls = false;         // never answers a handshake
    bool skip_close_notify = false;  // closes TLS connections as a crash would
    bool forget_requests = false;    // keeps none of those that `requests` gives, for long runs
  };

  Receiver();
  explicit Receiver(Handler handler);
  explicit Receiver(Options options);
  // Stops first.
  ~Receiver();

  uint16_t port() const;
  // "http://127.0.0.1:PORT/path"; https when it speaks TLS.
  std::string url(absl::string_view path = "/") const;
  std::string url_with_host(absl::string_view host, absl::string_view path = "/") const;

  void SetHandler(Handler handler);
  // Answers the next request without an answer in this way; several in the order of the calls.
  // Comes before the handler.
  void Enqueue(CannedResponse response);
  // Lets `count` held answers go, also ones that are not asked for yet.
  void Release(int count = 1 << 30);

  // Waits until `count` requests arrived in all; false when `timeout` passed first.
  bool WaitForRequests(int count, absl::Duration timeout = kLastResort) const;
  // Waits until `count` connections are open.
  bool WaitForOpenConnections(int count, absl::Duration timeout = kLastResort) const;

  std::vector<ReceivedRequest> requests() const;
  int request_count() const;
  int accepted_connections() const;
  int open_connections() const;

  // Closes all connections and ends all threads. Idempotent.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_RECEIVER_H_
