#ifndef WEBHOOKD_TESTS_BENCH_EPOLL_RECEIVER_H_
#define WEBHOOKD_TESTS_BENCH_EPOLL_RECEIVER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace webhookd {

// The least that can receive webhooks: one process, one thread, epoll, keep-alive, 200 for every
// request. What any sender can reach at most is measured against it.
class EpollReceiver {
 public:
  // Forks; call it before the program has other threads. Aborts when it cannot listen. `cpu`: where
  // it runs, -1: anywhere.
  explicit EpollReceiver(int cpu = -1);
  EpollReceiver(const EpollReceiver&) = delete;
  EpollReceiver& operator=(const EpollReceiver&) = delete;
  ~EpollReceiver();

  int port() const { return port_; }
  std::string url() const;

  // How many requests came in all.
  int64_t count() const;
  // When request number `index` (from 0, of the first million) came, by the steady clock.
  absl::Duration arrival(int64_t index) const;
  // False when `patience` passed first.
  bool WaitForCount(int64_t count, absl::Duration patience) const;
  // CPU time that the process has used.
  absl::Duration CpuTime() const;

 private:
  struct Shared;

  Shared* shared_ = nullptr;  // memory of both processes
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_EPOLL_RECEIVER_H_
