#ifndef WEBHOOKD_SERVER_HTTP_TRANSPORT_H_
#define WEBHOOKD_SERVER_HTTP_TRANSPORT_H_

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <string>

namespace webhookd {

// The bytes of one connection, plain or under TLS, on a socket that does not block. Does not own
// the socket.
class Transport {
 public:
  enum class State {
    kOk,
    kWantRead,   // nothing more until the socket is readable
    kWantWrite,  // nothing more until it is writable
    kEnd,        // the peer sends no more
    kError,
  };
  struct Result {
    State state;
    size_t bytes = 0;  // with kOk: read or written
  };

  virtual ~Transport() = default;

  virtual Result Handshake() = 0;
  virtual Result Read(char* buffer, size_t size) = 0;
  // Writes some of the pieces, in order.
  virtual Result Write(const iovec* pieces, int count) = 0;
  // Tells the peer, as far as can be done at once, that nothing more comes. Only reading goes on.
  virtual void Finish() = 0;
  // Whether a read of less than was asked for means that nothing more is there to read.
  virtual bool short_read_is_last() const = 0;
  // Who the peer's verified certificate says it is; empty without one.
  virtual std::string client_identity() const { return ""; }
};

std::unique_ptr<Transport> NewPlainTransport(int fd);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_TRANSPORT_H_
