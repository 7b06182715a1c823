#include "server/http/listening_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

absl::Status WhyNotListening(const std::string& address, int port, int error) {
  const std::string where = absl::StrCat("cannot listen on ", HostAndPort(address, port), ": ");
  switch (error) {
    case EADDRINUSE:
      return absl::AlreadyExistsError(
          absl::StrCat(where, "port ", port,
                       " is taken by another process; end it, or give another port with --port"));
    case EACCES:
      return absl::PermissionDeniedError(
          absl::StrCat(where, "port ", port,
                       " needs a privilege that this process lacks; give a port from 1024 on "
                       "with --port"));
    case EADDRNOTAVAIL:
      return absl::FailedPreconditionError(
          absl::StrCat(where,
                       "this machine has no such address; give one of its own, 127.0.0.1 "
                       "or 0.0.0.0, with --listen-address"));
    default:
      return absl::FailedPreconditionError(absl::StrCat(where, std::strerror(error)));
  }
}

int PortOf(int fd) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

void SetPort(sockaddr* address, int port) {
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(port);
  }
}

// A socket that listens, or minus an errno.
int Listen(const addrinfo& at) {
  const int fd = socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // "::" takes IPv4 too, as 0.0.0.0 beside it would.
  const int off = 0;
  if (at.ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, at.ai_addr, at.ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
  const int error = errno;
  close(fd);
  return -error;
}

}  // namespace

std::string HostAndPort(const std::string& address, int port) {
  return absl::StrContains(address, ':') ? absl::StrCat("[", address, "]:", port)
                                         : absl::StrCat(address, ":", port);
}

absl::StatusOr<ListeningSockets> ListeningSockets::Open(const std::string& address, int port) {
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.c_str(), absl::StrCat(port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on ", HostAndPort(address, port), ": ", gai_strerror(error),
                     "; give another address with --listen-address"));
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };

  ListeningSockets sockets;
  sockets.port_ = port;
  int unavailable = 0;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    SetPort(at->ai_addr, sockets.port_);
    const int fd = Listen(*at);
    // A machine without IPv6 still has a localhost that also stands for ::1.
    if (fd == -EADDRNOTAVAIL || fd == -EAFNOSUPPORT) {
      unavailable = -fd;
      continue;
    }
    if (fd < 0) return WhyNotListening(address, port, -fd);
    sockets.fds_.push_back(fd);
    if (sockets.port_ == 0) sockets.port_ = PortOf(fd);
  }
  if (sockets.fds_.empty()) return WhyNotListening(address, port, unavailable);
  return sockets;
}

ListeningSockets& ListeningSockets::operator=(ListeningSockets&& other) noexcept {
  Close();
  fds_ = std::exchange(other.fds_, {});
  port_ = other.port_;
  return *this;
}

void ListeningSockets::Close() {
  for (const int fd : fds_) close(fd);
  fds_.clear();
}

}  // namespace webhookd
