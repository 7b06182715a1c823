#ifndef WEBHOOKD_SERVER_HTTP_OUTPUT_QUEUE_H_
#define WEBHOOKD_SERVER_HTTP_OUTPUT_QUEUE_H_

#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <string>

namespace webhookd {

// Bytes that wait to be written, in order. Small pieces are joined, large ones are not copied.
class OutputQueue {
 public:
  bool empty() const { return bytes_ == 0; }
  size_t bytes() const { return bytes_; }

  void Append(std::string piece);

  // The first pieces, `max` at most; returns how many.
  int Peek(iovec* pieces, int max) const;
  // Forgets the first `bytes`.
  void Consume(size_t bytes);

 private:
  std::deque<std::string> pieces_;
  size_t offset_ = 0;  // in the first piece
  size_t bytes_ = 0;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_OUTPUT_QUEUE_H_
