// How SQLite goes about the statements that must stay quick when millions of deliveries are stored.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/executor.h"
#include "storage/sqlite/delivery_queries.h"
#include "storage/sqlite/delivery_reads.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/sqlite_probe.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

using sqlite::PendingOfWebhook;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SqliteQueriesTest : public testing::Test {
 protected:
  SqliteQueriesTest() {
    EXPECT_TRUE(SqliteStore::Create({.path = path_, .writer = executor_, .clock = clock_}).ok());
    probe_.emplace(path_);
  }

  std::string Plan(absl::string_view sql) { return QueryPlan(*probe_, std::string(sql)); }
  std::string ListPlan(const DeliveryFilter& filter,
                       PendingOfWebhook pending_of_webhook = PendingOfWebhook::kFew) {
    return Plan(sqlite::ListDeliveriesSql(filter, pending_of_webhook));
  }

  TempDir dir_;
  const std::string path_ = dir_ / "webhookd.db";
  SimulatedClock clock_;
  ThreadExecutor executor_;
  std::optional<SqliteProbe> probe_;
};

constexpr char kSort[] = "USE TEMP B-TREE";

TEST_F(SqliteQueriesTest, AClaimReadsWhatIsDueInOrder) {
  EXPECT_THAT(Plan(sqlite::ClaimSql()),
              AllOf(HasSubstr("SEARCH d USING INDEX deliveries_due (webhook_id=?)"),
                    HasSubstr("SEARCH e USING INTEGER PRIMARY KEY"),
                    HasSubstr("SEARCH b USING INTEGER PRIMARY KEY"), Not(HasSubstr(kSort)),
                    Not(HasSubstr("SCAN"))));
}

TEST_F(SqliteQueriesTest, PendingEndpointsLooksOnceAWebhook) {
  EXPECT_EQ(Plan(sqlite::PendingEndpointsSql()),
            "SCAN w\n"
            "CORRELATED SCALAR SUBQUERY 1\n"
            "SEARCH d USING INDEX deliveries_due (webhook_id=?)");
}

TEST_F(SqliteQueriesTest, CountPendingReadsOnlyWhatItCounts) {
  EXPECT_THAT(std::string(Plan(sqlite::CountPendingSql())),
              HasSubstr("INDEX deliveries_due (webhook_id=?)"));
}

TEST_F(SqliteQueriesTest, ListsReadNewestFirstFromAnIndex) {
  EXPECT_THAT(
      ListPlan({.webhook_id = 1}),
      AllOf(HasSubstr("USING COVERING INDEX deliveries_by_webhook (webhook_id=? AND rowid<?)"),
            Not(HasSubstr("SCAN d"))));
  EXPECT_THAT(ListPlan({.webhook_id = 1, .state = DeliveryState::kFailed}),
              HasSubstr("USING COVERING INDEX deliveries_undelivered"
                        " (webhook_id=? AND state=? AND rowid<?)"));
  EXPECT_THAT(ListPlan({.webhook_id = 1, .state = DeliveryState::kPending}),
              HasSubstr("INDEX deliveries_due (webhook_id=?)"));
  EXPECT_THAT(
      ListPlan({.webhook_id = 1, .state = DeliveryState::kPending}, PendingOfWebhook::kMany),
      HasSubstr("INDEX deliveries_by_state (state=? AND rowid<?)"));
  EXPECT_THAT(ListPlan({.webhook_id = 1, .state = DeliveryState::kDelivered}),
              HasSubstr("INDEX deliveries_by_webhook (webhook_id=? AND rowid<?)"));
  for (const DeliveryState state :
       {DeliveryState::kPending, DeliveryState::kFailed, DeliveryState::kSkipped}) {
    EXPECT_THAT(ListPlan({.state = state}),
                HasSubstr("USING COVERING INDEX deliveries_by_state (state=? AND rowid<?)"));
  }
  EXPECT_THAT(ListPlan({.state = DeliveryState::kPending, .leased = true}),
              HasSubstr("INDEX deliveries_by_state (state=? AND rowid<?)"));
  EXPECT_THAT(ListPlan({.event_id = "x"}),
              AllOf(HasSubstr("SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
                    HasSubstr("SEARCH x USING INTEGER PRIMARY KEY (rowid=?)")));
  EXPECT_THAT(ListPlan({.webhook_id = 1, .event_id = "x"}),
              HasSubstr("INDEX deliveries_by_webhook (webhook_id=? AND rowid>? AND rowid<?)"));
  EXPECT_THAT(Plan(sqlite::EventRangeSql()),
              HasSubstr("SEARCH events USING COVERING INDEX events_by_event_id"
                        " (event_id>? AND event_id<?)"));
  EXPECT_THAT(ListPlan({}), HasSubstr("SEARCH d USING INTEGER PRIMARY KEY (rowid<?)"));
}

// But for the little that waits for one webhook.
TEST_F(SqliteQueriesTest, ListsSortNothing) {
  for (const DeliveryFilter& filter :
       {DeliveryFilter{}, DeliveryFilter{.webhook_id = 1}, DeliveryFilter{.event_id = "x"},
        DeliveryFilter{.webhook_id = 1, .event_id = "x"},
        DeliveryFilter{.state = DeliveryState::kPending},
        DeliveryFilter{.webhook_id = 1, .state = DeliveryState::kFailed}}) {
    EXPECT_THAT(ListPlan(filter), Not(HasSubstr(kSort)));
  }
  const DeliveryFilter pending = {.webhook_id = 1, .state = DeliveryState::kPending};
  EXPECT_THAT(ListPlan(pending), HasSubstr(kSort));
  EXPECT_THAT(ListPlan(pending, PendingOfWebhook::kMany), Not(HasSubstr(kSort)));
}

}  // namespace
}  // namespace webhookd
