#ifndef WEBHOOKD_STORAGE_SQLITE_WRITE_H_
#define WEBHOOKD_STORAGE_SQLITE_WRITE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace webhookd::sqlite {

// What the writer counts. Read when a transaction begins, and stored by its commit.
struct Counters {
  int64_t webhooks_version = 0;
  int64_t next_delivery_id = 0;
  int64_t next_body_id = 0;
  // Idempotency keys of this generation and of the one before it are known.
  int64_t keys_generation = 0;
  absl::Duration keys_age;  // of the generation

  bool operator==(const Counters&) const = default;
};

// The transaction in which writes are applied.
struct Transaction {
  Connection& connection;
  const int64_t lease_epoch;  // of this process
  Counters counters;          // changed only by a write that changes rows
  // As the writes so far left them; in force from the commit on. Changed as counters are.
  std::shared_ptr<const WebhookSnapshot> webhooks;
  // See StoreClock.
  absl::Time lived_now = absl::UnixEpoch();
};

// Something to be written, and who waits for it.
class Write {
 public:
  virtual ~Write() = default;

  // Applies it. Called again, in a new transaction, when the first one was rolled back.
  virtual absl::Status Apply(Transaction& transaction) = 0;

  // Called once: with OK after the commit of what the last Apply did, or else with the reason why
  // nothing of it is left.
  virtual void Finish(absl::Status status) = 0;
};

// A Write of a function `StatusOr<T>(Transaction&)` for a Done<T>.
template <typename T, typename Function>
class WriteOf final : public Write {
 public:
  WriteOf(Function function, Done<T> done)
      : function_(std::move(function)), done_(std::move(done)) {}

  absl::Status Apply(Transaction& transaction) override {
    result_ = function_(transaction);
    return result_.status();
  }

  void Finish(absl::Status status) override {
    if (!status.ok()) result_ = std::move(status);
    std::move(done_)(std::move(result_));
  }

 private:
  Function function_;
  Done<T> done_;
  absl::StatusOr<T> result_;
};

// A Write of a function `Status(Transaction&)` for a DoneStatus.
template <typename Function>
class StatusWriteOf final : public Write {
 public:
  StatusWriteOf(Function function, DoneStatus done)
      : function_(std::move(function)), done_(std::move(done)) {}

  absl::Status Apply(Transaction& transaction) override { return function_(transaction); }
  void Finish(absl::Status status) override { std::move(done_)(std::move(status)); }

 private:
  Function function_;
  DoneStatus done_;
};

template <typename T, typename Function>
std::unique_ptr<Write> MakeWrite(Function function, Done<T> done) {
  return std::make_unique<WriteOf<T, Function>>(std::move(function), std::move(done));
}

template <typename Function>
std::unique_ptr<Write> MakeStatusWrite(Function function, DoneStatus done) {
  return std::make_unique<StatusWriteOf<Function>>(std::move(function), std::move(done));
}

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_WRITE_H_
