#ifndef WEBHOOKD_SERVER_HTTP_MEMORY_GUARD_H_
#define WEBHOOKD_SERVER_HTTP_MEMORY_GUARD_H_

#include <cstddef>
#include <cstdint>

namespace webhookd {

// Watches the memory of this process, for floods that gRPC itself does not bound.
class MemoryGuard {
 public:
  // `limit_bytes` 0: never an alarm.
  explicit MemoryGuard(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Whether more memory is resident than the limit, and clearly more than at the last call: a
  // process that is only large is left alone.
  bool Alarm();

 private:
  const size_t limit_bytes_;
  size_t last_ = 0;
};

// Bytes that a TCP socket has received since it was connected; 0 when that cannot be told.
uint64_t ReceivedBytes(int fd);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_MEMORY_GUARD_H_
