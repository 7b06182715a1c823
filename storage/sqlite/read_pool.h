#ifndef WEBHOOKD_STORAGE_SQLITE_READ_POOL_H_
#define WEBHOOKD_STORAGE_SQLITE_READ_POOL_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "storage/sqlite/connection.h"

namespace webhookd::sqlite {

// A fixed number of connections for reading. Thread-safe.
class ReadPool {
 public:
  // A connection in use; it goes back when this goes.
  class Lease {
   public:
    Lease(ReadPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_ != nullptr) pool_->Return(std::move(connection_));
    }

    Connection& operator*() { return *connection_; }
    Connection* operator->() { return connection_.get(); }

   private:
    ReadPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // `size` is at least 1. Connections of `options` can only read.
  static absl::StatusOr<std::unique_ptr<ReadPool>> Open(const Connection::Options& options,
                                                        int size);

  // Waits for a connection, as long as `may_go_on` gives no error; that is asked again and again,
  // and goes on to be while the connection reads (Connection::AskWhile). UNAVAILABLE after Close.
  absl::StatusOr<Lease> Acquire(std::function<absl::Status()> may_go_on = nullptr);

  // Closes the connections, those in use when they come back; waits for that. Reads under way are
  // interrupted. Idempotent.
  void Close();

 private:
  explicit ReadPool(std::vector<std::unique_ptr<Connection>> connections);
  void Return(std::unique_ptr<Connection> connection);

  Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<Connection*> in_use_ ABSL_GUARDED_BY(mutex_);
  int returning_ ABSL_GUARDED_BY(mutex_) = 0;  // are not in use any more, and not idle yet
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace webhookd::sqlite

#endif  // WEBHOOKD_STORAGE_SQLITE_READ_POOL_H_
