#include "server/grpc_credentials.h"

#include <grpc/grpc.h>

#include <utility>

namespace webhookd {
namespace {

std::string FirstProperty(const grpc::AuthContext& context, const char* name) {
  const std::vector<grpc::string_ref> values = context.FindPropertyValues(name);
  return values.empty() ? std::string() : std::string(values[0].data(), values[0].size());
}

}  // namespace

GrpcCredentials::GrpcCredentials(TlsIdentity identity)
    : asks_for_certificates_(!identity.client_ca.empty()), identity_(std::move(identity)) {}

GrpcCredentials::~GrpcCredentials() = default;

void GrpcCredentials::Replace(TlsIdentity identity) {
  MutexLock lock(mutex_);
  identity_ = std::move(identity);
  ++version_;
}

void GrpcCredentials::SetAuthMetadataProcessor(
    const std::shared_ptr<grpc::AuthMetadataProcessor>&) {}

int GrpcCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
  Port* port = nullptr;
  {
    MutexLock lock(mutex_);
    ports_.push_back(std::make_unique<Port>(Port{.credentials = *this}));
    port = ports_.back().get();
  }
  grpc_server_credentials* const credentials = grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(
          asks_for_certificates_ ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
                                 : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
          &Fetch, port));
  const int bound = grpc_server_add_http2_port(server, address.c_str(), credentials);
  grpc_server_credentials_release(credentials);
  return bound;
}

grpc_ssl_certificate_config_reload_status GrpcCredentials::Fetch(
    void* port_pointer, grpc_ssl_server_certificate_config** config) {
  Port& port = *static_cast<Port*>(port_pointer);
  GrpcCredentials& self = port.credentials;
  MutexLock lock(self.mutex_);
  if (port.seen == self.version_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair = {.private_key = self.identity_.key.c_str(),
                                           .cert_chain = self.identity_.certificate.c_str()};
  // gRPC 1.51 aborts without a CA even if no certificates are asked for; then it is of no use.
  const std::string& ca =
      self.asks_for_certificates_ ? self.identity_.client_ca : self.identity_.certificate;
  *config = grpc_ssl_server_certificate_config_create(ca.c_str(), &pair, 1);
  port.seen = self.version_;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

std::string ClientCertificateOf(const grpc::AuthContext& context) {
  if (!context.IsPeerAuthenticated()) return "";
  std::string name = FirstProperty(context, GRPC_X509_CN_PROPERTY_NAME);
  return name.empty() ? FirstProperty(context, GRPC_PEER_DNS_PROPERTY_NAME) : name;
}

}  // namespace webhookd
