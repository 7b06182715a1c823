#include "tests/testing/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/string_view.h"

namespace webhookd {
namespace {

[[noreturn]] void Die(absl::string_view what) {
  std::fprintf(stderr, "listen.h: %s: %s\n", std::string(what).c_str(), std::strerror(errno));
  std::abort();
}

}  // namespace

int BindTo(const std::string& address, uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) Die("socket");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in in = {};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &in.sin_addr) != 1) Die(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&in), sizeof(in)) != 0) Die("bind");
  return fd;
}

int ListenOn(const std::string& address, uint16_t port) {
  const int fd = BindTo(address, port);
  if (listen(fd, 1024) != 0) Die("listen");
  return fd;
}

uint16_t PortOf(int fd) {
  sockaddr_in in = {};
  socklen_t size = sizeof(in);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&in), &size) != 0) Die("getsockname");
  return ntohs(in.sin_port);
}

}  // namespace webhookd
