#include "server/telemetry/line_writer.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace webhookd {
namespace {

// How often a file that refused lines is asked whether it takes them again.
constexpr absl::Duration kRetryAfter = absl::Seconds(1);

int64_t CountLines(absl::string_view text) { return std::count(text.begin(), text.end(), '\n'); }

// The file as its thread sees it.
class Output {
 public:
  explicit Output(int file) : file_(file) {}

  // Writes whole lines, however long that takes. Gives how many could not be written.
  int64_t Put(std::string lines) {
    // What was cut off must not swallow the next line.
    if (torn_) lines.insert(0, 1, '\n');
    absl::string_view left = lines;
    while (!left.empty()) {
      const ssize_t written = write(file_, left.data(), left.size());
      if (written > 0) {
        torn_ = left[written - 1] != '\n';
        left.remove_prefix(static_cast<size_t>(written));
      } else if (written < 0 && errno == EAGAIN) {
        // Somebody who shares the file made it so.
        pollfd writable = {.fd = file_, .events = POLLOUT};
        poll(&writable, 1, -1);
      } else if (written == 0 || errno != EINTR) {
        return CountLines(left);
      }
    }
    return 0;
  }

 private:
  const int file_;
  bool torn_ = false;  // the last line was written in part
};

}  // namespace

struct LineWriter::State {
  // The lines that wait, and how many after them were dropped.
  struct Lines {
    std::string text;
    int64_t dropped = 0;

    bool empty() const { return text.empty() && dropped == 0; }
  };

  explicit State(Options given) : options(std::move(given)) {}

  void Run() {
    Output output(options.file);
    int64_t lost = 0;  // lines, since the last that was written
    const auto tell = [&] {
      if (lost > 0 && output.Put(absl::StrCat(options.dropped_line(lost), "\n")) == 0) lost = 0;
    };
    while (true) {
      Lines lines;
      {
        MutexLock lock(mutex);
        writing = false;
        changed.NotifyAll();
        while (waiting.empty() && !stopping) {
          if (lost == 0) {
            changed.Wait(mutex);
          } else if (!changed.WaitFor(mutex, kRetryAfter)) {
            break;
          }
        }
        if (waiting.empty() && stopping) return;
        lines = std::exchange(waiting, {});
        writing = true;
      }
      tell();
      lost += output.Put(std::move(lines.text));
      lost += lines.dropped;
      tell();
    }
  }

  const Options options;

  Mutex mutex;
  CondVar changed;
  Lines waiting ABSL_GUARDED_BY(mutex);
  bool writing ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
};

LineWriter::LineWriter(Options options) : state_(std::make_shared<State>(std::move(options))) {
  // The thread may be stuck in a write for ever: it is not waited for, and takes no signals.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([state = state_] {
    pthread_setname_np(pthread_self(), "log");
    state->Run();
  }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LineWriter::~LineWriter() {
  MutexLock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.NotifyAll();
}

void LineWriter::Write(absl::string_view lines) {
  MutexLock lock(state_->mutex);
  State::Lines& waiting = state_->waiting;
  const bool fits =
      waiting.text.empty() || waiting.text.size() + lines.size() < state_->options.max_bytes;
  // Once one was dropped the others are too, so that the gap is in one place.
  if (waiting.dropped > 0 || !fits) {
    waiting.dropped += CountLines(lines) + 1;
  } else {
    absl::StrAppend(&waiting.text, lines, "\n");
  }
  state_->changed.NotifyAll();
}

bool LineWriter::Flush(absl::Duration patience) {
  const absl::Duration deadline = RealClock().Steady() + patience;
  MutexLock lock(state_->mutex);
  while (state_->writing || !state_->waiting.empty()) {
    const absl::Duration left = deadline - RealClock().Steady();
    if (left <= absl::ZeroDuration()) return false;
    state_->changed.WaitFor(state_->mutex, left);
  }
  return true;
}

}  // namespace webhookd
