#include "storage/sqlite/group_commit.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "storage/sqlite/event_queries.h"
#include "storage/sqlite/webhook_queries.h"

namespace webhookd::sqlite {
namespace {

constexpr absl::string_view kBegin = "BEGIN IMMEDIATE";
constexpr absl::string_view kCommit = "COMMIT";
constexpr absl::string_view kRollback = "ROLLBACK";

constexpr absl::string_view kReadCounters =
    "SELECT webhooks_version, next_delivery_id, next_body_id, keys_generation, keys_age "
    "FROM store_state";

constexpr absl::string_view kWriteCounters =
    "UPDATE store_state SET webhooks_version = ?1, next_delivery_id = ?2, next_body_id = ?3,"
    " keys_generation = ?4, keys_age = ?5";

constexpr absl::string_view kWriteLeaseEpoch = "UPDATE store_state SET lease_epoch = ?1";

// How long a generation of keys lasts: a repeated report is recognised for this time at least and
// twice this time at most.
constexpr absl::Duration kKeyLifetime = absl::Hours(7 * 24);
constexpr absl::Duration kAgeStep = absl::Minutes(1);  // how exactly the age is counted

absl::StatusOr<Counters> ReadCounters(Connection& connection) {
  Statement select = connection.Prepare(kReadCounters);
  ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) {
    return absl::DataLossError("the database has lost its counters: restore it from a copy");
  }
  return Counters{.webhooks_version = select.Int(0),
                  .next_delivery_id = select.Int(1),
                  .next_body_id = select.Int(2),
                  .keys_generation = select.Int(3),
                  .keys_age = absl::Microseconds(select.Int(4))};
}

absl::Status WriteCounters(Connection& connection, const Counters& counters) {
  Statement update = connection.Prepare(kWriteCounters);
  update.Bind(counters.webhooks_version, counters.next_delivery_id, counters.next_body_id,
              counters.keys_generation, absl::ToInt64Microseconds(counters.keys_age));
  return update.Run();
}

// Whether a write looked at what is stored and said no. Any other error may have left half a row.
bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kPermissionDenied:
      return true;
    default:
      return false;
  }
}

}  // namespace

GroupCommit::GroupCommit(std::unique_ptr<Connection> connection, int64_t lease_epoch, Clock& clock,
                         StoreClock store_clock, WebhookCatalog& catalog)
    : connection_(std::move(connection)),
      lease_epoch_(lease_epoch),
      clock_(clock),
      catalog_(catalog),
      store_clock_(std::move(store_clock)),
      keys_({.aged_to = clock.Steady()}) {}

GroupCommit::~GroupCommit() { connection_->MergeAndRemoveLog(); }

std::vector<absl::Status> GroupCommit::Run(std::span<const std::unique_ptr<Write>> writes) {
  std::vector<absl::Status> results(writes.size());
  const std::span<absl::Status> all(results);
  if (Try(writes, all, Housekeeping::kYes) == Outcome::kOneByOne) {
    for (size_t i = 0; i < writes.size(); ++i) {
      if (Try(writes.subspan(i, 1), all.subspan(i, 1), Housekeeping::kNo) == Outcome::kBlocked) {
        // To wait for the lock again for each of the others would take very long.
        std::fill(results.begin() + static_cast<ptrdiff_t>(i), results.end(), results[i]);
        break;
      }
    }
  }
  return results;
}

GroupCommit::Outcome GroupCommit::Try(std::span<const std::unique_ptr<Write>> writes,
                                      std::span<absl::Status> results, Housekeeping housekeeping) {
  const auto all_get = [&](Outcome outcome, const absl::Status& status) {
    Rollback();
    std::fill(results.begin(), results.end(), status);
    return outcome;
  };
  if (const absl::Status status = Begin(); !status.ok()) return all_get(Outcome::kBlocked, status);
  const absl::StatusOr<Counters> before = ReadCounters(*connection_);
  if (!before.ok()) return all_get(Outcome::kDecided, before.status());
  const auto webhooks = Webhooks(before->webhooks_version);
  if (!webhooks.ok()) return all_get(Outcome::kDecided, webhooks.status());
  Transaction transaction{*connection_, lease_epoch_, *before, *webhooks};
  transaction.lived_now = store_clock_.LivedNow();
  const int64_t unchanged = connection_->TotalChanges();
  for (size_t i = 0; i < writes.size(); ++i) {
    const int64_t changes = connection_->TotalChanges();
    results[i] = writes[i]->Apply(transaction);
    if (results[i].ok()) continue;
    if (IsRefusal(results[i]) && connection_->TotalChanges() == changes) continue;
    Rollback();
    return Outcome::kOneByOne;
  }
  absl::StatusOr<KeysState> keys = keys_;
  if (housekeeping == Housekeeping::kYes) {
    keys = AgeKeys(transaction, writes.size());
    if (!keys.ok()) {
      Rollback();
      return Outcome::kOneByOne;
    }
  }
  const bool changes = connection_->TotalChanges() != unchanged;
  absl::Status status = StoreState(transaction, *before, changes);
  if (status.ok()) status = connection_->Prepare(kCommit).Run();
  if (status.ok()) {
    if (changes) store_clock_.Kept();
    keys_ = *keys;
    if (transaction.webhooks != *webhooks) catalog_.Publish(std::move(transaction.webhooks));
    epoch_stored_ = epoch_stored_ || changes;
    // What went into a file that was taken away meanwhile must not be reported as kept.
    if (const absl::Status there = connection_->CheckFile(); changes && !there.ok()) {
      return all_get(Outcome::kDecided, there);
    }
    return Outcome::kDecided;
  }
  // Where there is no room for all of them there may be room for some.
  return all_get(absl::IsResourceExhausted(status) ? Outcome::kOneByOne : Outcome::kDecided,
                 status);
}

absl::Status GroupCommit::StoreState(const Transaction& transaction, const Counters& before,
                                     bool changed) {
  if (transaction.counters != before) {
    RETURN_IF_ERROR(WriteCounters(*connection_, transaction.counters));
  }
  if (!changed) return absl::OkStatus();
  if (!epoch_stored_) {
    Statement update = connection_->Prepare(kWriteLeaseEpoch);
    update.Bind(lease_epoch_);
    RETURN_IF_ERROR(update.Run());
  }
  return store_clock_.Keep(*connection_);
}

absl::Status GroupCommit::Begin() {
  RETURN_IF_ERROR(connection_->CheckFile());
  // A rollback that failed, if that can be, must not stop the writer for ever.
  Rollback();
  Connection::ReplaceIfFailed(connection_);
  return connection_->Prepare(kBegin).Run();
}

absl::StatusOr<std::shared_ptr<const WebhookSnapshot>> GroupCommit::Webhooks(int64_t version) {
  std::shared_ptr<const WebhookSnapshot> webhooks = catalog_.Current();
  if (webhooks->version() == version) return webhooks;
  // A commit was reported as failed and is there all the same.
  ASSIGN_OR_RETURN(WebhookSet set, LoadWebhooks(*connection_));
  webhooks = std::make_shared<const WebhookSnapshot>(std::move(set));
  catalog_.Publish(webhooks);
  return webhooks;
}

void GroupCommit::Rollback() {
  if (connection_->InTransaction()) connection_->Prepare(kRollback).Run().IgnoreError();
}

absl::StatusOr<GroupCommit::KeysState> GroupCommit::AgeKeys(Transaction& transaction,
                                                            size_t writes) {
  KeysState keys = keys_;
  Counters& counters = transaction.counters;
  const absl::Duration now = clock_.Steady();
  if (now - keys.aged_to >= kAgeStep) {
    counters.keys_age += now - keys.aged_to;
    keys.aged_to = now;
  }
  if (counters.keys_age >= kKeyLifetime) {
    ++counters.keys_generation;
    counters.keys_age = absl::ZeroDuration();
    keys.old_ones_gone = false;
  }
  if (!keys.old_ones_gone) {
    // More than the batch can have added, so that it never falls behind.
    const int64_t limit = 100 + 2 * static_cast<int64_t>(writes);
    ASSIGN_OR_RETURN(const int64_t forgotten,
                     ForgetKeysBefore(transaction, counters.keys_generation - 1, limit));
    keys.old_ones_gone = forgotten < limit;
  }
  return keys;
}

}  // namespace webhookd::sqlite
