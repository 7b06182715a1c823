#ifndef WEBHOOKD_SERVER_HTTP_EVENT_LOOP_H_
#define WEBHOOKD_SERVER_HTTP_EVENT_LOOP_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace webhookd {

// Waits for sockets, with epoll, on the one thread that calls Run. Only Post, Stop and InLoop may
// be called from other threads.
class EventLoop {
 public:
  // Who is told what happened to a file descriptor.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // `events` is a set of EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP and EPOLLERR. May come once more
    // after Unwatch, from the same round of events.
    virtual void OnReady(uint32_t events) = 0;
  };

  // Durations are measured with `clock`, which must outlive the loop.
  static absl::StatusOr<std::shared_ptr<EventLoop>> Create(Clock& clock);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Tells `watcher` about `events`, epoll's flags, of `fd` from now on; a descriptor that is
  // watched already gets new ones. False when the system has no room for it.
  bool Watch(int fd, uint32_t events, Watcher& watcher);
  // Before `fd` is closed.
  void Unwatch(int fd);
  // Destroys `watcher` once no event can reach it any more.
  void Bury(std::unique_ptr<Watcher> watcher);

  // Calls `tick` about every `period` of real time; an infinite period ends that.
  void SetTick(absl::Duration period, std::function<void()> tick);

  // Until Stop.
  void Run();

  // Runs `task` on the loop's thread, in the order of the calls, never inside Post. After Stop it
  // is destroyed without running.
  void Post(absl::AnyInvocable<void() &&> task);
  // Ends Run after what was posted before.
  void Stop();
  // Whether this is the thread that runs the loop.
  bool InLoop() const {
    return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

 private:
  EventLoop(Clock& clock, int epoll_fd, int wake_fd);

  int MillisecondsToTick() const;
  void RunTasks();

  Clock& clock_;
  const int epoll_fd_;
  const int wake_fd_;
  std::atomic<std::thread::id> thread_;

  // Of the loop's thread.
  std::vector<std::unique_ptr<Watcher>> buried_;
  absl::Duration tick_period_ = absl::InfiniteDuration();
  absl::Duration next_tick_ = absl::InfiniteDuration();
  std::function<void()> tick_;

  Mutex mutex_;
  std::vector<absl::AnyInvocable<void() &&>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_EVENT_LOOP_H_
