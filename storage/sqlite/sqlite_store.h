#ifndef WEBHOOKD_STORAGE_SQLITE_SQLITE_STORE_H_
#define WEBHOOKD_STORAGE_SQLITE_SQLITE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/executor.h"
#include "storage/sqlite/database_file.h"
#include "storage/sqlite/read_pool.h"
#include "storage/sqlite/write_queue.h"
#include "storage/store.h"

namespace webhookd {

// A Store in a SQLite file that one process uses at a time.
//
// Writes gather while the batch before them commits, and are durable (WAL, synchronous=FULL) before
// they are reported. When the disk is full or the file is locked writes fail, and they work again
// by themselves once it is not.
class SqliteStore final : public Store {
 public:
  struct Options {
    std::string path;
    // Name of a registered SQLite VFS that keeps the files. Empty: files of this machine, which are
    // created with mode 0600 and locked against other processes by "<path>-lock".
    std::string vfs = "";
    Executor& writer;  // batches run here, and what is called when they are done
    Clock& clock;      // tells how old an idempotency key is
    int read_connections = 4;
    int64_t max_waiting_writes = 100'000;
    int max_batch = 1'000;                           // writes in one transaction
    absl::Duration busy_timeout = absl::Seconds(5);  // waits so long for other programs' locks
  };

  // Opens the database, after creating or migrating it. `writer` and `clock` must outlive the
  // store.
  //
  // FAILED_PRECONDITION: another process has it open, or it is newer than this program, or it
  // belongs to another one. NOT_FOUND: no such folder. INVALID_ARGUMENT: the path is no file's, or
  // an option is out of range. PERMISSION_DENIED. DATA_LOSS: no SQLite database, or a damaged one.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Create(Options options);
  // Stops first.
  ~SqliteStore() override;

  // Commits on the calling thread what was handed over, and closes the database; later calls get
  // UNAVAILABLE. Idempotent. Not from a callback.
  void Stop();

  absl::StatusOr<WebhookSet> LoadWebhooks() override;
  void CreateWebhook(WebhookRecord webhook, Done<WebhookChange> done) override;
  void UpdateWebhook(WebhookRecord webhook, int64_t version, Done<WebhookChange> done) override;
  void DeleteWebhook(int32_t webhook_id, absl::Time now, Done<WebhookDeletion> done) override;
  void DisableWebhook(int32_t webhook_id, std::string reason, absl::Time now,
                      Done<WebhookChange> done) override;
  void SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                       DoneStatus done) override;

  void AcceptEvent(AcceptEventRequest request, Done<AcceptedEvent> done) override;

  absl::StatusOr<std::vector<PendingEndpoint>> PendingEndpoints() override;
  void ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) override;
  void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) override;
  absl::StatusOr<std::vector<DeliveryRecord>> ListDeliveries(const DeliveryFilter& filter) override;
  absl::StatusOr<DeliveryDetails> GetDelivery(int64_t delivery_id) override;
  void Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;
  void Replay(ReplayRequest request, Done<int64_t> done) override;
  void CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;

  void LoadOrCreateSetting(std::string name, std::string value, Done<std::string> done) override;

 private:
  SqliteStore(std::unique_ptr<sqlite::DatabaseFile> file, int64_t lease_epoch,
              std::unique_ptr<sqlite::ReadPool> readers, std::shared_ptr<sqlite::WriteQueue> queue);

  std::unique_ptr<sqlite::DatabaseFile> file_;  // null with a VFS of its own; released by Stop
  const int64_t lease_epoch_;
  const std::unique_ptr<sqlite::ReadPool> readers_;
  const std::shared_ptr<sqlite::WriteQueue> queue_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_SQLITE_SQLITE_STORE_H_
