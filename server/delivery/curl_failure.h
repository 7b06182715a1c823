#ifndef WEBHOOKD_SERVER_DELIVERY_CURL_FAILURE_H_
#define WEBHOOKD_SERVER_DELIVERY_CURL_FAILURE_H_

#include <curl/curl.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/delivery/attempt_error.h"

namespace webhookd {

// What is known of a request that ended without a final header block.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string detail;    // libcurl's own words
  int os_error = 0;      // errno of the last failed system call of the connection
  int socket_error = 0;  // errno of a socket that could not be made
  absl::Status denied;   // what the egress policy said, if it denied an address
  std::string peer;      // whom it was about: "10.0.0.7:443"
  bool https = false;
  bool by_proxy = false;
  int proxy_status = 0;     // what the proxy answered to CONNECT; 0: nothing
  bool any_socket = false;  // a socket was made for this request
  bool tcp_connected = false;
  bool sent = false;         // the request went to a connection
  bool second_send = false;  // libcurl was about to send it once more
  size_t header_bytes = 0;   // of interim or unfinished answers
  bool headers_too_large = false;
  absl::Duration connect_timeout;
  absl::Duration timeout;
};

struct ClassifiedFailure {
  AttemptError error;
  std::string message;  // for people
};

// kConnect: no TCP connection, its time-out included. kTls: no TLS session, its time-out included.
// kTimeout: connected, but no final header block in time. kStaleConnection: a kept connection broke
// before any byte of an answer.
ClassifiedFailure ClassifyCurlFailure(const CurlFailure& failure);

// What to do about a status that a proxy answered with, to be added to a sentence.
absl::string_view ProxyHint(int status);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_CURL_FAILURE_H_
