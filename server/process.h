#ifndef WEBHOOKD_SERVER_PROCESS_H_
#define WEBHOOKD_SERVER_PROCESS_H_

namespace webhookd {

// What a server process settles before it has threads: SIGINT and SIGTERM are left to
// WaitForStopSignal, SIGPIPE is ignored, as many files may be open as the system allows (each
// connection is one), and gRPC leaves messages to us unless GRPC_VERBOSITY says otherwise.
void PrepareProcess();

// Blocks until SIGINT or SIGTERM comes. From then on these end the process at once: who asks twice
// does not want to wait.
void WaitForStopSignal();

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_PROCESS_H_
