#ifndef WEBHOOKD_SERVER_DELIVERY_CURL_TRANSFER_H_
#define WEBHOOKD_SERVER_DELIVERY_CURL_TRANSFER_H_

#include <curl/curl.h>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/delivery/curl_failure.h"
#include "server/delivery/curl_http_client.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/http_client.h"

namespace webhookd {

// One request on one easy handle of libcurl, which is used for many requests, one after another.
class CurlTransfer {
 public:
  using Done = absl::AnyInvocable<void(HttpResult) &&>;

  // All must outlive the transfer. A transfer is in `answered`, by body_deadline, from when a final
  // header block has arrived until End. Null when there is no memory.
  static std::unique_ptr<CurlTransfer> Create(const CurlHttpClient::Options& options,
                                              const EgressPolicy& policy,
                                              std::list<CurlTransfer*>& answered);
  ~CurlTransfer();

  // Makes the handle ready for `request`. An answer means that nothing may be sent; then the
  // transfer is free at once.
  std::optional<HttpResult> Begin(HttpRequest request);

  // What became of the request, by libcurl's result. The transfer is free then.
  HttpResult End(CURLcode code);

  // Tells that libcurl waits for input on `socket`: it is connected.
  void OnSocketConnected(curl_socket_t socket);

  CURL* handle() const { return handle_; }
  // When the rest of the body will have had its time, on RealClock's steady clock. Only once
  // answered.
  absl::Duration body_deadline() const { return answered_at_ + kMaxBodyTime; }

  Done done;         // of the request under way
  size_t index = 0;  // for the owner: where it keeps the transfer

 private:
  CurlTransfer(CURL* handle, const CurlHttpClient::Options& options, const EgressPolicy& policy,
               std::list<CurlTransfer*>& answered);

  void SetFixedOptions();
  absl::Status SetHeaders();
  absl::Status SetAddresses();
  bool proxied() const { return !options_.proxy.empty() && request_.by_proxy; }
  // Whether the proxy sees the request and its answer, and does not only pass bytes on.
  bool proxy_reads() const;

  size_t OnHeader(absl::string_view line);
  size_t OnBody(absl::string_view bytes);
  curl_socket_t OnOpenSocket(const curl_sockaddr& address);
  int OnRequestReady(absl::string_view address, int port);

  CurlFailure Failure(CURLcode code) const;
  bool answered() const { return answered_place_.has_value(); }

  CURL* const handle_;
  const CurlHttpClient::Options& options_;
  const EgressPolicy& policy_;
  std::list<CurlTransfer*>& answered_list_;

  HttpRequest request_;
  std::vector<std::string> header_lines_;  // never shrinks: memory is used again
  std::vector<curl_slist> header_nodes_;
  std::string resolve_line_;
  curl_slist resolve_node_ = {};
  char error_text_[CURL_ERROR_SIZE] = "";

  // State of the request under way.
  int requests_sent_ = 0;
  bool second_send_ = false;  // libcurl wanted to send a second time
  absl::Status denied_;       // the last address that the policy denied
  int socket_error_ = 0;      // errno of a socket that could not be made
  bool connected_ = false;
  int sockets_ = 0;   // made for this request
  std::string peer_;  // of the last socket, and then of the connection in use
  size_t header_bytes_ = 0;
  size_t body_bytes_ = 0;
  bool headers_too_large_ = false;
  bool proxy_answered_ = false;  // by what the headers say
  absl::Duration answered_at_;
  std::optional<std::list<CurlTransfer*>::iterator> answered_place_;
  HttpResult result_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_CURL_TRANSFER_H_
