#include "server/http/output_queue.h"

#include <utility>

namespace webhookd {
namespace {

constexpr size_t kJoinBelow = 4 * 1024;
constexpr size_t kJoinedUpTo = 64 * 1024;

}  // namespace

void OutputQueue::Append(std::string piece) {
  if (piece.empty()) return;
  bytes_ += piece.size();
  if (!pieces_.empty() && piece.size() < kJoinBelow &&
      pieces_.back().size() + piece.size() <= kJoinedUpTo) {
    pieces_.back().append(piece);
  } else {
    pieces_.push_back(std::move(piece));
  }
}

int OutputQueue::Peek(iovec* pieces, int max) const {
  int count = 0;
  size_t offset = offset_;
  for (const std::string& piece : pieces_) {
    if (count == max) break;
    pieces[count].iov_base = const_cast<char*>(piece.data()) + offset;
    pieces[count].iov_len = piece.size() - offset;
    offset = 0;
    ++count;
  }
  return count;
}

void OutputQueue::Consume(size_t bytes) {
  bytes_ -= bytes;
  while (bytes > 0) {
    const size_t left = pieces_.front().size() - offset_;
    if (bytes < left) {
      offset_ += bytes;
      return;
    }
    bytes -= left;
    offset_ = 0;
    pieces_.pop_front();
  }
}

}  // namespace webhookd
