#ifndef WEBHOOKD_STORAGE_SQLITE_SQLITE_STORE_H_
#define WEBHOOKD_STORAGE_SQLITE_SQLITE_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/pinned_clock.h"
#include "storage/account_store.h"
#include "storage/sqlite/damage.h"
#include "storage/sqlite/database_file.h"
#include "storage/sqlite/delivery_jobs.h"
#include "storage/sqlite/disk_reserve.h"
#include "storage/sqlite/read_pool.h"
#include "storage/sqlite/write_queue.h"
#include "storage/store.h"

namespace webhookd {

// A Store and an AccountStore in a SQLite file that one process uses at a time.
//
// Writes gather while the batch before them commits, and are durable (WAL, synchronous=FULL) before
// they are reported. When the disk is full, the file is locked or somebody moved it, writes fail,
// and they work again by themselves once it is not. Once a part of the file was found damaged, only
// what the dispatcher writes is taken: reports and changes are refused with DATA_LOSS.
class SqliteStore final : public Store, public AccountStore {
 public:
  struct Options {
    std::string path;
    // Name of a registered SQLite VFS that keeps the files. Empty: files of this machine, which are
    // created with mode 0600 and locked against other processes by "<path>-lock".
    std::string vfs = "";
    Executor& writer;  // batches are committed here
    // What is called when they are done runs here. Null: on `writer`.
    Executor* callbacks = nullptr;
    Clock& clock;              // tells how old an idempotency key is, and how long a list takes
    int read_connections = 4;  // for lists; there are two more for what is read by its id
    absl::Duration read_timeout = absl::Seconds(10);  // of a list
    int64_t max_waiting_writes = 100'000;
    int max_batch = 1'000;                           // writes in one transaction
    absl::Duration busy_timeout = absl::Seconds(5);  // waits so long for other programs' locks
    AuditRetention audit_retention = {};
  };

  // Opens the database, after creating or migrating it. The executors and `clock` must outlive
  // the store.
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

  const WebhookCatalog& catalog() const override { return *catalog_; }
  Clock& due_clock() override { return due_clock_; }

  // No further step of a job is taken until the next start; who waits for one gets UNAVAILABLE.
  // Idempotent.
  void StopJobs();
  // From now on lists get UNAVAILABLE, those under way too. The rest goes on. Idempotent.
  void StopLists();
  // The same for all that is read. Writes go on. Idempotent.
  void StopReads();

  // Why reports are refused though the database can be reached: its files were moved or replaced
  // (UNAVAILABLE), or are damaged (DATA_LOSS). Also takes up again what could not be done, such as
  // on a full disk: call it every now and then. Quick; from one thread, not after Stop.
  absl::Status CheckHealth();

  absl::StatusOr<WebhookSet> LoadWebhooks() override;
  void CreateWebhook(WebhookRecord webhook, std::optional<AuditEntry> audit,
                     Done<WebhookChange> done) override;
  void UpdateWebhook(int32_t webhook_id, WebhookUpdate update, std::optional<AuditEntry> audit,
                     Done<WebhookChange> done) override;
  void DeleteWebhook(int32_t webhook_id, absl::Time now, std::optional<AuditEntry> audit,
                     Done<WebhookDeletion> done) override;
  void DisableWebhook(int32_t webhook_id, std::string url, std::string reason, absl::Time now,
                      Done<WebhookChange> done) override;
  void SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                       DoneStatus done) override;

  void AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) override;
  absl::StatusOr<EventPage> ListEvents(const EventFilter& filter) override;
  absl::StatusOr<EventRecord> GetEvent(const std::string& event_id) override;

  void SaveMetricStates(std::vector<MetricState> states, DoneStatus done) override;
  absl::StatusOr<std::vector<MetricState>> LoadMetricStates(int64_t limit) override;
  void SaveKnown(KnownRecords records, absl::Time forget_before, DoneStatus done) override;
  absl::StatusOr<KnownRecords> LoadKnown(absl::Time since, int64_t limit) override;

  absl::StatusOr<std::vector<PendingEndpoint>> PendingEndpoints() override;
  void ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) override;
  void FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) override;
  absl::StatusOr<DeliveryPage> ListDeliveries(const DeliveryFilter& filter) override;
  absl::StatusOr<int64_t> CountPending(int32_t webhook_id) override;
  absl::StatusOr<DeliveryDetails> GetDelivery(int64_t delivery_id) override;
  void Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;
  void Replay(ReplayRequest request, Done<int64_t> done) override;
  void CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) override;

  void LoadOrCreateSetting(std::string name, std::string value, Done<std::string> done) override;

  absl::StatusOr<AccountSet> LoadAccounts() override;
  void CreateFirstUsers(std::vector<UserRecord> users, AuditEntry audit,
                        Done<std::vector<UserRecord>> done) override;
  void CreateUser(UserRecord user, AuditEntry audit, Done<UserRecord> done) override;
  void PatchUser(UserPatch patch, AuditEntry audit, Done<UserChange> done) override;
  void CreateSession(SessionRecord session, std::string password_hash, int max_per_user,
                     AuditEntry audit, Done<SessionChange> done) override;
  void DeleteSession(std::string token_hash, AuditEntry audit, DoneStatus done) override;
  void RecordUsage(Usage usage, DoneStatus done) override;
  void CreateToken(ServiceTokenRecord token, AuditEntry audit,
                   Done<ServiceTokenRecord> done) override;
  void DeleteToken(int32_t token_id, AuditEntry audit, Done<ServiceTokenRecord> done) override;
  void PutWorkspace(WorkspaceRecord workspace, AuditEntry audit, DoneStatus done) override;
  void DeleteWorkspace(WorkspaceRemoval removal, AuditEntry audit,
                       Done<WorkspaceRemoved> done) override;
  void AssignRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done) override;
  void RemoveRole(RoleAssignmentRecord role, AuditEntry audit, DoneStatus done) override;
  void AppendAudit(AuditEntry entry, DoneStatus done) override;
  absl::StatusOr<AuditPage> ListAudit(const AuditFilter& filter) override;

 private:
  // What lies below the connections, and outlives them.
  struct Files {
    std::unique_ptr<sqlite::DatabaseFile> file;    // null with a VFS of its own
    std::unique_ptr<sqlite::DiskReserve> reserve;  // likewise
    std::unique_ptr<sqlite::Damage> damage = std::make_unique<sqlite::Damage>();
  };

  // What is read by its id must not wait for those who read long.
  struct Readers {
    std::unique_ptr<sqlite::ReadPool> lists;
    std::unique_ptr<sqlite::ReadPool> lookups;
  };

  SqliteStore(const Options& options, Files files, int64_t lease_epoch,
              const PinnedClock& due_clock, std::unique_ptr<WebhookCatalog> catalog,
              Readers readers, std::shared_ptr<sqlite::WriteQueue> queue);

  // A connection for a list, until that takes too long or `stop` says so.
  absl::StatusOr<sqlite::ReadPool::Lease> Acquire(sqlite::ReadPool& pool, const StopSignal* stop);

  // `done` of a change that may leave a job.
  template <typename T>
  Done<T> ThenRunJobs(Done<T> done) {
    return [this, done = std::move(done)](absl::StatusOr<T> result) mutable {
      const bool changed = result.ok() && result->canceled_deliveries >= sqlite::kStepDeliveries;
      std::move(done)(std::move(result));
      if (changed) RunJobs();
    };
  }
  // Takes `done` for the end of the job, unless jobs are stopped.
  bool WaitForJob(int64_t job_id, Done<int64_t>& done);
  // Has the jobs of the database go on, if they do not.
  void RunJobs();
  // A step is done, or could not be done.
  void NoteStep(const absl::StatusOr<sqlite::JobStep>& step);

  Files files_;  // the file is released by Stop
  const int64_t lease_epoch_;
  const AuditRetention audit_retention_;
  const absl::Duration read_timeout_;
  Clock& clock_;
  PinnedClock due_clock_;
  const std::unique_ptr<WebhookCatalog> catalog_;
  const Readers readers_;
  const std::shared_ptr<sqlite::WriteQueue> queue_;

  Mutex jobs_mutex_;
  bool jobs_run_ ABSL_GUARDED_BY(jobs_mutex_) = false;      // a step is under way
  bool jobs_left_ ABSL_GUARDED_BY(jobs_mutex_) = false;     // there may be some
  bool jobs_stopped_ ABSL_GUARDED_BY(jobs_mutex_) = false;  // until the next start
  // Who waits for the end of which job.
  std::map<int64_t, Done<int64_t>> waiting_for_jobs_ ABSL_GUARDED_BY(jobs_mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_STORAGE_SQLITE_SQLITE_STORE_H_
