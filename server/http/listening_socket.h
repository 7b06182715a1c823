#ifndef WEBHOOKD_SERVER_HTTP_LISTENING_SOCKET_H_
#define WEBHOOKD_SERVER_HTTP_LISTENING_SOCKET_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace webhookd {

// "127.0.0.1:8080" or "[::1]:8080".
std::string HostAndPort(const std::string& address, int port);

// The sockets that listen on one port, one for each address that a name stands for. Owns them.
class ListeningSockets {
 public:
  // Listens on `address`, an IP address or a host name, without blocking sockets. Port 0 takes any
  // free one. Errors, naming the address and what to do: ALREADY_EXISTS (the port is taken),
  // PERMISSION_DENIED, FAILED_PRECONDITION (any other reason).
  static absl::StatusOr<ListeningSockets> Open(const std::string& address, int port);

  ListeningSockets() = default;
  ListeningSockets(ListeningSockets&& other) noexcept { *this = std::move(other); }
  ListeningSockets& operator=(ListeningSockets&& other) noexcept;
  ~ListeningSockets() { Close(); }

  const std::vector<int>& fds() const { return fds_; }
  int port() const { return port_; }
  void Close();

 private:
  std::vector<int> fds_;
  int port_ = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_LISTENING_SOCKET_H_
