#ifndef WEBHOOKD_SERVER_RPC_READ_CALL_H_
#define WEBHOOKD_SERVER_RPC_READ_CALL_H_

#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/executor.h"
#include "server/auth/caller.h"
#include "storage/store.h"

namespace webhookd {

// The threads that RPCs read the database on, so that a long list holds up neither gRPC's few
// threads nor what is read by its id.
struct ReadThreads {
  Executor& lists;
  Executor& lookups;
};

// Whether the answer is still waited for.
inline absl::Status CheckStop(const Caller& caller) {
  return caller.stop == nullptr ? absl::OkStatus() : caller.stop->status();
}

// Runs `read` on `thread` and ends the call with what it gives, unless nobody waits any more when
// its turn comes.
inline void ReadOn(Executor& thread, const Caller& caller, DoneStatus done,
                   absl::AnyInvocable<absl::Status(const Caller&) &&> read) {
  thread.Post([caller, done = std::move(done), read = std::move(read)]() mutable {
    absl::Status status = CheckStop(caller);
    if (status.ok()) status = std::move(read)(caller);
    std::move(done)(std::move(status));
  });
}

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_READ_CALL_H_
