#include "server/delivery/sender.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace webhookd {

struct Sender::Attempt {
  SendRequest request;
  absl::AnyInvocable<void(SendOutcome) &&> done;
  absl::Duration started;
  bool by_proxy = false;
  SendOutcome outcome;
};

Sender::Sender(Options options, Dependencies dependencies)
    : options_(std::move(options)), dependencies_(std::move(dependencies)) {}

void Sender::Send(SendRequest request, absl::AnyInvocable<void(SendOutcome) &&> done) {
  auto attempt = std::make_shared<Attempt>();
  attempt->request = std::move(request);
  attempt->done = std::move(done);
  attempt->started = dependencies_.clock.Steady();
  attempt->outcome.attempt.number = attempt->request.attempt_number;
  attempt->outcome.attempt.started_at = dependencies_.clock.Now();

  const absl::StatusOr<TargetUrl>& target = attempt->request.target;
  if (!target.ok()) {
    Fail(std::move(attempt), AttemptError::kInternal, std::string(target.status().message()));
    return;
  }
  attempt->outcome.attempt.url = target->url;
  if (const absl::Status allowed = dependencies_.egress.CheckUrl(*target); !allowed.ok()) {
    Fail(std::move(attempt), AttemptError::kEgressDenied, std::string(allowed.message()));
    return;
  }
  attempt->by_proxy = options_.proxy.is_set && !options_.proxy.direct.Contains(*target);
  if (target->literal.has_value()) {
    Connect(std::move(attempt), std::vector<IpAddress>{*target->literal});
  } else if (attempt->by_proxy && !options_.proxy.checks_names) {
    Connect(std::move(attempt), std::vector<IpAddress>{});
  } else {
    std::string host = target->host;
    dependencies_.resolver.Resolve(
        std::move(host), [this, inbox = dependencies_.inbox, attempt = std::move(attempt)](
                             absl::StatusOr<std::vector<IpAddress>> addresses) mutable {
          inbox->Post(
              [this, attempt = std::move(attempt), addresses = std::move(addresses)]() mutable {
                Connect(std::move(attempt), std::move(addresses));
              });
        });
  }
}

void Sender::Connect(std::shared_ptr<Attempt> attempt,
                     absl::StatusOr<std::vector<IpAddress>> addresses) {
  // Behind a proxy, names may be unknown to this machine.
  if (!addresses.ok() && attempt->by_proxy) addresses = std::vector<IpAddress>();
  if (!addresses.ok()) {
    Fail(std::move(attempt), AttemptError::kDns, std::string(addresses.status().message()));
    return;
  }
  std::vector<IpAddress> allowed;
  absl::Status denied;
  for (const IpAddress& address : *addresses) {
    const absl::Status status = dependencies_.egress.CheckAddress(address);
    if (status.ok()) {
      allowed.push_back(address);
    } else {
      denied.Update(status);
    }
  }
  // A proxy chooses among the addresses by itself.
  if (!denied.ok() && (allowed.empty() || attempt->by_proxy)) {
    Fail(std::move(attempt), AttemptError::kEgressDenied, std::string(denied.message()));
    return;
  }
  const absl::Duration left = options_.timeout - (dependencies_.clock.Steady() - attempt->started);
  if (left <= absl::ZeroDuration()) {
    Fail(std::move(attempt), AttemptError::kTimeout,
         absl::StrCat("looking the host name up took all of the ",
                      absl::FormatDuration(options_.timeout), " that an attempt has"));
    return;
  }

  HttpRequest http;
  http.url = attempt->request.target->url;
  http.headers = Sign(*attempt);
  http.body = attempt->request.body;
  http.addresses = std::move(allowed);
  http.by_proxy = attempt->by_proxy;
  http.skip_tls_verification = attempt->request.skip_tls_verification;
  http.fresh_connection = attempt->request.fresh_connection;
  http.connect_timeout = options_.connect_timeout;
  http.timeout = absl::Ceil(left, absl::Milliseconds(1));  // a figure that people can read
  dependencies_.http.Send(std::move(http),
                          [this, attempt = std::move(attempt)](HttpResult result) mutable {
                            Finish(*attempt, std::move(result));
                          });
}

std::vector<std::pair<std::string, std::string>> Sender::Sign(Attempt& attempt) {
  AttemptRecord& record = attempt.outcome.attempt;
  record.started_at = dependencies_.clock.Now();
  auto headers = dependencies_.signer.SignatureHeaders(attempt.request.event_id, record.started_at,
                                                       *attempt.request.body);
  headers.emplace_back("Content-Type", "application/json; charset=UTF-8");
  record.request_headers.emplace();
  for (const auto& [name, value] : headers) {
    absl::StrAppend(&*record.request_headers, name, ": ", value, "\n");
  }
  return headers;
}

// Ends an attempt that reaches nobody. It is signed all the same, to show what it would have sent.
void Sender::Fail(std::shared_ptr<Attempt> attempt, AttemptError error, std::string message) {
  const std::shared_ptr<Inbox>& inbox = dependencies_.inbox;
  Sign(*attempt);
  inbox->Post([this, attempt = std::move(attempt), error, message = std::move(message)]() mutable {
    Finish(*attempt, {.error = error, .error_message = std::move(message)});
  });
}

void Sender::Finish(Attempt& attempt, HttpResult result) {
  SendOutcome& outcome = attempt.outcome;
  AttemptRecord& record = outcome.attempt;
  record.duration = dependencies_.clock.Steady() - attempt.started;
  record.status = result.status;
  record.response_excerpt = ValidUtf8(result.body_excerpt);
  record.remote_address = std::move(result.remote_address);
  outcome.retry_after = std::move(result.retry_after);
  outcome.error = result.error;
  if (result.error == AttemptError::kNone) {
    outcome.error = AttemptErrorFromStatus(result.status);
    if (outcome.error != AttemptError::kNone) {
      // Unless it is https, a proxy that cannot connect answers in the receiver's place.
      const bool may_be_the_proxy = attempt.by_proxy && !attempt.request.target->https &&
                                    result.status >= 502 && result.status <= 504;
      record.error_message = absl::StrCat(
          may_be_the_proxy ? "the receiver, or the proxy in its place," : "the receiver",
          " answered with status ", result.status);
    }
  } else {
    record.error_message = ValidUtf8(result.error_message);
  }
  record.error_class = std::string(AttemptErrorName(outcome.error));
  std::move(attempt.done)(std::move(outcome));
}

}  // namespace webhookd
