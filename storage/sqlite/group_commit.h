#ifndef WEBHOOKD_STORAGE_SQLITE_GROUP_COMMIT_H_
#define WEBHOOKD_STORAGE_SQLITE_GROUP_COMMIT_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/store_clock.h"
#include "storage/sqlite/write.h"
#include "storage/webhook_catalog.h"

namespace webhookd::sqlite {

// Applies many writes in one durable transaction. Used by one thread at a time.
//
// Each write is all or nothing by itself. Writes check before they change anything, so one that
// fails has normally changed nothing and the others go on. When one fails half-way (a full disk,
// say), the transaction is rolled back and every write gets one of its own: that costs time in the
// rare case instead of a savepoint for every write.
class GroupCommit {
 public:
  // `connection` can write. `lease_epoch` is stored with the first commit that changes anything,
  // and each commit that changes webhooks publishes them in `catalog`. `clock` and `catalog` must
  // outlive the object.
  GroupCommit(std::unique_ptr<Connection> connection, int64_t lease_epoch, Clock& clock,
              StoreClock store_clock, WebhookCatalog& catalog);
  ~GroupCommit();

  // Commits all `writes`, in order. Returns what each is to be finished with.
  std::vector<absl::Status> Run(std::span<const std::unique_ptr<Write>> writes);

 private:
  enum class Outcome {
    kDecided,   // every write has its result
    kOneByOne,  // rolled back: try each by itself
    kBlocked,   // no transaction can begin
  };

  enum class Housekeeping { kNo, kYes };

  struct KeysState {
    absl::Duration aged_to;      // by the steady clock: Counters::keys_age has the time up to it
    bool old_ones_gone = false;  // nothing is left to delete
  };

  // Runs all in one transaction.
  Outcome Try(std::span<const std::unique_ptr<Write>> writes, std::span<absl::Status> results,
              Housekeeping housekeeping);
  absl::Status Begin();
  // The webhooks at the beginning of a transaction.
  absl::StatusOr<std::shared_ptr<const WebhookSnapshot>> Webhooks(int64_t version);
  // Stores what the transaction leaves of the counters, and of the lease epoch.
  absl::Status StoreState(const Transaction& transaction, const Counters& before, bool changed);
  void Rollback();
  // Lets the generation of idempotency keys grow older, begins a new one when it is time, and
  // deletes some of those that are no longer known. Gives the state after the commit.
  absl::StatusOr<KeysState> AgeKeys(Transaction& transaction, size_t writes);

  std::unique_ptr<Connection> connection_;
  const int64_t lease_epoch_;
  bool epoch_stored_ = false;
  Clock& clock_;
  WebhookCatalog& catalog_;
  StoreClock store_clock_;
  KeysState keys_;
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_GROUP_COMMIT_H_
