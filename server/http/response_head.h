#ifndef WEBHOOKD_SERVER_HTTP_RESPONSE_HEAD_H_
#define WEBHOOKD_SERVER_HTTP_RESPONSE_HEAD_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "server/gateway/web.h"

namespace webhookd {

// How a response goes over its connection.
struct ResponseFraming {
  bool keep_alive = true;
  bool http10 = false;
  bool chunked = false;
  absl::optional<size_t> content_length;
  absl::string_view date;  // of HttpDate
};

// Whether a response with this status has a body at all (RFC 9110, 6.4.1).
bool HasBody(int status);

// Appends the head of `response` to `out`. Headers that framing settles are replaced, and so are
// X-Content-Type-Options and X-Frame-Options, which every response has. A header that cannot be
// sent, because its name is no token or its value has control characters, is left out: it must
// never become another header, or another response.
void AppendResponseHead(const WebResponse& response, const ResponseFraming& framing,
                        std::string& out);

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string HttpDate(absl::Time time);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_RESPONSE_HEAD_H_
