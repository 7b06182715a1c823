#ifndef WEBHOOKD_SERVER_TELEMETRY_LINE_WRITER_H_
#define WEBHOOKD_SERVER_TELEMETRY_LINE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace webhookd {

// Writes lines to a file whose reader may be slow, stuck or gone, on a thread of its own: who has
// something to say never waits. Thread-safe.
//
// Memory is bounded: lines for which there is no room are dropped, like those that the system
// refuses (a full disk, a closed pipe). How many is said in their place, once that can be written.
class LineWriter {
 public:
  struct Options {
    int file = -1;               // stays open
    size_t max_bytes = 1 << 20;  // that wait; as many again may be under way
    // The line, without its break, that stands for so many dropped ones.
    std::function<std::string(int64_t)> dropped_line;
  };

  explicit LineWriter(Options options);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  // Does not wait either: what was not flushed may be lost.
  ~LineWriter();

  // Takes one or more lines, without the last one's break.
  void Write(absl::string_view lines);

  // Waits until what was taken is written or refused. False when `patience` passed first.
  bool Flush(absl::Duration patience);

 private:
  struct State;

  const std::shared_ptr<State> state_;  // the thread's too
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_TELEMETRY_LINE_WRITER_H_
