#ifndef WEBHOOKD_SERVER_HTTP_SESSION_H_
#define WEBHOOKD_SERVER_HTTP_SESSION_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/http/connection.h"
#include "server/http/exchange.h"
#include "server/http/output_queue.h"
#include "server/http/request_parser.h"
#include "server/http/transport.h"
#include "server/http/worker.h"

namespace webhookd {

// One connection from the moment it was accepted: finds out what it speaks, hands it to gRPC or
// serves its HTTP/1.1 requests, one after the other, in their order.
class Session final : public Connection, public ExchangeSession {
 public:
  Session(int fd, std::string peer, Worker& worker);

  void OnReady(uint32_t events) override;
  absl::Duration deadline() const override { return std::min(read_deadline_, write_deadline_); }
  void OnTimeout() override;
  void OnDrain() override;
  void OnTurn() override { Advance(); }
  void Close() override;

 private:
  enum class Phase {
    kPeek,       // nobody knows what it speaks
    kHandshake,  // of TLS
    kRead,       // between requests, or in one
    kAnswer,     // the handler has a request
    kStream,     // the handler is sending parts of an answer
    kFinish,     // the last answer is being written
    kLinger,     // all is written; what the client still sends is not read but must not meet a
                 // closed socket, or the client might lose the answer
    kClosed,
  };
  // What the time limits of reading are about.
  enum class Awaited { kFirstBytes, kHandshake, kRequest, kHead, kBody, kEnd, kNothing };

  void OnSend(WebResponse response) override;
  void OnStart(WebResponse head) override;
  void OnParts() override;
  void OnAbort() override { Close(); }

  // Goes on until something has to be waited for.
  void Advance();
  // Each takes one step and returns whether another can follow.
  bool AdvanceOnce();
  bool Peek();
  bool Handshake();
  bool Read();
  bool Parse();
  bool WatchForEnd();
  bool Finish();
  bool Linger();

  // Reads into the worker's scratch; what was read is the front of it. Empty when nothing came.
  absl::string_view ReadSome();
  void ParseFrom(absl::string_view& input);
  // Each says whether the body that is being read can go on; else it was refused.
  bool CheckHead();
  bool ChargeBody();
  void GiveWay();
  void ReleaseBody();
  void Serve();
  void Refuse(const Refusal& refusal);
  void RefuseWith(WebResponse response);
  void Respond(WebResponse response);
  void AppendPart(std::string part);
  void EndExchange();
  // Writes what can be written.
  void Flush();
  // After a turn.
  void Settle();
  void UpdateDeadlines();
  // Says good-bye first, where the protocol has a word for it.
  void CloseCleanly();
  Awaited awaited() const;
  bool is_idle() const;

  Worker& worker_;
  Phase phase_ = Phase::kPeek;
  bool advancing_ = false;
  bool readable_ = false;
  bool writable_ = true;
  bool hung_up_ = false;  // the peer's end is among what can be read
  std::unique_ptr<Transport> transport_;
  std::string client_certificate_;

  RequestParser parser_;
  bool caller_is_known_ = false;                   // of the request that is being read
  size_t charged_size_ = 0;                        // of the body, when body_share_ was last told
  std::unique_ptr<BodyBudget::Share> body_share_;  // of a body that counts, until it is answered
  std::shared_ptr<Session*> body_owner_;           // points here as long as body_share_ does
  std::string input_;                              // read, but not used yet
  bool input_is_new_ = false;                      // not looked at yet
  OutputQueue output_;

  // Of the request that is being answered.
  std::shared_ptr<Exchange> exchange_;
  WebHeaders cors_headers_;
  bool http10_ = false;
  bool head_only_ = false;
  bool chunked_ = false;
  bool keep_alive_ = true;
  bool refused_ = false;
  bool was_idle_ = false;

  absl::Duration read_deadline_ = absl::InfiniteDuration();
  absl::Duration write_deadline_ = absl::InfiniteDuration();
  Awaited limited_ = Awaited::kNothing;  // what read_deadline_ is about
  uint64_t requests_ = 0;
  uint64_t limited_requests_ = 0;  // when read_deadline_ was set
  size_t body_mark_ = 0;           // bytes of the body then
  uint64_t written_ = 0;
  uint64_t write_mark_ = 0;  // written_ when write_deadline_ was set
};

// Tells a client without TLS that there are too many, as far as can be done at once.
void SendBusy(int fd, absl::string_view date);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_SESSION_H_
