#ifndef WEBHOOKD_SERVER_HTTP_TLS_H_
#define WEBHOOKD_SERVER_HTTP_TLS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "server/http/transport.h"

namespace webhookd {

// Paths of PEM files.
struct TlsFiles {
  std::string certificate;  // the server's, with those that lead to its CA; empty: no TLS
  std::string key;
  std::string client_ca;  // who vouches for clients' certificates; empty: none is asked for
};

// What the files hold, known to fit together.
struct TlsIdentity {
  std::string certificate;
  std::string key;
  std::string client_ca;

  // Errors name the file and what is wrong with it.
  static absl::StatusOr<TlsIdentity> Load(const TlsFiles& files);
};

// The server's side of TLS 1.2 and later for HTTP/1.1. A client need not show a certificate even
// with a client CA; one that shows a wrong one is sent away. Thread-safe.
class TlsAcceptor {
 public:
  static absl::StatusOr<std::unique_ptr<TlsAcceptor>> Create(const TlsIdentity& identity);
  TlsAcceptor(const TlsAcceptor&) = delete;
  TlsAcceptor& operator=(const TlsAcceptor&) = delete;
  ~TlsAcceptor();

  // Connections from now on see `identity`; those that there are go on as they are.
  absl::Status Replace(const TlsIdentity& identity);

  // Null when there is no memory.
  std::unique_ptr<Transport> NewTransport(int fd);

 private:
  class Context;

  explicit TlsAcceptor(std::shared_ptr<Context> context);

  Mutex mutex_;
  std::shared_ptr<Context> context_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_TLS_H_
