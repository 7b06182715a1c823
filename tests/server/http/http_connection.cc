#include "tests/server/http/http_connection.h"

// OpenSSL, not BoringSSL: this file sees the distribution's headers only.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace webhookd {

std::string HttpAnswer::Header(const std::string& name) const {
  const auto it = headers.find(name);
  return it == headers.end() ? "" : it->second;
}

struct HttpConnection::Tls {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  bool connected = false;

  ~Tls() {
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
  }
};

HttpConnection::HttpConnection(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  timeval patience = {.tv_sec = 20};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Close();
}

HttpConnection::HttpConnection(int port, const TlsClientOptions& options) : HttpConnection(port) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  tls_ = std::make_unique<Tls>();
  SSL_CTX* const context = tls_->context;
  if (options.max_version != 0) {
    SSL_CTX_set_max_proto_version(context, options.max_version);
    SSL_CTX_set_min_proto_version(context, options.max_version);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
  }
  if (!options.ca.empty()) {
    SSL_CTX_load_verify_locations(context, options.ca.c_str(), nullptr);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  if (!options.certificate.empty()) {
    SSL_CTX_use_certificate_file(context, options.certificate.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM);
  }
  std::string protocols;
  for (const std::string& name : options.alpn) {
    protocols.push_back(static_cast<char>(name.size()));
    protocols += name;
  }
  tls_->ssl = SSL_new(context);
  SSL_set_alpn_protos(tls_->ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                      static_cast<unsigned>(protocols.size()));
  SSL_set_fd(tls_->ssl, fd_);
  tls_->connected = SSL_connect(tls_->ssl) == 1;
}

HttpConnection::~HttpConnection() { Close(); }

bool HttpConnection::connected() const { return fd_ >= 0 && (tls_ == nullptr || tls_->connected); }

int64_t HttpConnection::server_serial() const {
  if (tls_ == nullptr) return -1;
  X509* const certificate = SSL_get1_peer_certificate(tls_->ssl);
  if (certificate == nullptr) return -1;
  const int64_t serial = ASN1_INTEGER_get(X509_get0_serialNumber(certificate));
  X509_free(certificate);
  return serial;
}

std::string HttpConnection::alpn() const {
  if (tls_ == nullptr) return "";
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls_->ssl, &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

bool HttpConnection::Send(absl::string_view bytes) {
  if (tls_ != nullptr) {
    size_t n = 0;
    return SSL_write_ex(tls_->ssl, bytes.data(), bytes.size(), &n) == 1;
  }
  while (!bytes.empty()) {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool HttpConnection::Fill() {
  char piece[16 * 1024];
  if (tls_ != nullptr) {
    size_t n = 0;
    if (SSL_read_ex(tls_->ssl, piece, sizeof piece, &n) != 1) return false;
    buffer_.append(piece, n);
    return true;
  }
  const ssize_t n = recv(fd_, piece, sizeof piece, 0);
  timed_out_ = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (n <= 0) return false;
  buffer_.append(piece, static_cast<size_t>(n));
  return true;
}

absl::optional<std::string> HttpConnection::ReadLine() {
  size_t from = 0;
  size_t end = 0;
  while ((end = buffer_.find("\r\n", from)) == std::string::npos) {
    from = buffer_.empty() ? 0 : buffer_.size() - 1;
    if (!Fill()) return absl::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

absl::optional<std::string> HttpConnection::ReadBytes(size_t size) {
  while (buffer_.size() < size) {
    if (!Fill()) return absl::nullopt;
  }
  std::string bytes = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return bytes;
}

absl::optional<HttpAnswer> HttpConnection::Receive(absl::string_view method) {
  HttpAnswer answer;
  absl::optional<std::string> line = ReadLine();
  if (!line.has_value() || line->size() < 12) return absl::nullopt;
  answer.status = std::atoi(line->c_str() + 9);
  while ((line = ReadLine()).has_value() && !line->empty()) {
    const size_t colon = line->find(": ");
    if (colon == std::string::npos) return absl::nullopt;
    std::string& value = answer.headers[absl::AsciiStrToLower(line->substr(0, colon))];
    if (!value.empty()) value += ", ";
    value += line->substr(colon + 2);
  }
  if (!line.has_value()) return absl::nullopt;
  if (method == "HEAD" || answer.status < 200 || answer.status == 204 || answer.status == 304) {
    return answer;
  }
  if (answer.Header("transfer-encoding") == "chunked") {
    while (true) {
      line = ReadLine();
      if (!line.has_value()) return absl::nullopt;
      const size_t size = std::strtoul(line->c_str(), nullptr, 16);
      const absl::optional<std::string> chunk = ReadBytes(size + 2);
      if (!chunk.has_value()) return absl::nullopt;
      if (size == 0) return answer;
      ++answer.chunks;
      answer.body += chunk->substr(0, size);
    }
  }
  if (answer.headers.count("content-length") == 0) {
    answer.body = ReadToEnd();
    return answer;
  }
  const absl::optional<std::string> body = ReadBytes(std::stoul(answer.Header("content-length")));
  if (!body.has_value()) return absl::nullopt;
  answer.body = *body;
  return answer;
}

absl::optional<HttpAnswer> HttpConnection::Ask(absl::string_view request,
                                               absl::string_view method) {
  if (!Send(request)) return absl::nullopt;
  return Receive(method);
}

std::string HttpConnection::ReadToEnd(bool* ended) {
  while (Fill()) {
  }
  if (ended != nullptr) *ended = !timed_out_;
  return std::exchange(buffer_, std::string());
}

void HttpConnection::FinishSending() { shutdown(fd_, SHUT_WR); }

void HttpConnection::Reset() {
  const linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  Close();
}

void HttpConnection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace webhookd
