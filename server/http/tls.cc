#include "server/http/tls.h"

// OpenSSL, not BoringSSL: this file sees the distribution's headers only.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Free<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;

BioPtr ReadOnly(absl::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// What OpenSSL says about its last failure.
std::string LastError() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "unknown error";
}

// No pass phrase is ever asked for on a terminal.
int NoPassPhrase(char*, int, int, void*) { return -1; }

absl::StatusOr<std::string> ReadFile(const std::string& path, absl::string_view what) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (file) content << file.rdbuf();
  if (!file || content.str().empty()) {
    return absl::FailedPreconditionError(absl::StrCat("cannot read the ", what, " ", path, ": ",
                                                      file ? "it is empty" : std::strerror(errno)));
  }
  return std::move(content).str();
}

X509Ptr ReadCertificate(BIO* pem) {
  return X509Ptr(PEM_read_bio_X509(pem, nullptr, NoPassPhrase, nullptr));
}

// Why this PEM file cannot be used.
absl::Status BadFile(absl::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat("the ", what, " ", path, " cannot be used: ", LastError()));
}

// Only HTTP/1.1 is spoken here; who offers something else only, is told so by the handshake.
int ChooseHttp11(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                 const unsigned char* offered, unsigned int size, void*) {
  for (unsigned int at = 0; at < size; at += 1U + offered[at]) {
    const absl::string_view name(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
    if (name != "http/1.1" && name != "http/1.0") continue;
    *chosen = offered + at + 1;
    *chosen_size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The subject's common name, or the first DNS name.
std::string IdentityOf(X509* certificate) {
  char name[256] = "";
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                             name, sizeof name);
  // A name with a NUL inside would be cut short there, and so become somebody else's.
  if (size > 0 && std::strlen(name) == static_cast<size_t>(size)) return name;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::string identity;
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && identity.empty(); ++i) {
    const GENERAL_NAME* alternative = sk_GENERAL_NAME_value(names, i);
    if (alternative->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(alternative->d.dNSName));
    const std::string dns(text, ASN1_STRING_length(alternative->d.dNSName));
    if (dns.find('\0') == std::string::npos) identity = dns;
  }
  GENERAL_NAMES_free(names);
  return identity;
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(SslPtr ssl, std::shared_ptr<void> context)
      : context_(std::move(context)), ssl_(std::move(ssl)) {}

  Result Handshake() override {
    ERR_clear_error();
    return ToResult(SSL_accept(ssl_.get()), 0);
  }

  Result Read(char* buffer, size_t size) override {
    ERR_clear_error();
    size_t n = 0;
    const int result = SSL_read_ex(ssl_.get(), buffer, size, &n);
    return ToResult(result, n);
  }

  Result Write(const iovec* pieces, int count) override {
    size_t written = 0;
    for (int i = 0; i < count; ++i) {
      ERR_clear_error();
      size_t n = 0;
      const int result = SSL_write_ex(ssl_.get(), pieces[i].iov_base, pieces[i].iov_len, &n);
      written += n;
      if (result == 1 && n == pieces[i].iov_len) continue;
      return written > 0 ? Result{State::kOk, written} : ToResult(result, n);
    }
    return {State::kOk, written};
  }

  void Finish() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  bool short_read_is_last() const override { return false; }

  std::string client_identity() const override {
    const X509Ptr certificate(SSL_get1_peer_certificate(ssl_.get()));
    if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return "";
    return IdentityOf(certificate.get());
  }

 private:
  Result ToResult(int result, size_t bytes) {
    if (result == 1) return {State::kOk, bytes};
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return {State::kWantRead};
      case SSL_ERROR_WANT_WRITE:
        return {State::kWantWrite};
      case SSL_ERROR_ZERO_RETURN:
        return {State::kEnd};
      default:
        ERR_clear_error();
        return {State::kError};
    }
  }

  const std::shared_ptr<void> context_;
  const SslPtr ssl_;
};

}  // namespace

absl::StatusOr<TlsIdentity> TlsIdentity::Load(const TlsFiles& files) {
  TlsIdentity identity;
  ASSIGN_OR_RETURN(identity.certificate, ReadFile(files.certificate, "TLS certificate"));
  ASSIGN_OR_RETURN(identity.key, ReadFile(files.key, "TLS key"));
  ERR_clear_error();
  const X509Ptr certificate = ReadCertificate(ReadOnly(identity.certificate).get());
  if (certificate == nullptr) return BadFile("TLS certificate", files.certificate);
  const KeyPtr key(
      PEM_read_bio_PrivateKey(ReadOnly(identity.key).get(), nullptr, NoPassPhrase, nullptr));
  if (key == nullptr) return BadFile("TLS key", files.key);
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return absl::FailedPreconditionError(absl::StrCat(
        "the TLS key ", files.key, " is not that of the certificate ", files.certificate));
  }
  if (files.client_ca.empty()) return identity;
  ASSIGN_OR_RETURN(identity.client_ca, ReadFile(files.client_ca, "CA file for clients"));
  if (ReadCertificate(ReadOnly(identity.client_ca).get()) == nullptr) {
    return BadFile("CA file for clients", files.client_ca);
  }
  return identity;
}

class TlsAcceptor::Context {
 public:
  static absl::StatusOr<std::shared_ptr<Context>> Create(const TlsIdentity& identity) {
    auto context = std::make_shared<Context>();
    if (context->ssl_ == nullptr || !context->Use(identity)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the TLS certificate, key and CA file cannot be used: ", LastError()));
    }
    return context;
  }
  Context() : ssl_(SSL_CTX_new(TLS_server_method())) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { SSL_CTX_free(ssl_); }

  SslPtr NewSsl(int fd) {
    SslPtr ssl(SSL_new(ssl_));
    if (ssl == nullptr || SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
    return ssl;
  }

 private:
  bool Use(const TlsIdentity& identity) {
    SSL_CTX_set_min_proto_version(ssl_, TLS1_2_VERSION);
    SSL_CTX_set_options(ssl_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Buffers are freed while a connection is idle.
    SSL_CTX_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(ssl_, ChooseHttp11, nullptr);
    return UseCertificates(identity.certificate) && UseKey(identity.key) &&
           (identity.client_ca.empty() || UseClientCa(identity.client_ca));
  }

  bool UseCertificates(const std::string& pem) {
    const BioPtr bio = ReadOnly(pem);
    const X509Ptr own = ReadCertificate(bio.get());
    if (own == nullptr || SSL_CTX_use_certificate(ssl_, own.get()) != 1) return false;
    while (const X509Ptr above = ReadCertificate(bio.get())) {
      if (SSL_CTX_add1_chain_cert(ssl_, above.get()) != 1) return false;
    }
    ERR_clear_error();  // the end of the file counts as an error
    return true;
  }

  bool UseKey(const std::string& pem) {
    const KeyPtr key(PEM_read_bio_PrivateKey(ReadOnly(pem).get(), nullptr, NoPassPhrase, nullptr));
    return key != nullptr && SSL_CTX_use_PrivateKey(ssl_, key.get()) == 1;
  }

  bool UseClientCa(const std::string& pem) {
    const BioPtr bio = ReadOnly(pem);
    while (const X509Ptr authority = ReadCertificate(bio.get())) {
      if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl_), authority.get()) != 1 ||
          SSL_CTX_add_client_CA(ssl_, authority.get()) != 1) {
        return false;
      }
    }
    ERR_clear_error();
    SSL_CTX_set_verify(ssl_, SSL_VERIFY_PEER, nullptr);
    // Sessions with a client's certificate are only resumed within one context.
    constexpr unsigned char kContextId[] = "webhookd";
    return SSL_CTX_set_session_id_context(ssl_, kContextId, sizeof kContextId - 1) == 1;
  }

  SSL_CTX* const ssl_;
};

absl::StatusOr<std::unique_ptr<TlsAcceptor>> TlsAcceptor::Create(const TlsIdentity& identity) {
  ASSIGN_OR_RETURN(std::shared_ptr<Context> context, Context::Create(identity));
  return std::unique_ptr<TlsAcceptor>(new TlsAcceptor(std::move(context)));
}

TlsAcceptor::TlsAcceptor(std::shared_ptr<Context> context) : context_(std::move(context)) {}

TlsAcceptor::~TlsAcceptor() = default;

absl::Status TlsAcceptor::Replace(const TlsIdentity& identity) {
  ASSIGN_OR_RETURN(std::shared_ptr<Context> context, Context::Create(identity));
  MutexLock lock(mutex_);
  context_ = std::move(context);
  return absl::OkStatus();
}

std::unique_ptr<Transport> TlsAcceptor::NewTransport(int fd) {
  std::shared_ptr<Context> context;
  {
    MutexLock lock(mutex_);
    context = context_;
  }
  SslPtr ssl = context->NewSsl(fd);
  if (ssl == nullptr) return nullptr;
  return std::make_unique<TlsTransport>(std::move(ssl), std::move(context));
}

}  // namespace webhookd
