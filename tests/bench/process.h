#ifndef WEBHOOKD_TESTS_BENCH_PROCESS_H_
#define WEBHOOKD_TESTS_BENCH_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace webhookd {

// Keeps the calling process on one processor; -1: on any.
void PinToCpu(int cpu);

// User and system time that a process has used.
absl::Duration ProcessCpuTime(pid_t pid);

// That of its threads that are alive, those of one name together.
std::map<std::string, absl::Duration> ThreadCpuTimes(pid_t pid);

// That of this process's children that have ended.
absl::Duration ChildrenCpuTime();

// Resident memory of a process, in bytes.
int64_t ProcessResidentBytes(pid_t pid);

// What a command prints to standard output; "" when it cannot be run. No shell is involved. `cpu`:
// where it runs, -1: anywhere.
std::string CommandOutput(const std::vector<std::string>& command, int cpu = -1);

// The real server, on a free port.
class WebhookdUnderTest {
 public:
  // Starts `program` with `arguments` and waits until it listens; aborts when it does not.
  WebhookdUnderTest(const std::string& program, std::vector<std::string> arguments, int cpu = -1);
  WebhookdUnderTest(const WebhookdUnderTest&) = delete;
  WebhookdUnderTest& operator=(const WebhookdUnderTest&) = delete;
  // SIGTERM, and waits for the end.
  ~WebhookdUnderTest();

  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }

  // SIGKILL, and waits for the end.
  void Kill();

 private:
  pid_t pid_ = -1;
  std::string address_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_PROCESS_H_
