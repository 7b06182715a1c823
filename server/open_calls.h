#ifndef WEBHOOKD_SERVER_OPEN_CALLS_H_
#define WEBHOOKD_SERVER_OPEN_CALLS_H_

#include <grpcpp/server_builder.h>

#include <atomic>
#include <memory>

#include "absl/time/time.h"
#include "base/mutex.h"

namespace webhookd {

// Counts the calls of a gRPC server's callback services that are open: begun, and not yet done to
// the last byte. Health checks do not count, because those that watch never end. Thread-safe.
class OpenCalls : public std::enable_shared_from_this<OpenCalls> {
 public:
  // Makes the server that `builder` builds count its calls here. Its contexts are allocated here,
  // which costs nothing; an interceptor for each call would.
  void Register(grpc::ServerBuilder& builder);

  int count() const { return count_.load(std::memory_order_relaxed); }
  // Waits until no call is open; false when `timeout` passed first.
  bool WaitUntilNone(absl::Duration timeout);

 private:
  class Allocator;
  class Sorter;

  void Add() { count_.fetch_add(1, std::memory_order_relaxed); }
  void Remove();

  std::atomic<int> count_{0};
  std::atomic<bool> awaited_{false};
  Mutex mutex_;
  CondVar none_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_OPEN_CALLS_H_
