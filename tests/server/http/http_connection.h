#ifndef WEBHOOKD_TESTS_SERVER_HTTP_HTTP_CONNECTION_H_
#define WEBHOOKD_TESTS_SERVER_HTTP_HTTP_CONNECTION_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace webhookd {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // out of its chunks
  int chunks = 0;

  std::string Header(const std::string& name) const;
  bool operator==(const HttpAnswer&) const = default;
};

// How a connection shakes hands.
struct TlsClientOptions {
  std::string ca;  // PEM file that vouches for the server
  std::vector<std::string> alpn = {"http/1.1"};
  std::string certificate;  // PEM files of the client's own; empty: none
  std::string key;
  int max_version = 0;  // such as TLS1_1_VERSION; 0: any
};

// One connection to 127.0.0.1, byte by byte. Blocks; reads give up after 20 seconds, which counts
// as the end.
class HttpConnection {
 public:
  explicit HttpConnection(int port);
  // Shakes hands; connected() tells whether that went well.
  HttpConnection(int port, const TlsClientOptions& tls);
  ~HttpConnection();

  bool connected() const;
  // The serial number of the server's certificate; -1 without TLS.
  int64_t server_serial() const;
  std::string alpn() const;

  // Whether all was sent.
  bool Send(absl::string_view bytes);
  // The next answer to a request by `method`; none when the connection ended first.
  absl::optional<HttpAnswer> Receive(absl::string_view method = "GET");
  // Sends a request and receives its answer.
  absl::optional<HttpAnswer> Ask(absl::string_view request, absl::string_view method = "GET");
  // Reads up to a line's end, which is cut off; none at the end.
  absl::optional<std::string> ReadLine();
  // All bytes until the server closes. False in `ended` when it never did.
  std::string ReadToEnd(bool* ended = nullptr);
  // Sends no more, but reads.
  void FinishSending();
  // Closes so that the server sees a reset.
  void Reset();
  void Close();
  int fd() const { return fd_; }

 private:
  struct Tls;

  bool Fill();
  absl::optional<std::string> ReadBytes(size_t size);

  int fd_ = -1;
  std::unique_ptr<Tls> tls_;
  bool timed_out_ = false;
  std::string buffer_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_HTTP_HTTP_CONNECTION_H_
