#include "server/http/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

constexpr int kEventsPerRound = 256;

absl::Status NoLoop(const char* what) {
  return absl::ResourceExhaustedError(absl::StrCat("cannot wait for connections: ", what, ": ",
                                                   std::strerror(errno),
                                                   "; raise the limit of open files"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<EventLoop>> EventLoop::Create(Clock& clock) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return NoLoop("epoll_create1");
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) {
    absl::Status status = NoLoop("eventfd");
    close(epoll_fd);
    return status;
  }
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event);
  return std::shared_ptr<EventLoop>(new EventLoop(clock, epoll_fd, wake_fd));
}

EventLoop::EventLoop(Clock& clock, int epoll_fd, int wake_fd)
    : clock_(clock), epoll_fd_(epoll_fd), wake_fd_(wake_fd) {}

EventLoop::~EventLoop() {
  close(wake_fd_);
  close(epoll_fd_);
}

bool EventLoop::Watch(int fd, uint32_t events, Watcher& watcher) {
  epoll_event event = {};
  event.events = events;
  event.data.ptr = &watcher;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0) return true;
  return errno == EEXIST && epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) == 0;
}

void EventLoop::Unwatch(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::Bury(std::unique_ptr<Watcher> watcher) { buried_.push_back(std::move(watcher)); }

void EventLoop::SetTick(absl::Duration period, std::function<void()> tick) {
  tick_period_ = period;
  next_tick_ = clock_.Steady() + period;
  tick_ = std::move(tick);
}

void EventLoop::Run() {
  thread_ = std::this_thread::get_id();
  std::vector<epoll_event> events(kEventsPerRound);
  while (true) {
    const int count = epoll_wait(epoll_fd_, events.data(), kEventsPerRound, MillisecondsToTick());
    bool woken = false;
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == nullptr) {
        woken = true;
      } else {
        static_cast<Watcher*>(events[i].data.ptr)->OnReady(events[i].events);
      }
    }
    if (woken) RunTasks();
    if (tick_period_ != absl::InfiniteDuration() && clock_.Steady() >= next_tick_) {
      next_tick_ = clock_.Steady() + tick_period_;
      tick_();
    }
    buried_.clear();
    MutexLock lock(mutex_);
    if (stopping_ && tasks_.empty()) return;
  }
}

int EventLoop::MillisecondsToTick() const {
  if (tick_period_ == absl::InfiniteDuration()) return -1;
  return std::clamp<int64_t>(absl::ToInt64Milliseconds(next_tick_ - clock_.Steady()) + 1, 0,
                             60'000);
}

void EventLoop::RunTasks() {
  uint64_t ignored = 0;
  while (read(wake_fd_, &ignored, sizeof ignored) < 0 && errno == EINTR) {
  }
  std::vector<absl::AnyInvocable<void() &&>> tasks;
  {
    MutexLock lock(mutex_);
    tasks.swap(tasks_);
  }
  for (absl::AnyInvocable<void() &&>& task : tasks) std::move(task)();
}

void EventLoop::Post(absl::AnyInvocable<void() &&> task) {
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return;  // whoever posted the first woke the loop
  }
  const uint64_t one = 1;
  while (write(wake_fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void EventLoop::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  const uint64_t one = 1;
  while (write(wake_fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

}  // namespace webhookd
