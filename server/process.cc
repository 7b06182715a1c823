#include "server/process.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "absl/synchronization/mutex.h"

namespace webhookd {
namespace {

sigset_t HandledSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void PrepareProcess() {
  const sigset_t handled = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  signal(SIGPIPE, SIG_IGN);
  // Debian's Abseil looks for deadlocks at every lock that gRPC takes.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
}

ProcessSignal WaitForSignal() {
  const sigset_t handled = HandledSignals();
  int received = 0;
  sigwait(&handled, &received);
  if (received == SIGHUP) return ProcessSignal::kReload;
  pthread_sigmask(SIG_UNBLOCK, &handled, nullptr);
  return ProcessSignal::kStop;
}

}  // namespace webhookd
