#ifndef WEBHOOKD_SERVER_HTTP_REQUEST_HEAD_H_
#define WEBHOOKD_SERVER_HTTP_REQUEST_HEAD_H_

#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "server/gateway/web.h"

namespace webhookd {

// Why a request is not served: an HTTP status of the 4xx or 5xx kind, and a sentence for people.
struct Refusal {
  int status = 400;
  std::string message;
};

// The request line and the header fields of one request, and what they say about what follows.
struct RequestHead {
  std::string method;
  std::string path;    // "/a/b", or "*" for OPTIONS
  std::string query;   // without "?"
  WebHeaders headers;  // without those between this hop and the next, which the fields below tell

  bool http10 = false;
  bool keep_alive = true;
  bool expect_continue = false;
  bool chunked = false;
  bool gzip = false;  // Content-Encoding; the field itself is left out
  absl::optional<uint64_t> content_length;
};

// Parses a head, from the request line to the empty line, both included. It is stricter than
// RFC 9112 asks for, because whatever two parsers may read differently can be used to smuggle
// requests past a proxy in front. Refused are: a line that does not end with CR LF, folded lines,
// white space before a colon, bytes that names and values must not hold, a request target that is
// no path, a Host that is missing or repeated, a Content-Length that is repeated, no number, or
// beside Transfer-Encoding, any Transfer-Encoding but "chunked", and any in HTTP/1.0.
std::variant<RequestHead, Refusal> ParseRequestHead(absl::string_view head, int max_headers);

// Whether `text` is a token (RFC 9110, 5.6.2): the name of a method or of a header field.
bool IsHttpToken(absl::string_view text);
// Whether `text` can be a header field's value: no control characters but tabs.
bool IsHttpFieldValue(absl::string_view text);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_REQUEST_HEAD_H_
