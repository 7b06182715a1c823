#ifndef WEBHOOKD_SERVER_HTTP_CONNECTION_H_
#define WEBHOOKD_SERVER_HTTP_CONNECTION_H_

#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/http/event_loop.h"

namespace webhookd {

class Connection;
using ConnectionList = std::list<std::unique_ptr<Connection>>;

// An accepted socket that a Worker owns. All of it belongs to the worker's thread.
class Connection : public EventLoop::Watcher {
 public:
  Connection(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}

  int fd() const { return fd_; }
  // The peer's IP address.
  const std::string& peer() const { return peer_; }

  // When OnTimeout is due, by Clock::Steady.
  virtual absl::Duration deadline() const = 0;
  virtual void OnTimeout() = 0;
  // The server is about to end: closes itself, at once or once the request under way is answered.
  virtual void OnDrain() = 0;
  // Its turn has come, see Worker::BeginTurn.
  virtual void OnTurn() {}
  // Closes itself at once.
  virtual void Close() = 0;

 private:
  friend class Worker;

  const int fd_;
  const std::string peer_;
  bool is_idle_ = false;
  bool is_grpc_ = false;
  ConnectionList::iterator place_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_CONNECTION_H_
