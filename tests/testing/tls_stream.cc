// OpenSSL, not BoringSSL: this file sees the distribution's headers only.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/testing/stream.h"

namespace webhookd {
namespace {

class TlsStream final : public Stream {
 public:
  TlsStream(SSL* ssl, bool skip_close_notify) : ssl_(ssl), skip_close_notify_(skip_close_notify) {}
  ~TlsStream() override { SSL_free(ssl_); }

  size_t Read(char* buffer, size_t size) override {
    size_t n = 0;
    return SSL_read_ex(ssl_, buffer, size, &n) == 1 ? n : 0;
  }

  bool Write(absl::string_view bytes) override {
    size_t n = 0;
    return bytes.empty() || SSL_write_ex(ssl_, bytes.data(), bytes.size(), &n) == 1;
  }

  void Finish() override {
    if (!skip_close_notify_) SSL_shutdown(ssl_);
  }

 private:
  SSL* const ssl_;
  const bool skip_close_notify_;
};

class OpenSslServer final : public TlsServer {
 public:
  OpenSslServer(const std::string& certificate, const std::string& key, std::string protocol)
      : protocol_(std::move(protocol)), context_(SSL_CTX_new(TLS_server_method())) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    if (SSL_CTX_use_certificate_chain_file(context_, certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) != 1) {
      ERR_print_errors_fp(stderr);
      std::abort();
    }
    SSL_CTX_set_alpn_select_cb(context_, ChooseProtocol, this);
  }
  ~OpenSslServer() override { SSL_CTX_free(context_); }

  std::unique_ptr<Stream> Accept(int socket, bool skip_close_notify) override {
    SSL* const ssl = SSL_new(context_);
    SSL_set_fd(ssl, socket);
    auto stream = std::make_unique<TlsStream>(ssl, skip_close_notify);
    if (SSL_accept(ssl) != 1) return nullptr;
    return stream;
  }

 private:
  static int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                            const unsigned char* offered, unsigned int size, void* self) {
    const std::string& protocol = static_cast<OpenSslServer*>(self)->protocol_;
    for (unsigned int at = 0; at < size; at += 1U + offered[at]) {
      const absl::string_view name(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
      if (name != protocol) continue;
      *chosen = offered + at + 1;
      *chosen_size = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
  }

  const std::string protocol_;
  SSL_CTX* const context_;
};

}  // namespace

std::shared_ptr<TlsServer> TlsServer::Create(const std::string& certificate, const std::string& key,
                                             const std::string& protocol) {
  return std::make_shared<OpenSslServer>(certificate, key, protocol);
}

}  // namespace webhookd
