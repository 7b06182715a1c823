#include "server/http/response_head.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/http/request_head.h"

namespace webhookd {
namespace {

absl::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

// Fields that are not the handler's to set.
bool IsOurs(absl::string_view name) {
  switch (name.size()) {
    case 4:
      return absl::EqualsIgnoreCase(name, "date");
    case 10:
      return absl::EqualsIgnoreCase(name, "connection") ||
             absl::EqualsIgnoreCase(name, "keep-alive");
    case 14:
      return absl::EqualsIgnoreCase(name, "content-length");
    case 15:
      return absl::EqualsIgnoreCase(name, "x-frame-options");
    case 17:
      return absl::EqualsIgnoreCase(name, "transfer-encoding");
    case 22:
      return absl::EqualsIgnoreCase(name, "x-content-type-options");
    default:
      return false;
  }
}

}  // namespace

bool HasBody(int status) { return status >= 200 && status != 204 && status != 304; }

void AppendResponseHead(const WebResponse& response, const ResponseFraming& framing,
                        std::string& out) {
  const bool valid = response.status >= 200 && response.status <= 999;
  const int status = valid ? response.status : 500;
  absl::StrAppend(&out, "HTTP/1.1 ", status, " ", Reason(status), "\r\nDate: ", framing.date,
                  "\r\n");
  for (const WebHeader& header : response.headers) {
    if (IsOurs(header.name) || !IsHttpToken(header.name) || !IsHttpFieldValue(header.value)) {
      continue;
    }
    absl::StrAppend(&out, header.name, ": ", header.value, "\r\n");
  }
  if (framing.chunked) absl::StrAppend(&out, "Transfer-Encoding: chunked\r\n");
  if (framing.content_length.has_value()) {
    absl::StrAppend(&out, "Content-Length: ", *framing.content_length, "\r\n");
  }
  if (!framing.keep_alive) {
    absl::StrAppend(&out, "Connection: close\r\n");
  } else if (framing.http10) {
    absl::StrAppend(&out, "Connection: keep-alive\r\n");
  }
  absl::StrAppend(&out, "X-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\n\r\n");
}

std::string HttpDate(absl::Time time) {
  return absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT", time, absl::UTCTimeZone());
}

}  // namespace webhookd
