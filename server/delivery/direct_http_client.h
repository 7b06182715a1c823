#ifndef WEBHOOKD_SERVER_DELIVERY_DIRECT_HTTP_CLIENT_H_
#define WEBHOOKD_SERVER_DELIVERY_DIRECT_HTTP_CLIENT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/delivery/curl_http_client.h"
#include "server/delivery/egress_policy.h"
#include "server/delivery/http_client.h"

namespace webhookd {

// The client for these options: a CurlHttpClient when there is a proxy, and else one that sends
// what goes to http:// over a PlainHttpClient and the rest over a CurlHttpClient, each with
// `max_connections` of its own. `policy` must outlive it. Errors as of CurlHttpClient::Create.
absl::StatusOr<std::unique_ptr<HttpClient>> CreateHttpClient(CurlHttpClient::Options options,
                                                             const EgressPolicy& policy);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_DIRECT_HTTP_CLIENT_H_
