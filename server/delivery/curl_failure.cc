#include "server/delivery/curl_failure.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace webhookd {

absl::string_view ProxyHint(int status) {
  constexpr int kAuthenticationRequired = 407;
  return status == kAuthenticationRequired ? "; give egress.proxy the right user name and password"
                                           : "";
}

namespace {

// Without a connection to the proxy there is none to anybody else.
AttemptError ConnectError(const CurlFailure& failure) {
  return failure.by_proxy ? AttemptError::kProxy : AttemptError::kConnect;
}

std::string Peer(const CurlFailure& failure) {
  return absl::StrCat(failure.by_proxy ? "the proxy " : "", failure.peer);
}

ClassifiedFailure RefusedByProxy(const CurlFailure& failure) {
  return {AttemptError::kProxy,
          absl::StrCat("the proxy ", failure.peer, " answered with status ", failure.proxy_status,
                       " instead of connecting to the receiver", ProxyHint(failure.proxy_status))};
}

ClassifiedFailure Connect(const CurlFailure& failure) {
  if (!failure.any_socket && !failure.denied.ok()) {
    return {AttemptError::kEgressDenied, std::string(failure.denied.message())};
  }
  if (!failure.any_socket && failure.socket_error != 0) {
    const bool too_many = failure.socket_error == EMFILE || failure.socket_error == ENFILE;
    return {AttemptError::kInternal,
            absl::StrCat("no socket can be opened: ", std::strerror(failure.socket_error),
                         too_many ? "; raise the limit of open files (ulimit -n)" : "")};
  }
  if (failure.os_error == ECONNREFUSED) {
    return {ConnectError(failure), absl::StrCat("connection refused by ", Peer(failure))};
  }
  return {ConnectError(failure),
          absl::StrCat("no connection to ", Peer(failure), ": ",
                       failure.os_error != 0 ? std::strerror(failure.os_error) : failure.detail)};
}

ClassifiedFailure Tls(const CurlFailure& failure) {
  absl::string_view detail = failure.detail;
  if (absl::ConsumePrefix(&detail, "SSL certificate problem: ")) {
    return {AttemptError::kTls,
            absl::StrCat("TLS: the certificate of ", failure.peer, " is not trusted: ", detail)};
  }
  absl::ConsumePrefix(&detail, "SSL: ");
  return {AttemptError::kTls, absl::StrCat("TLS with ", failure.peer, ": ", detail)};
}

ClassifiedFailure TimedOut(const CurlFailure& failure) {
  if (failure.sent) {
    return {AttemptError::kTimeout,
            absl::StrCat(failure.header_bytes > 0 ? "no complete answer from " : "no answer from ",
                         failure.peer, " within ", absl::FormatDuration(failure.timeout))};
  }
  const std::string bound =
      absl::FormatDuration(std::min(failure.connect_timeout, failure.timeout));
  if (failure.https && failure.tcp_connected) {
    return {AttemptError::kTls,
            absl::StrCat("TLS with ", failure.peer, ": no session within ", bound)};
  }
  if (!failure.any_socket && !failure.denied.ok()) return Connect(failure);
  return {ConnectError(failure),
          absl::StrCat("no connection to ", Peer(failure), " within ", bound)};
}

ClassifiedFailure Broken(const CurlFailure& failure) {
  if (!failure.sent) {
    // Such as a proxy that refuses to tunnel.
    return {ConnectError(failure),
            absl::StrCat("no connection through ", failure.peer, ": ", failure.detail)};
  }
  if (!failure.any_socket && failure.header_bytes == 0) {
    return {AttemptError::kStaleConnection,
            absl::StrCat("the kept connection to ", failure.peer, " broke before an answer")};
  }
  if (failure.code == CURLE_GOT_NOTHING) {
    return {AttemptError::kReset,
            absl::StrCat(failure.peer, " closed the connection without an answer")};
  }
  if (failure.code == CURLE_OK) {
    return {AttemptError::kReset,
            absl::StrCat(failure.peer, " closed the connection in the middle of the headers")};
  }
  return {AttemptError::kReset, absl::StrCat("the connection to ", failure.peer,
                                             " broke before an answer: ", failure.detail)};
}

ClassifiedFailure TooLarge(const CurlFailure& failure) {
  return {AttemptError::kTooLarge,
          absl::StrCat("the headers of the answer from ", failure.peer, " are over 64 KB")};
}

}  // namespace

ClassifiedFailure ClassifyCurlFailure(const CurlFailure& failure) {
  if (failure.second_send) {
    return {AttemptError::kStaleConnection,
            absl::StrCat("the connection to ", failure.peer,
                         " broke or refused the request before an answer")};
  }
  if (failure.headers_too_large) return TooLarge(failure);
  if (!failure.sent && failure.proxy_status >= 300) return RefusedByProxy(failure);
  switch (failure.code) {
    case CURLE_COULDNT_CONNECT:
      return Connect(failure);
    case CURLE_OPERATION_TIMEDOUT:
      return TimedOut(failure);
    case CURLE_COULDNT_RESOLVE_HOST:
      return {AttemptError::kDns, failure.detail};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {AttemptError::kProxy, failure.detail};
    case CURLE_PROXY:
      return {AttemptError::kProxy,
              absl::StrCat("the proxy ", failure.peer, " does not connect: ", failure.detail)};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return Tls(failure);
    case CURLE_ABORTED_BY_CALLBACK:
      return {AttemptError::kEgressDenied, std::string(failure.denied.message())};
    case CURLE_OK:  // what libcurl says of a header block that ends in its middle
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
      return Broken(failure);
    case CURLE_HTTP2:
      // Servers end connections after so many requests (GOAWAY), and those who were too late end up
      // here.
      if (failure.sent && !failure.any_socket && failure.header_bytes == 0) return Broken(failure);
      [[fallthrough]];
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer without a status line
    case CURLE_WEIRD_SERVER_REPLY:
      if (!failure.sent) break;
      return {AttemptError::kProtocol,
              absl::StrCat(failure.peer, " did not answer with HTTP: ", failure.detail)};
    case CURLE_OUT_OF_MEMORY:
      // What libcurl says of one header line that is over its own bound.
      if (!failure.sent) break;
      return TooLarge(failure);
    default:
      break;
  }
  return {AttemptError::kInternal,
          absl::StrCat("the request could not be made: ", failure.detail, " (libcurl error ",
                       static_cast<int>(failure.code), ")")};
}

}  // namespace webhookd
