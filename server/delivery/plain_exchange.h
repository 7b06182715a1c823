#ifndef WEBHOOKD_SERVER_DELIVERY_PLAIN_EXCHANGE_H_
#define WEBHOOKD_SERVER_DELIVERY_PLAIN_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/delivery/answer_parser.h"
#include "server/delivery/http_client.h"
#include "server/delivery/ip_address.h"

namespace webhookd {

struct PlainConnection;
struct PlainExchange;

// A host and port to which a PlainHttpClient has connections.
struct PlainOrigin {
  std::vector<PlainConnection*> idle;
  int connections = 0;
};

// An open socket of a PlainHttpClient.
struct PlainConnection {
  PlainConnection(const IpAddress& to, std::string to_text, std::string made_for)
      : address(to), peer(std::move(to_text)), origin_name(std::move(made_for)) {}

  const IpAddress address;
  const std::string peer;  // "10.0.0.7:80"
  const std::string origin_name;
  PlainOrigin* origin = nullptr;
  int fd = -1;       // -1: closed; the object lives a little longer
  size_t index = 0;  // among all
  bool connecting = true;
  bool wants_to_write = false;        // is told when it can
  PlainExchange* exchange = nullptr;  // that uses it
  absl::Duration opened;              // Clock::Steady, as all times here
  bool idle = false;
  absl::Duration idle_since;
  size_t idle_index = 0;                          // among the idle ones of its origin
  std::list<PlainConnection*>::iterator in_idle;  // among all idle ones, oldest first
};

// One request of a PlainHttpClient and its answer. Objects are used again, for their memory.
struct PlainExchange {
  using Done = absl::AnyInvocable<void(HttpResult) &&>;

  HttpRequest request;
  Done done;
  std::string origin;
  uint16_t port = 0;
  std::vector<IpAddress> addresses;  // to try, in order
  absl::Duration deadline;
  absl::Duration connect_deadline;
  absl::Duration body_deadline = absl::InfiniteDuration();  // once answered

  // Until connected.
  std::vector<PlainConnection*> trying;
  size_t next_address = 0;
  absl::Duration next_address_at = absl::InfiniteDuration();
  std::string last_peer;  // of the last socket
  int connect_error = 0;  // errno of the last one that failed
  int socket_error = 0;   // errno of one that could not be made
  absl::Status denied;    // of the last address that the policy denied

  PlainConnection* connection = nullptr;  // once connected
  std::string head;                       // of the request
  size_t written = 0;                     // of head and body
  int write_error = 0;
  AnswerParser answer;
  bool reused_connection = false;

  size_t index = 0;  // among those under way

  absl::string_view body() const {
    return request.body == nullptr ? absl::string_view() : absl::string_view(*request.body);
  }
  bool all_written() const { return written == head.size() + body().size(); }

  // Makes it ready for `request`: origin, addresses and head. An error says what is wrong with the
  // request.
  absl::Status Prepare(HttpRequest next, const std::string& user_agent, absl::Duration now);

  // The result of an answered exchange, of one that could not connect, of one whose time is over,
  // or of one whose connection broke with this errno (0: the peer closed it).
  HttpResult Answered();
  HttpResult NotConnected() const;
  HttpResult TimedOut() const;
  HttpResult Broken(int error) const;
  // Of one with an answer that is no answer.
  HttpResult Refused() const;

 private:
  absl::Status SetTarget();
  HttpResult Failed(AttemptError error, std::string message) const;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_PLAIN_EXCHANGE_H_
