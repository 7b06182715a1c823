#ifndef WEBHOOKD_TESTS_TESTING_HTTP2_RECEIVER_H_
#define WEBHOOKD_TESTS_TESTING_HTTP2_RECEIVER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "tests/testing/stream.h"

namespace webhookd {

// As much of an HTTP/2 server (RFC 9113) over TLS on 127.0.0.1 as tests of a client need: it counts
// requests and ends their streams as it is told, in the order of their arrival. Thread-safe.
class Http2Receiver {
 public:
  enum class Answer {
    k200,
    kRefuseStream,  // RST_STREAM with REFUSED_STREAM: not processed
    kCancelStream,  // RST_STREAM with CANCEL
    kGoAway,        // GOAWAY that leaves the request out, and the end of the connection
    kCloseConnection,
  };

  // PEM files. What `answers` does not cover is answered with 200.
  Http2Receiver(const std::string& certificate, const std::string& key,
                std::vector<Answer> answers);
  ~Http2Receiver();

  std::string url() const;
  int request_count() const;
  int accepted_connections() const;

 private:
  void Accept();
  void Serve(int socket);
  // Reads frames until the connection is to end.
  void Converse(Stream& stream);
  // False: the connection is to end.
  bool EndStream(Stream& stream, uint32_t id);

  const std::shared_ptr<TlsServer> tls_;
  const int listener_;
  const uint16_t port_;
  std::thread acceptor_;

  mutable Mutex mutex_;
  std::vector<Answer> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> sockets_ ABSL_GUARDED_BY(mutex_);  // open ones
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  int requests_ ABSL_GUARDED_BY(mutex_) = 0;
  int accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_HTTP2_RECEIVER_H_
