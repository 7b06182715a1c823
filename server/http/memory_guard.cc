#include "server/http/memory_guard.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace webhookd {
namespace {

constexpr size_t kGrowthBytes = 4 * 1024 * 1024;

size_t ResidentBytes() {
  const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[128] = "";
  const ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0) return 0;
  // All pages, then the resident ones.
  char* rest = nullptr;
  std::strtoul(text, &rest, 10);
  return std::strtoul(rest, nullptr, 10) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

bool MemoryGuard::Alarm() {
  if (limit_bytes_ == 0) return false;
  const size_t now = ResidentBytes();
  const size_t before = std::exchange(last_, now);
  return now > limit_bytes_ && now > before + kGrowthBytes;
}

uint64_t ReceivedBytes(int fd) {
  tcp_info info = {};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_received;
}

}  // namespace webhookd
