#include "server/delivery/plain_exchange.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace webhookd {
namespace {

constexpr absl::string_view kScheme = "http://";
constexpr uint16_t kDefaultPort = 80;

bool HasLineBreak(absl::string_view text) {
  return text.find_first_of(absl::string_view("\r\n\0", 3)) != absl::string_view::npos;
}

}  // namespace

absl::Status PlainExchange::Prepare(HttpRequest next, const std::string& user_agent,
                                    absl::Duration now) {
  request = std::move(next);
  deadline = now + request.timeout;
  connect_deadline = now + std::min(request.connect_timeout, request.timeout);
  body_deadline = next_address_at = absl::InfiniteDuration();
  trying.clear();
  next_address = 0;
  last_peer.clear();
  connect_error = socket_error = write_error = 0;
  denied = absl::OkStatus();
  connection = nullptr;
  written = 0;
  answer.Reset();
  reused_connection = false;

  if (absl::Status status = SetTarget(); !status.ok()) return status;
  absl::StrAppend(&head, "User-Agent: ", user_agent, "\r\nAccept: */*\r\n");
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || HasLineBreak(name) || HasLineBreak(value)) {
      return absl::InternalError(
          absl::StrCat("the request header \"", name, "\" has a line break or no name"));
    }
    absl::StrAppend(&head, name, value.empty() ? ":" : ": ", value, "\r\n");
  }
  absl::StrAppend(&head, "Content-Length: ", body().size(), "\r\n\r\n");
  return absl::OkStatus();
}

// Sets what hangs on the URL, which was checked before, and begins the head.
absl::Status PlainExchange::SetTarget() {
  absl::string_view rest = request.url;
  if (!absl::ConsumePrefix(&rest, kScheme)) {
    return absl::InternalError(absl::StrCat("not an http URL: ", request.url));
  }
  rest = rest.substr(0, rest.find('#'));
  const size_t path_start = std::min(rest.find_first_of("/?"), rest.size());
  const absl::string_view authority = rest.substr(0, path_start);
  const absl::string_view path = rest.substr(path_start);
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == absl::string_view::npos ? 0 : bracket);
  absl::string_view host = authority.substr(0, colon);
  port = kDefaultPort;
  if (colon != absl::string_view::npos) {
    int number = 0;
    if (!absl::SimpleAtoi(authority.substr(colon + 1), &number) || number < 1 || number > 65535) {
      return absl::InternalError(absl::StrCat("no port: ", request.url));
    }
    port = static_cast<uint16_t>(number);
  }
  origin.assign(host.data(), host.size());
  if (port != kDefaultPort) absl::StrAppend(&origin, ":", port);

  head.assign("POST ");
  if (path.empty() || path[0] == '?') head.push_back('/');
  absl::StrAppend(&head, path, " HTTP/1.1\r\nHost: ", origin, "\r\n");
  if (HasLineBreak(request.url)) return absl::InternalError("the URL has a line break");

  addresses = std::move(request.addresses);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  // No name ends in a digit or holds a colon.
  if (!host.empty() && (absl::ascii_isdigit(host.back()) || absl::StrContains(host, ':'))) {
    if (const auto literal = IpAddress::Parse(host); literal.ok()) addresses = {*literal};
  }
  if (addresses.empty()) {
    return absl::InternalError(absl::StrCat("no address was given for ", host));
  }
  return absl::OkStatus();
}

HttpResult PlainExchange::Failed(AttemptError error, std::string message) const {
  HttpResult result;
  result.error = error;
  result.error_message = std::move(message);
  if (connection != nullptr) result.remote_address = connection->peer;
  result.reused_connection = reused_connection;
  return result;
}

HttpResult PlainExchange::Answered() {
  HttpResult result;
  result.status = answer.status();
  result.retry_after = answer.retry_after();
  result.body_excerpt = answer.excerpt();
  result.remote_address = connection->peer;
  result.reused_connection = reused_connection;
  return result;
}

HttpResult PlainExchange::NotConnected() const {
  if (last_peer.empty() && !denied.ok()) {
    return Failed(AttemptError::kEgressDenied, std::string(denied.message()));
  }
  if (last_peer.empty() && socket_error != 0) {
    const bool too_many = socket_error == EMFILE || socket_error == ENFILE;
    return Failed(AttemptError::kInternal,
                  absl::StrCat("no socket can be opened: ", std::strerror(socket_error),
                               too_many ? "; raise the limit of open files (ulimit -n)" : ""));
  }
  if (connect_error == ECONNREFUSED) {
    return Failed(AttemptError::kConnect, absl::StrCat("connection refused by ", last_peer));
  }
  return Failed(AttemptError::kConnect,
                absl::StrCat("no connection to ", last_peer, ": ", std::strerror(connect_error)));
}

HttpResult PlainExchange::TimedOut() const {
  if (connection == nullptr) {
    const absl::Duration bound = std::min(request.connect_timeout, request.timeout);
    return Failed(AttemptError::kConnect, absl::StrCat("no connection to ", last_peer, " within ",
                                                       absl::FormatDuration(bound)));
  }
  return Failed(
      AttemptError::kTimeout,
      absl::StrCat(answer.header_bytes() > 0 ? "no complete answer from " : "no answer from ",
                   connection->peer, " within ", absl::FormatDuration(request.timeout)));
}

HttpResult PlainExchange::Broken(int error) const {
  const std::string& peer = connection->peer;
  if (answer.header_bytes() == 0 && reused_connection) {
    return Failed(AttemptError::kStaleConnection,
                  absl::StrCat("the kept connection to ", peer, " broke before an answer"));
  }
  if (error != 0) {
    return Failed(AttemptError::kReset,
                  absl::StrCat("the connection to ", peer,
                               " broke before an answer: ", std::strerror(error)));
  }
  return Failed(AttemptError::kReset,
                answer.header_bytes() == 0
                    ? absl::StrCat(peer, " closed the connection without an answer")
                    : absl::StrCat(peer, " closed the connection in the middle of the headers"));
}

HttpResult PlainExchange::Refused() const {
  if (answer.state() == AnswerParser::State::kTooLarge) {
    return Failed(AttemptError::kTooLarge, absl::StrCat("the headers of the answer from ",
                                                        connection->peer, " are over 64 KB"));
  }
  return Failed(AttemptError::kProtocol,
                absl::StrCat(connection->peer, " did not answer with HTTP/1.1"));
}

}  // namespace webhookd
