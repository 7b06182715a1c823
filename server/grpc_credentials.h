#ifndef WEBHOOKD_SERVER_GRPC_CREDENTIALS_H_
#define WEBHOOKD_SERVER_GRPC_CREDENTIALS_H_

#include <grpc/grpc_security.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/server_credentials.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "server/http/tls.h"

namespace webhookd {

// TLS for a gRPC server, whose certificates can be replaced at any time: a connection is served
// with those that are in force when it begins. gRPC's own credentials with reloading watch files at
// intervals and trust whatever they find there. Thread-safe.
class GrpcCredentials final : public grpc::ServerCredentials {
 public:
  explicit GrpcCredentials(TlsIdentity identity);
  ~GrpcCredentials() override;

  void Replace(TlsIdentity identity);

  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& processor) override;

 private:
  // What one port of a server has seen of the identity.
  struct Port {
    GrpcCredentials& credentials;
    int64_t seen = 0;
  };

  int AddPortToServer(const std::string& address, grpc_server* server) override;
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* port, grpc_ssl_server_certificate_config** config);

  const bool asks_for_certificates_;
  Mutex mutex_;
  TlsIdentity identity_ ABSL_GUARDED_BY(mutex_);
  int64_t version_ ABSL_GUARDED_BY(mutex_) = 1;
  std::vector<std::unique_ptr<Port>> ports_ ABSL_GUARDED_BY(mutex_);
};

// Who a caller's verified certificate says it is, the subject's common name or the first DNS name;
// empty without one. The same as WebRequest::client_certificate over HTTP.
std::string ClientCertificateOf(const grpc::AuthContext& context);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GRPC_CREDENTIALS_H_
