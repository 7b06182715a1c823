#include "tests/bench/epoll_receiver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/bench/process.h"

namespace webhookd {
namespace {

constexpr int64_t kArrivals = 1'000'000;
constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

// Length of the request at the front of `bytes`, 0 while it is not whole.
size_t RequestLength(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const size_t field = bytes.find("Content-Length: ");
  size_t body = 0;
  if (field < end) body = std::strtoul(bytes.data() + field + 16, nullptr, 10);
  const size_t length = end + 4 + body;
  return bytes.size() >= length ? length : 0;
}

}  // namespace

struct EpollReceiver::Shared {
  std::atomic<int64_t> count;
  std::atomic<int64_t> arrivals[kArrivals];  // nanoseconds

  // Serves for ever.
  [[noreturn]] void Serve(int listener) {
    const int epoll = epoll_create1(0);
    const auto watch = [epoll](int fd) {
      epoll_event event = {};
      event.events = EPOLLIN;
      event.data.fd = fd;
      epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    };
    watch(listener);
    std::map<int, std::string> partial;
    static char buffer[256 * 1024];
    epoll_event events[256];
    while (true) {
      const int ready = epoll_wait(epoll, events, 256, -1);
      for (int i = 0; i < ready; ++i) {
        const int fd = events[i].data.fd;
        if (fd == listener) {
          const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
          if (connection < 0) continue;
          const int on = 1;
          setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
          watch(connection);
          continue;
        }
        const ssize_t got = read(fd, buffer, sizeof(buffer));
        if (got <= 0) {
          close(fd);
          partial.erase(fd);
          continue;
        }
        const auto waiting = partial.find(fd);
        std::string_view bytes(buffer, static_cast<size_t>(got));
        if (waiting != partial.end()) {
          waiting->second.append(bytes);
          bytes = waiting->second;
        }
        std::string answers;
        while (const size_t length = RequestLength(bytes)) {
          bytes.remove_prefix(length);
          answers += kAnswer;
          const int64_t number = count.load(std::memory_order_relaxed);
          if (number < kArrivals) {
            arrivals[number].store(absl::ToInt64Nanoseconds(RealClock().Steady()),
                                   std::memory_order_relaxed);
          }
          count.store(number + 1, std::memory_order_release);
        }
        std::string rest(bytes);
        if (!rest.empty()) {
          partial[fd] = std::move(rest);
        } else if (waiting != partial.end()) {
          partial.erase(waiting);
        }
        if (!answers.empty() && write(fd, answers.data(), answers.size()) < 0) close(fd);
      }
    }
  }
};

EpollReceiver::EpollReceiver(int cpu) {
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (memory == MAP_FAILED || listener < 0 ||
      bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, 1024) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  shared_ = new (memory) Shared;
  port_ = ntohs(address.sin_port);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    PinToCpu(cpu);
    shared_->Serve(listener);
  }
  close(listener);
}

EpollReceiver::~EpollReceiver() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  munmap(shared_, sizeof(Shared));
}

std::string EpollReceiver::url() const { return absl::StrCat("http://127.0.0.1:", port_, "/"); }

int64_t EpollReceiver::count() const { return shared_->count.load(std::memory_order_acquire); }

absl::Duration EpollReceiver::arrival(int64_t index) const {
  return absl::Nanoseconds(shared_->arrivals[index].load(std::memory_order_relaxed));
}

bool EpollReceiver::WaitForCount(int64_t wanted, absl::Duration patience) const {
  const absl::Duration deadline = RealClock().Steady() + patience;
  while (count() < wanted) {
    if (RealClock().Steady() > deadline) return false;
    usleep(200);
  }
  return true;
}

absl::Duration EpollReceiver::CpuTime() const { return ProcessCpuTime(pid_); }

}  // namespace webhookd
