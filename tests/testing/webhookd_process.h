#ifndef WEBHOOKD_TESTS_TESTING_WEBHOOKD_PROCESS_H_
#define WEBHOOKD_TESTS_TESTING_WEBHOOKD_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/config.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace webhookd {

// Whether figures of the program's memory say something: sanitizers keep what was freed.
#if defined(ABSL_HAVE_ADDRESS_SANITIZER) || defined(ABSL_HAVE_THREAD_SANITIZER)
inline constexpr bool kMemoryIsTelling = false;
#else
inline constexpr bool kMemoryIsTelling = true;
#endif

// The real program, run as a child. Killed at the end if it still runs.
class WebhookdProcess {
 public:
  // Descriptors that take the place of what output() and errors() read.
  struct Streams {
    int output = -1;
    int errors = -1;
  };

  // Starts it with `arguments`, and an environment that configures nothing, with `variables`
  // ("NAME=value") added.
  explicit WebhookdProcess(const std::vector<std::string>& arguments,
                           const std::vector<std::string>& variables = {},
                           Streams streams = {.output = -1, .errors = -1});
  WebhookdProcess(const WebhookdProcess&) = delete;
  WebhookdProcess& operator=(const WebhookdProcess&) = delete;
  ~WebhookdProcess();

  // The address that its first line of output says it listens on; "" when it ends before that.
  std::string WaitUntilListening();
  void Signal(int signal) const;
  // The most memory that it has had resident so far.
  size_t PeakResidentBytes() const;
  int Threads() const;
  // Its exit code, or minus the signal that ended it. Kills it, and fails the test, when it takes
  // longer than `patience`.
  int WaitForEnd(absl::Duration patience = absl::Seconds(60));

  // What it printed, after its end.
  const std::string& output() const { return output_; }
  std::string errors() const;

 private:
  // A number of /proc/PID/status; 0 when it is not there.
  size_t StatusNumber(absl::string_view name) const;
  enum class Output { kMore, kEnd, kNothing };
  // Waits for more output until `patience` has passed.
  Output ReadOutput(absl::Duration patience);

  pid_t pid_ = -1;
  int pid_fd_ = -1;  // readable once it ended
  int output_fd_ = -1;
  std::string errors_path_;
  std::string output_;
  std::optional<int> exit_code_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_WEBHOOKD_PROCESS_H_
