#include <sys/socket.h>

#include <cerrno>

#include "server/http/transport.h"

namespace webhookd {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int fd) : fd_(fd) {}

  Result Handshake() override { return {State::kOk}; }

  Result Read(char* buffer, size_t size) override {
    while (true) {
      const ssize_t n = recv(fd_, buffer, size, 0);
      if (n > 0) return {State::kOk, static_cast<size_t>(n)};
      if (n == 0) return {State::kEnd};
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {State::kWantRead};
      if (errno != EINTR) return {State::kError};
    }
  }

  Result Write(const iovec* pieces, int count) override {
    msghdr message = {};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = count;
    while (true) {
      const ssize_t n = sendmsg(fd_, &message, MSG_NOSIGNAL);
      if (n >= 0) return {State::kOk, static_cast<size_t>(n)};
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {State::kWantWrite};
      if (errno != EINTR) return {State::kError};
    }
  }

  void Finish() override { shutdown(fd_, SHUT_WR); }
  bool short_read_is_last() const override { return true; }

 private:
  const int fd_;
};

}  // namespace

std::unique_ptr<Transport> NewPlainTransport(int fd) {
  return std::make_unique<PlainTransport>(fd);
}

}  // namespace webhookd
