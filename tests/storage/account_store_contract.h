#ifndef WEBHOOKD_TESTS_STORAGE_ACCOUNT_STORE_CONTRACT_H_
#define WEBHOOKD_TESTS_STORAGE_ACCOUNT_STORE_CONTRACT_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "storage/account_store.h"
#include "storage/store.h"
#include "tests/testing/blocking_accounts.h"
#include "tests/testing/simulated_clock.h"

namespace webhookd {

// A database of one kind of AccountStore, for one test.
class AccountDatabase {
 public:
  virtual ~AccountDatabase() = default;

  // Opens the database, empty at first, as a new process would; closes it before, if it is open.
  virtual absl::Status Open(const AuditRetention& retention) = 0;
  virtual AccountStore& accounts() = 0;
  virtual Store& store() = 0;
};

// A kind of AccountStore that the contract judges.
struct AccountBackend {
  std::string name;
  // The clock outlives the database.
  std::function<std::unique_ptr<AccountDatabase>(Clock& clock)> create;

  friend void PrintTo(const AccountBackend& backend, std::ostream* out) { *out << backend.name; }
};

// What every AccountStore does. A backend instantiates the suite in its own test.
class AccountStoreContract : public testing::TestWithParam<AccountBackend> {
 protected:
  void SetUp() override;

  // As a restart of the process.
  void Reopen(const AuditRetention& retention = {});

  AccountStore& accounts() { return database_->accounts(); }
  Store& store() { return database_->store(); }
  BlockingAccounts<AccountStore> writes() { return BlockingAccounts<AccountStore>(accounts()); }

  static absl::Time At(int64_t seconds);
  static std::string Hash(char letter) { return std::string(32, letter); }
  // A user who is not stored yet.
  static UserRecord NewUser(const std::string& username, bool admin = false);
  static AuditEntry Entry(const std::string& action, const std::string& target_type = "",
                          const std::string& target_id = "");

  UserRecord AddUser(const std::string& username, bool admin = false);
  SessionRecord AddSession(const UserRecord& user, char letter, absl::Time created_at,
                           int max_per_user = 100);
  WebhookRecord AddWebhook(const std::string& name, std::optional<int32_t> workspace_id);
  // A webhook's workspace by its id; deleted ones are not in it.
  std::vector<std::pair<int32_t, std::optional<int32_t>>> Webhooks();

  AccountSet Load();
  std::vector<std::string> SessionHashes();
  std::vector<AuditEntry> Audit(const AuditFilter& filter = {});
  // "ACTION TARGET_TYPE/TARGET_ID", oldest first; entries of the action "test" are left out.
  std::vector<std::string> AuditLines();

  SimulatedClock& clock() { return clock_; }

 private:
  SimulatedClock clock_;
  std::unique_ptr<AccountDatabase> database_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_STORAGE_ACCOUNT_STORE_CONTRACT_H_
