#include "client/cpp/channel.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/client_interceptor.h"

namespace webhookd {
namespace {

absl::Status BadAddress(absl::string_view text, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("bad server address \"", text, "\": ", reason,
                                                 "; write HOST:PORT, such as 127.0.0.1:8080"));
}

constexpr int kDefaultPort = 8'080;
constexpr int kDefaultTlsPort = 8'443;

// Sends a token with every call. Credentials of calls would do it only over TLS.
class TokenSender final : public grpc::experimental::Interceptor {
 public:
  explicit TokenSender(const std::string& token) : token_(token) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->insert({"x-user-token", absl::StrCat("Bearer ", token_)});
    }
    methods->Proceed();
  }

 private:
  const std::string& token_;
};

class TokenSenderFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit TokenSenderFactory(std::string token) : token_(std::move(token)) {}

  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    return new TokenSender(token_);
  }

 private:
  const std::string token_;
};

bool IsThisMachine(absl::string_view host) {
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

}  // namespace

std::string ServerAddress::ToString() const {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port)
                                      : absl::StrCat(host, ":", port);
}

absl::StatusOr<ServerAddress> ParseServerAddress(absl::string_view text) {
  absl::string_view rest = text;
  const bool tls = absl::StartsWithIgnoreCase(rest, "https://");
  if (tls) rest.remove_prefix(8);
  if (!tls && absl::StartsWithIgnoreCase(rest, "http://")) rest.remove_prefix(7);
  absl::ConsumeSuffix(&rest, "/");
  for (const char c : rest) {
    if (c <= ' ' || c == 0x7f) return BadAddress(text, "it contains white space");
    if (c == '/' || c == '@' || c == '?' || c == '#') {
      return BadAddress(text, absl::StrCat("it contains '", absl::string_view(&c, 1), "'"));
    }
  }

  ServerAddress address = {.host = "", .port = tls ? kDefaultTlsPort : kDefaultPort, .tls = tls};
  absl::string_view port;
  if (absl::ConsumePrefix(&rest, "[")) {
    const size_t end = rest.find(']');
    if (end == absl::string_view::npos) return BadAddress(text, "']' is missing");
    address.host = std::string(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest[0] != ':') return BadAddress(text, "':' must follow ']'");
    port = rest;
  } else {
    const size_t colon = rest.find(':');
    if (colon != rest.rfind(':')) return BadAddress(text, "an IPv6 address needs brackets");
    address.host = std::string(rest.substr(0, colon));
    if (colon != absl::string_view::npos) port = rest.substr(colon);
  }
  if (address.host.empty()) return BadAddress(text, "the host is missing");
  if (absl::ConsumePrefix(&port, ":") &&
      (!absl::SimpleAtoi(port, &address.port) || address.port < 1 || address.port > 65'535)) {
    return BadAddress(text, absl::StrCat("port \"", port, "\" is not a number from 1 to 65535"));
  }
  return address;
}

std::shared_ptr<grpc::Channel> CreateServerChannel(const ServerAddress& address,
                                                   const ChannelCredentials& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  // In spite of its name, how long an attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 4'000);
  // A connection that a firewall forgot looks like one where nothing happens. While no call polls,
  // gRPC looks every 5 s only whether a ping was answered, so that less than that would not do.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  // Of newer versions of gRPC than this: the same for pings that measure.
  arguments.SetInt("grpc.http2.ping_timeout_ms", 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // any number
  arguments.SetMaxReceiveMessageSize(-1);
  if (IsThisMachine(address.host)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::shared_ptr<grpc::ChannelCredentials> transport = grpc::InsecureChannelCredentials();
  if (address.tls) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = credentials.ca_certificates;
    transport = grpc::SslCredentials(options);
  }
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  if (!credentials.token.empty()) {
    interceptors.push_back(std::make_unique<TokenSenderFactory>(credentials.token));
  }
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      absl::StrCat("dns:///", address.ToString()), transport, arguments, std::move(interceptors));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace webhookd
