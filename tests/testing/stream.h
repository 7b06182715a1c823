#ifndef WEBHOOKD_TESTS_TESTING_STREAM_H_
#define WEBHOOKD_TESTS_TESTING_STREAM_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// The bytes of one accepted connection. Blocks; ends when the socket is shut down. Does not own the
// socket.
class Stream {
 public:
  virtual ~Stream() = default;

  // Bytes read into `buffer`; 0 at the end or on any error.
  virtual size_t Read(char* buffer, size_t size) = 0;
  // Whether all was sent.
  virtual bool Write(absl::string_view bytes) = 0;
  // Says good-bye where the protocol has a word for it.
  virtual void Finish() {}
};

std::unique_ptr<Stream> NewPlainStream(int socket);

// What TLS connections share: certificate and key.
class TlsServer {
 public:
  // From PEM files. `protocol` is the one that is chosen by ALPN when it is offered. Aborts when
  // they cannot be used.
  static std::shared_ptr<TlsServer> Create(const std::string& certificate, const std::string& key,
                                           const std::string& protocol = "http/1.1");
  virtual ~TlsServer() = default;

  // Shakes hands; null when that failed.
  virtual std::unique_ptr<Stream> Accept(int socket, bool skip_close_notify) = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_STREAM_H_
