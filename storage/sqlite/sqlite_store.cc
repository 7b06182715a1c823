#include "storage/sqlite/sqlite_store.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/errors.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/delivery_queries.h"
#include "storage/sqlite/delivery_reads.h"
#include "storage/sqlite/event_queries.h"
#include "storage/sqlite/event_reads.h"
#include "storage/sqlite/group_commit.h"
#include "storage/sqlite/migrations.h"
#include "storage/sqlite/store_clock.h"
#include "storage/sqlite/trigger_memory.h"
#include "storage/sqlite/webhook_queries.h"
#include "storage/sqlite/write.h"

namespace webhookd {
namespace {

using sqlite::Connection;
using sqlite::Transaction;

// The log is merged into the file every 16 MB instead of every 4: pages that change often are then
// written less often. What a huge transaction left of the log is cut back. Debian's SQLite
// overwrites what it deletes with zeros unless told otherwise; deliveries are no secrets. The last
// statement reads, so that a connection that replaces another has its log open at once.
constexpr char kWriterSettings[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA cache_size = -32768;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA wal_autocheckpoint = 4096;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA secure_delete = OFF;"
    "PRAGMA schema_version";

// Connections for what is read by its id.
constexpr int kLookups = 2;
constexpr size_t kEventIdBytes = 36;

absl::Status CheckOptions(const SqliteStore::Options& options) {
  if (options.read_connections < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the number of read connections is ", options.read_connections, ": it must be at least 1"));
  }
  if (options.max_waiting_writes < 1) {
    return absl::InvalidArgumentError(absl::StrCat("the number of writes that may wait is ",
                                                   options.max_waiting_writes,
                                                   ": it must be at least 1"));
  }
  if (options.max_batch < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the size of a batch is ", options.max_batch, ": it must be at least 1"));
  }
  return absl::OkStatus();
}

absl::Status UseWriteAheadLog(Connection& connection) {
  bool on;
  {
    sqlite::Statement mode = connection.Prepare("PRAGMA journal_mode = WAL");
    RETURN_IF_ERROR(mode.Step().status());
    on = mode.Text(0) == "wal";
  }
  if (on) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("database \"", connection.shown_path(),
                   "\" cannot keep a write-ahead log: put it on a local disk"));
}

// Merges the log of an earlier process into the database, as far as nobody else reads it. When a
// sync of the log failed, the system shows what was written though it may not be on the disk:
// merging writes it once more, where a log that is only appended to would break off there after a
// power cut. A full disk leaves things as they were.
absl::Status MergeLog(Connection& connection) {
  const absl::Status status = connection.Execute("PRAGMA wal_checkpoint(PASSIVE)");
  return absl::IsResourceExhausted(status) ? absl::OkStatus() : status;
}

// The connection that writes, to a database of this version.
absl::StatusOr<std::unique_ptr<Connection>> OpenWriter(const Connection::Options& options,
                                                       const sqlite::CreateFile& create_file) {
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> writer, Connection::Open(options));
  RETURN_IF_ERROR(sqlite::Migrate(*writer, sqlite::EmbeddedMigrations(), create_file));
  RETURN_IF_ERROR(UseWriteAheadLog(*writer));
  RETURN_IF_ERROR(writer->Configure(kWriterSettings));
  RETURN_IF_ERROR(MergeLog(*writer));
  return writer;
}

// Voids the leases of whoever used the database before. A full disk leaves it to the first commit
// to store that, which no lease comes before.
absl::StatusOr<int64_t> BeginLeaseEpoch(Connection& connection) {
  ASSIGN_OR_RETURN(const int64_t last, connection.QueryInt("SELECT lease_epoch FROM store_state"));
  absl::Status stored =
      connection.Execute(absl::StrCat("UPDATE store_state SET lease_epoch = ", last + 1));
  if (!stored.ok() && !absl::IsResourceExhausted(stored)) return stored;
  return last + 1;
}

absl::Status JobGoesOnLater() {
  return absl::UnavailableError(
      "the server is shutting down: what is left of the replay is done after its next start");
}

// An error of a full disk, for who starts the server.
absl::Status WhenStarting(absl::Status status) {
  if (!absl::IsResourceExhausted(status)) return status;
  return absl::ResourceExhaustedError(absl::StrCat(
      "the database cannot be opened, free some space and start again: ", status.message()));
}

absl::StatusOr<WebhookSet> LoadAtOnce(Connection& connection) {
  const sqlite::Snapshot snapshot(connection);
  RETURN_IF_ERROR(snapshot.status());
  return sqlite::LoadWebhooks(connection);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Create(Options options) {
  RETURN_IF_ERROR(CheckOptions(options));
  Connection::Options connection_options{.path = options.path,
                                         .shown_path = options.path,
                                         .vfs = options.vfs,
                                         .busy_timeout = options.busy_timeout};
  Files files;
  connection_options.damage = files.damage.get();
  sqlite::CreateFile create_backup_file = [](const std::string&) { return absl::OkStatus(); };
  if (options.vfs.empty()) {
    ASSIGN_OR_RETURN(files.file, sqlite::DatabaseFile::Open(options.path));
    connection_options.path = files.file->path();
    connection_options.file = files.file.get();
    files.reserve = std::make_unique<sqlite::DiskReserve>(files.file->path());
    create_backup_file = sqlite::CreatePrivateFile;
  }
  absl::StatusOr<std::unique_ptr<Connection>> writer =
      OpenWriter(connection_options, create_backup_file);
  if (absl::IsResourceExhausted(writer.status()) && files.reserve != nullptr &&
      files.reserve->Release()) {
    writer = OpenWriter(connection_options, create_backup_file);
  }
  RETURN_IF_ERROR(WhenStarting(writer.status()));
  ASSIGN_OR_RETURN(const int64_t lease_epoch, BeginLeaseEpoch(**writer));
  ASSIGN_OR_RETURN(const bool jobs_left, sqlite::HasJobs(**writer));
  ASSIGN_OR_RETURN(sqlite::StoreClock store_clock,
                   sqlite::StoreClock::Load(**writer, options.clock));
  Readers readers;
  ASSIGN_OR_RETURN(readers.lists,
                   sqlite::ReadPool::Open(connection_options, options.read_connections));
  ASSIGN_OR_RETURN(readers.lookups, sqlite::ReadPool::Open(connection_options, kLookups));
  ASSIGN_OR_RETURN(WebhookSet webhooks, LoadAtOnce(**writer));
  auto catalog = std::make_unique<WebhookCatalog>(
      std::make_shared<const WebhookSnapshot>(std::move(webhooks)));
  if (files.file != nullptr) {
    files.file->NoteLog();
    files.reserve->Keep();
  }
  const PinnedClock due_clock = store_clock.due();
  auto queue = sqlite::WriteQueue::Create(
      {.commits = options.writer,
       .finishes = options.callbacks == nullptr ? options.writer : *options.callbacks},
      std::make_unique<sqlite::GroupCommit>(*std::move(writer), lease_epoch, options.clock,
                                            std::move(store_clock), *catalog),
      {.max_waiting = options.max_waiting_writes,
       .max_batch = options.max_batch,
       .refusal = [damage = files.damage.get()] { return damage->status(); }});
  auto store =
      absl::WrapUnique(new SqliteStore(options, std::move(files), lease_epoch, due_clock,
                                       std::move(catalog), std::move(readers), std::move(queue)));
  if (jobs_left) store->RunJobs();
  return store;
}

SqliteStore::SqliteStore(const Options& options, Files files, int64_t lease_epoch,
                         const PinnedClock& due_clock, std::unique_ptr<WebhookCatalog> catalog,
                         Readers readers, std::shared_ptr<sqlite::WriteQueue> queue)
    : files_(std::move(files)),
      lease_epoch_(lease_epoch),
      audit_retention_(options.audit_retention),
      read_timeout_(options.read_timeout),
      clock_(options.clock),
      due_clock_(due_clock),
      catalog_(std::move(catalog)),
      readers_(std::move(readers)),
      queue_(std::move(queue)) {}

SqliteStore::~SqliteStore() { Stop(); }

void SqliteStore::StopLists() { readers_.lists->Close(); }

void SqliteStore::StopReads() {
  readers_.lists->Close();
  readers_.lookups->Close();
}

void SqliteStore::Stop() {
  StopJobs();
  // The last connection to close merges the log into the file: that must not be one for reading.
  StopReads();
  queue_->Stop();
  files_.file.reset();
}

absl::Status SqliteStore::CheckHealth() {
  if (files_.file != nullptr) {
    RETURN_IF_ERROR(files_.file->Check());
    files_.reserve->Keep();
  }
  bool jobs_left;
  {
    MutexLock lock(jobs_mutex_);
    jobs_left = jobs_left_ && !jobs_run_;
  }
  if (jobs_left) RunJobs();
  return files_.damage->status();
}

absl::StatusOr<sqlite::ReadPool::Lease> SqliteStore::Acquire(sqlite::ReadPool& pool,
                                                             const StopSignal* stop) {
  const absl::Duration deadline = clock_.Steady() + read_timeout_;
  return pool.Acquire([this, stop, deadline]() -> absl::Status {
    if (stop != nullptr) RETURN_IF_ERROR(stop->status());
    if (clock_.Steady() < deadline) return absl::OkStatus();
    return ListTookTooLong(read_timeout_);
  });
}

// ---- Webhooks; their audited changes stand in sqlite_account_store.cc

absl::StatusOr<WebhookSet> SqliteStore::LoadWebhooks() {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, readers_.lists->Acquire());
  return LoadAtOnce(*reader);
}

void SqliteStore::SetFailingSince(int32_t webhook_id, std::optional<absl::Time> since,
                                  DoneStatus done) {
  queue_->PushUnbounded(sqlite::MakeStatusWrite(
      [webhook_id, since](Transaction& transaction) {
        return sqlite::SetFailingSince(transaction, webhook_id, since);
      },
      std::move(done)));
}

// ---- Events

void SqliteStore::AcceptEvents(MatchedReport report, Done<AcceptedEvents> done) {
  queue_->Push(sqlite::MakeWrite<AcceptedEvents>(
      [report = std::move(report)](Transaction& transaction) mutable {
        return sqlite::AcceptEvents(transaction, report);
      },
      std::move(done)));
}

absl::StatusOr<EventPage> SqliteStore::ListEvents(const EventFilter& filter) {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, Acquire(*readers_.lists, filter.stop));
  return sqlite::ListEvents(*reader, filter);
}

absl::StatusOr<EventRecord> SqliteStore::GetEvent(const std::string& event_id) {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, readers_.lookups->Acquire());
  return sqlite::GetEvent(*reader, event_id);
}

// ---- What events are judged by

void SqliteStore::SaveMetricStates(std::vector<MetricState> states, DoneStatus done) {
  queue_->Push(sqlite::MakeStatusWrite(
      [states = std::move(states)](Transaction& transaction) {
        return sqlite::SaveMetricStates(transaction.connection, states);
      },
      std::move(done)));
}

absl::StatusOr<std::vector<MetricState>> SqliteStore::LoadMetricStates(int64_t limit) {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, readers_.lists->Acquire());
  return sqlite::LoadMetricStates(*reader, limit);
}

void SqliteStore::SaveKnown(KnownRecords records, absl::Time forget_before, DoneStatus done) {
  queue_->Push(sqlite::MakeStatusWrite(
      [records = std::move(records), forget_before](Transaction& transaction) {
        return sqlite::SaveKnown(transaction.connection, records, forget_before);
      },
      std::move(done)));
}

absl::StatusOr<KnownRecords> SqliteStore::LoadKnown(absl::Time since, int64_t limit) {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, readers_.lists->Acquire());
  return sqlite::LoadKnown(*reader, since, limit);
}

// ---- Deliveries

absl::StatusOr<std::vector<PendingEndpoint>> SqliteStore::PendingEndpoints() {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, readers_.lists->Acquire());
  return sqlite::PendingEndpoints(*reader);
}

void SqliteStore::ClaimDeliveries(ClaimRequest request, Done<ClaimedDeliveries> done) {
  queue_->PushUnbounded(sqlite::MakeWrite<ClaimedDeliveries>(
      [request](Transaction& transaction) { return sqlite::ClaimDeliveries(transaction, request); },
      std::move(done)));
}

void SqliteStore::FinishAttempts(std::vector<FinishedAttempt> attempts, DoneStatus done) {
  queue_->PushUnbounded(sqlite::MakeStatusWrite(
      [attempts = std::move(attempts)](Transaction& transaction) {
        return sqlite::FinishAttempts(transaction, attempts);
      },
      std::move(done)));
}

absl::StatusOr<DeliveryPage> SqliteStore::ListDeliveries(const DeliveryFilter& filter) {
  // Those of one event stand together.
  const bool is_lookup = filter.event_id.size() == kEventIdBytes;
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader,
                   Acquire(is_lookup ? *readers_.lookups : *readers_.lists, filter.stop));
  return sqlite::ListDeliveries(*reader, filter, lease_epoch_);
}

absl::StatusOr<int64_t> SqliteStore::CountPending(int32_t webhook_id) {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, readers_.lists->Acquire());
  return sqlite::CountPending(*reader, webhook_id);
}

absl::StatusOr<DeliveryDetails> SqliteStore::GetDelivery(int64_t delivery_id) {
  ASSIGN_OR_RETURN(sqlite::ReadPool::Lease reader, readers_.lookups->Acquire());
  return sqlite::GetDelivery(*reader, delivery_id, lease_epoch_);
}

void SqliteStore::Redeliver(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) {
  queue_->Push(sqlite::MakeWrite<DeliveryRecord>(
      [delivery_id, now](Transaction& transaction) {
        return sqlite::Redeliver(transaction, delivery_id, now);
      },
      std::move(done)));
}

void SqliteStore::Replay(ReplayRequest request, Done<int64_t> done) {
  queue_->Push(sqlite::MakeWrite<sqlite::JobStep>(
      [request](Transaction& transaction) { return sqlite::BeginReplay(transaction, request); },
      [this, done = std::move(done)](absl::StatusOr<sqlite::JobStep> step) mutable {
        if (!step.ok()) return std::move(done)(step.status());
        if (step->finished) return std::move(done)(step->changed);
        if (!WaitForJob(step->job_id, done)) return std::move(done)(JobGoesOnLater());
        RunJobs();
      }));
}

bool SqliteStore::WaitForJob(int64_t job_id, Done<int64_t>& done) {
  MutexLock lock(jobs_mutex_);
  if (jobs_stopped_) return false;
  waiting_for_jobs_.emplace(job_id, std::move(done));
  return true;
}

void SqliteStore::StopJobs() {
  std::map<int64_t, Done<int64_t>> waiting;
  {
    MutexLock lock(jobs_mutex_);
    jobs_stopped_ = true;
    if (!jobs_run_) waiting.swap(waiting_for_jobs_);
  }
  for (auto& [job_id, done] : waiting) std::move(done)(JobGoesOnLater());
}

void SqliteStore::RunJobs() {
  MutexLock lock(jobs_mutex_);
  jobs_left_ = true;
  if (jobs_stopped_ || std::exchange(jobs_run_, true)) return;
  // One step at a time, each with whatever else waits then.
  queue_->PushUnbounded(sqlite::MakeWrite<sqlite::JobStep>(
      [](Transaction& transaction) { return sqlite::TakeStep(transaction); },
      [this](absl::StatusOr<sqlite::JobStep> step) { NoteStep(step); }));
}

void SqliteStore::NoteStep(const absl::StatusOr<sqlite::JobStep>& step) {
  std::map<int64_t, Done<int64_t>> ended;     // by this step
  std::map<int64_t, Done<int64_t>> stranded;  // until the next start
  bool more = false;
  {
    MutexLock lock(jobs_mutex_);
    jobs_run_ = false;
    if (!step.ok()) {
      ended.swap(waiting_for_jobs_);  // the jobs are stored: CheckHealth or the next start goes on
    } else if (step->job_id == 0) {
      jobs_left_ = false;
    } else {
      more = true;
      if (step->finished) {
        if (auto node = waiting_for_jobs_.extract(step->job_id)) ended.insert(std::move(node));
      }
      if (jobs_stopped_) stranded.swap(waiting_for_jobs_);
    }
  }
  for (auto& [job_id, done] : ended) {
    std::move(done)(step.ok() ? absl::StatusOr<int64_t>(step->changed) : step.status());
  }
  for (auto& [job_id, done] : stranded) std::move(done)(JobGoesOnLater());
  if (more) RunJobs();
}

void SqliteStore::CancelDelivery(int64_t delivery_id, absl::Time now, Done<DeliveryRecord> done) {
  queue_->Push(sqlite::MakeWrite<DeliveryRecord>(
      [delivery_id, now](Transaction& transaction) {
        return sqlite::CancelDelivery(transaction, delivery_id, now);
      },
      std::move(done)));
}

// ---- Settings

void SqliteStore::LoadOrCreateSetting(std::string name, std::string value, Done<std::string> done) {
  queue_->Push(sqlite::MakeWrite<std::string>(
      [name = std::move(name), value = std::move(value)](Transaction& transaction) {
        return sqlite::LoadOrCreateSetting(transaction, name, value);
      },
      std::move(done)));
}

}  // namespace webhookd
