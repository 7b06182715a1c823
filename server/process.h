#ifndef WEBHOOKD_SERVER_PROCESS_H_
#define WEBHOOKD_SERVER_PROCESS_H_

namespace webhookd {

// What a server process settles before it has threads: SIGINT, SIGTERM and SIGHUP are left to
// WaitForSignal, SIGPIPE is ignored, as many files may be open as the system allows (each
// connection is one), and gRPC leaves messages to us unless GRPC_VERBOSITY says otherwise.
void PrepareProcess();

enum class ProcessSignal {
  kReload,  // SIGHUP
  kStop,    // SIGINT or SIGTERM
};

// Blocks until a signal comes. From SIGINT or SIGTERM on these end the process at once: who asks
// twice does not want to wait.
ProcessSignal WaitForSignal();

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_PROCESS_H_
