#ifndef WEBHOOKD_SERVER_HTTP_WORKER_H_
#define WEBHOOKD_SERVER_HTTP_WORKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "server/http/body_budget.h"
#include "server/http/connection.h"
#include "server/http/connection_limits.h"
#include "server/http/cors.h"
#include "server/http/event_loop.h"
#include "server/http/http_server.h"
#include "server/http/memory_guard.h"
#include "server/http/request_parser.h"

namespace webhookd {

// What the workers of one port share. Thread-safe.
struct Port {
  const HttpServer::Options& options;
  WebHandler& handler;
  Clock& clock;
  TlsAcceptor* const tls;  // null: plain
  const RequestParser::Limits request_limits;
  const CorsPolicy cors;
  ConnectionLimits limits;
  BodyBudget bodies;
  // Called when a worker that drains has no connection left.
  const std::function<void()> drained;
};

// One thread with the connections that it accepted. Its connections call it on that thread.
class Worker {
 public:
  // `port` must outlive it.
  Worker(Port& port, std::shared_ptr<EventLoop> loop);
  ~Worker();

  // Accepts from `listening`, which must stay open until BeginDrain has run.
  void Start(std::vector<int> listening);
  // Stops accepting, lets each connection drain, then calls `begun`.
  void BeginDrain(std::function<void()> begun);
  // Closes all connections and ends the thread. Blocks; idempotent.
  void Stop();

  // For connections.
  Port& port() { return port_; }
  const std::shared_ptr<EventLoop>& loop() { return loop_; }
  absl::Duration Now() { return port_.clock.Steady(); }
  absl::string_view Date();
  bool draining() const { return draining_; }
  // Room for one read; of use until the next one.
  std::vector<char>& scratch() { return scratch_; }
  // One connection at a time reads and serves: a handler that is called for one may answer what
  // another asked. False when it is another one's turn; then OnTurn is called after that.
  bool BeginTurn(Connection& connection);
  void EndTurn();
  // An idle connection may be closed for a new one; the one that became idle first goes first.
  void SetIdle(Connection& connection, bool idle);
  // Hands the connection's socket to gRPC, and destroys the connection.
  void PassToGrpc(Connection& connection);
  // Closes the socket, and destroys the connection.
  void Remove(Connection& connection);

 private:
  class Acceptor;

  void OnAcceptable(int listening);
  void Admit(int fd, const std::string& peer);
  bool CloseOldestIdle();
  void Add(std::unique_ptr<Connection> connection, uint32_t events);
  std::unique_ptr<Connection> Take(Connection& connection);
  void WatchListening(bool on);
  void SetTick();
  void Tick();
  void GuardMemory();

  Port& port_;
  const std::shared_ptr<EventLoop> loop_;
  std::thread thread_;

  // Of the thread.
  std::vector<char> scratch_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  bool accepting_ = false;
  bool draining_ = false;
  absl::Duration slow_tick_ = absl::InfiniteDuration();
  absl::Duration next_sweep_ = -absl::InfiniteDuration();
  MemoryGuard guard_;
  bool in_turn_ = false;
  bool ending_turn_ = false;
  std::vector<Connection*> waiting_;  // for their turns
  ConnectionList busy_;
  ConnectionList idle_;
  ConnectionList grpc_;
  std::string date_;
  absl::Duration date_until_ = -absl::InfiniteDuration();
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_WORKER_H_
