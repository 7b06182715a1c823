#include "server/process.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

namespace webhookd {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void PrepareProcess() {
  const sigset_t stop_signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
}

void WaitForStopSignal() {
  const sigset_t stop_signals = StopSignals();
  int received = 0;
  sigwait(&stop_signals, &received);
  pthread_sigmask(SIG_UNBLOCK, &stop_signals, nullptr);
}

}  // namespace webhookd
