#include "storage/sqlite/sqlite_store.h"

#include <gtest/gtest.h>

#include "base/executor.h"
#include "tests/storage/store_contract.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

class SqliteDatabase final : public StoreDatabase {
 public:
  explicit SqliteDatabase(Clock& clock) : clock_(clock) {}

  absl::StatusOr<std::unique_ptr<Store>> Open() override {
    return SqliteStore::Create({.path = dir_ / "webhookd.db", .writer = writer_, .clock = clock_});
  }

 private:
  Clock& clock_;
  TempDir dir_;
  ThreadExecutor writer_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         testing::Values(StoreBackend{
                             "sqlite",
                             [](Clock& clock) -> std::unique_ptr<StoreDatabase> {
                               return std::make_unique<SqliteDatabase>(clock);
                             }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace webhookd
