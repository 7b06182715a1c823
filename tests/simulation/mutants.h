#ifndef WEBHOOKD_TESTS_SIMULATION_MUTANTS_H_
#define WEBHOOKD_TESTS_SIMULATION_MUTANTS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/executor.h"
#include "server/delivery/http_client.h"
#include "server/delivery/retry_policy.h"
#include "storage/store.h"
#include "storage/wake.h"
#include "tests/simulation/dice.h"

namespace webhookd {

// A mistake that is put into the code under test from outside, to show that the simulator would
// find it.
enum class Mutant {
  kNone,
  kAcknowledgeEarly,  // a report is answered before its transaction commits
  kFinishEarly,       // an attempt counts as confirmed before the receiver answered
  kNoSync,            // synchronous=OFF: nothing waits for the disk
  kLoseWake,          // one call in ten of Wake gets lost
  kRetryNow,          // the time of the next attempt is ignored
  kForgetKey,         // the idempotency key is not stored
  kStaleMatch,        // an event is stored as it was matched before webhooks changed
  kGiveUpEarly,       // a delivery fails one attempt before the end of its schedule
  kFinishOnce,        // what the store could not record is not tried again
  kSendTwice,         // one request in ten goes on the wire twice, as curl does by itself
};

// Names as in --mutant.
absl::string_view MutantName(Mutant mutant);
absl::StatusOr<Mutant> MutantOfName(absl::string_view name);
// All but kNone.
const std::vector<Mutant>& AllMutants();

// Each wraps a part of a process, or gives back what the mutant leaves alone.

// `store` and `executor` must outlive the result, which forwards to `store` what it does not spoil.
// `vfs` and `path` name the database that `store` has open.
std::unique_ptr<Store> MutateStore(Mutant mutant, Store& store, Executor& executor,
                                   const std::string& vfs, const std::string& path);
std::unique_ptr<HttpClient> MutateHttpClient(Mutant mutant, std::unique_ptr<HttpClient> client);
Wake MutateWake(Mutant mutant, Wake wake, Dice& dice);
RetryPolicy MutateRetry(Mutant mutant, RetryPolicy policy);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SIMULATION_MUTANTS_H_
