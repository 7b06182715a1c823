#ifndef WEBHOOKD_CLIENT_CPP_CHANNEL_H_
#define WEBHOOKD_CLIENT_CPP_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/status.h"

namespace webhookd {

// Where a server listens.
struct ServerAddress {
  std::string host;  // name or literal address, without brackets
  int port = 8080;
  bool tls = false;

  // "HOST:PORT", with brackets around an IPv6 address.
  std::string ToString() const;
};

// Reads HOST, HOST:PORT, [IPV6] or [IPV6]:PORT, with or without "/" behind; before it "https://"
// for TLS (whose port is 8443 if none is given), or "http://", or nothing. INVALID_ARGUMENT
// otherwise.
absl::StatusOr<ServerAddress> ParseServerAddress(absl::string_view text);

// What a client shows, and whom it trusts.
struct ChannelCredentials {
  std::string token;            // sent with every call; empty: none
  std::string ca_certificates;  // PEM, over TLS; empty: the authorities that gRPC finds itself
};

// A channel that connects when it is first used, comes back within seconds after the server did
// while a call waits for it, and gives a connection up that was silent for 20 s. A proxy of the
// environment (http_proxy) is not used for a server on this machine.
std::shared_ptr<grpc::Channel> CreateServerChannel(const ServerAddress& address,
                                                   const ChannelCredentials& credentials = {});

// What gRPC reported, as an absl::Status with the same code and message.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CPP_CHANNEL_H_
