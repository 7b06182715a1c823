#include "storage/sqlite/read_pool.h"

#include <utility>

#include "absl/memory/memory.h"
#include "base/status_macros.h"
#include "storage/errors.h"

namespace webhookd::sqlite {
namespace {

// The last one reads, so that the log is opened now, while it is known which one that is.
constexpr char kReaderSettings[] =
    "PRAGMA query_only = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA schema_version";

constexpr absl::Duration kWaitBetweenQuestions = absl::Milliseconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<ReadPool>> ReadPool::Open(const Connection::Options& options,
                                                         int size) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < size; ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connection::Open(options));
    RETURN_IF_ERROR(connection->Configure(kReaderSettings));
    connections.push_back(std::move(connection));
  }
  return absl::WrapUnique(new ReadPool(std::move(connections)));
}

ReadPool::ReadPool(std::vector<std::unique_ptr<Connection>> connections)
    : idle_(std::move(connections)) {}

absl::StatusOr<ReadPool::Lease> ReadPool::Acquire(std::function<absl::Status()> may_go_on) {
  MutexLock lock(mutex_);
  while (true) {
    if (closed_) return StoreStopped();
    if (may_go_on != nullptr) RETURN_IF_ERROR(may_go_on());
    if (!idle_.empty()) break;
    returned_.WaitFor(mutex_, kWaitBetweenQuestions);
  }
  Lease lease(*this, std::move(idle_.back()));
  idle_.pop_back();
  in_use_.insert(&*lease);
  lease->AskWhile(std::move(may_go_on));
  return lease;
}

void ReadPool::Return(std::unique_ptr<Connection> connection) {
  {
    MutexLock lock(mutex_);
    in_use_.erase(connection.get());
    ++returning_;
  }
  connection->AskWhile(nullptr);
  Connection::ReplaceIfFailed(connection);
  {
    MutexLock lock(mutex_);
    if (!closed_) idle_.push_back(std::move(connection));
    connection.reset();
    --returning_;
  }
  returned_.NotifyAll();
}

void ReadPool::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  idle_.clear();
  returned_.NotifyAll();
  while (!in_use_.empty() || returning_ > 0) {
    // Again and again: a read may be between two statements.
    for (Connection* connection : in_use_) connection->Interrupt();
    returned_.WaitFor(mutex_, absl::Milliseconds(10));
  }
}

}  // namespace webhookd::sqlite
