#include <gtest/gtest.h>

#include "base/executor.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/account_store_contract.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

class SqliteAccountDatabase final : public AccountDatabase {
 public:
  explicit SqliteAccountDatabase(Clock& clock) : clock_(clock) {}

  absl::Status Open(const AuditRetention& retention) override {
    store_.reset();
    absl::StatusOr<std::unique_ptr<SqliteStore>> store =
        SqliteStore::Create({.path = dir_ / "webhookd.db",
                             .writer = writer_,
                             .clock = clock_,
                             .audit_retention = retention});
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    return absl::OkStatus();
  }
  AccountStore& accounts() override { return *store_; }
  Store& store() override { return *store_; }

 private:
  Clock& clock_;
  TempDir dir_;
  ThreadExecutor writer_;
  std::unique_ptr<SqliteStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, AccountStoreContract,
                         testing::Values(AccountBackend{
                             "sqlite",
                             [](Clock& clock) -> std::unique_ptr<AccountDatabase> {
                               return std::make_unique<SqliteAccountDatabase>(clock);
                             }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace webhookd
