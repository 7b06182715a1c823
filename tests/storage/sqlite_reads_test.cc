// What ends a list early, and who waits for whom.

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/executor.h"
#include "base/stop_signal.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/testing/blocking_store.h"
#include "tests/testing/simulated_clock.h"
#include "tests/testing/temp_dir.h"

namespace webhookd {
namespace {

// More than are looked at between two questions whether to go on.
constexpr int kMany = 2'000;
// More than are sorted.
constexpr int kVeryMany = 10'500;

class SqliteReadsTest : public testing::Test {
 protected:
  SqliteReadsTest() {
    auto store = SqliteStore::Create({.path = dir_ / "webhookd.db",
                                      .writer = executor_,
                                      .clock = clock_,
                                      .read_connections = 1,
                                      .read_timeout = absl::Seconds(10)});
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    writes_.emplace(*store_);
    for (const char* name : {"a", "b"}) {
      WebhookRecord webhook = {.name = name, .url = "https://example.com/"};
      webhook.triggers = {{.condition_json = "{}"}};
      const auto change = writes_->CreateWebhook(webhook);
      EXPECT_TRUE(change.ok()) << change.status();
      webhooks_.push_back(change->webhook);
    }
  }

  // An event with so many deliveries to the webhook, which wait. Gives their ids.
  std::vector<int64_t> Accept(int count, int webhook = 0) {
    AcceptEventRequest event = {.event_id = absl::StrCat("event ", ++events_),
                                .event_type = "CUSTOM",
                                .accepted_at = clock_.Now(),
                                .bodies = {std::make_shared<const std::string>("{}")}};
    event.deliveries.assign(count, {.webhook_id = webhooks_[webhook].id, .trigger_id = 1});
    const auto accepted = writes_->AcceptEvent(event);
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    std::vector<int64_t> ids;
    if (accepted.ok()) {
      for (const AcceptedDelivery& delivery : accepted->deliveries) {
        ids.push_back(delivery.delivery_id);
      }
    }
    return ids;
  }

  // A list that looks at all deliveries and finds none.
  absl::Status ListInVain(const StopSignal* stop) {
    const auto page =
        store_->ListDeliveries({.state = DeliveryState::kDelivered, .limit = 1, .stop = stop});
    if (page.ok()) EXPECT_TRUE(page->deliveries.empty());
    return page.status();
  }

  TempDir dir_;
  SimulatedClock clock_;
  ThreadExecutor executor_;
  std::unique_ptr<SqliteStore> store_;
  std::optional<BlockingStore> writes_;
  std::vector<WebhookRecord> webhooks_;
  int events_ = 0;
};

// A caller who asks for a list, and whose list does not go on from its first row until Release.
class HeldList {
 public:
  explicit HeldList(Clock& clock)
      : stop_(clock, absl::InfiniteDuration(), [this] { return Ask(); }) {}

  const StopSignal* stop() const { return &stop_; }
  void WaitUntilHeld() { held_.get_future().wait(); }
  // From now on the caller is there, or gone.
  void Release(bool gone) { release_.set_value(gone); }

 private:
  bool Ask() {
    // The first question is for a connection.
    if (++questions_ == 1) return false;
    if (questions_ == 2) held_.set_value();
    return released_.get();
  }

  std::promise<void> held_;
  std::promise<bool> release_;
  std::shared_future<bool> released_ = release_.get_future().share();
  int questions_ = 0;
  const StopSignal stop_;
};

TEST_F(SqliteReadsTest, AListEndsWhenNobodyWaitsForIt) {
  Accept(kMany);
  for (const int asked : {1, 2, 3}) {
    int questions = 0;
    const StopSignal stop(clock_, absl::InfiniteDuration(),
                          [&questions, asked] { return ++questions >= asked; });
    EXPECT_EQ(ListInVain(&stop).code(), absl::StatusCode::kCancelled) << asked;
    EXPECT_EQ(questions, asked);
    // The only connection goes on.
    EXPECT_TRUE(ListInVain(nullptr).ok());
  }
}

TEST_F(SqliteReadsTest, AListEndsAtItsCallersDeadline) {
  Accept(kMany);
  const StopSignal stop(clock_, absl::Seconds(5), [this] {
    clock_.Advance(absl::Seconds(2));
    return false;
  });
  EXPECT_EQ(ListInVain(&stop).message(), "context deadline exceeded");
  EXPECT_TRUE(ListInVain(nullptr).ok());
}

TEST_F(SqliteReadsTest, AListEndsAfterTheLongestTimeThatOneMayTake) {
  Accept(kMany);
  const StopSignal stop(clock_, absl::InfiniteDuration(), [this] {
    clock_.Advance(absl::Seconds(6));
    return false;
  });
  const absl::Status status = ListInVain(&stop);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_NE(status.message().find("took longer than 10s"), absl::string_view::npos) << status;
}

TEST_F(SqliteReadsTest, EveryListIsAskedWhetherItIsWaitedFor) {
  const StopSignal stop(clock_, absl::InfiniteDuration(), [] { return true; });
  for (const absl::Status& status :
       {store_->ListDeliveries({.stop = &stop}).status(),
        store_->ListDeliveries({.event_id = std::string(36, 'e'), .stop = &stop}).status(),
        store_->ListEvents({.stop = &stop}).status(),
        store_->ListAudit({.stop = &stop}).status()}) {
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
  }
}

TEST_F(SqliteReadsTest, ALookupDoesNotWaitForLists) {
  const int64_t id = Accept(kMany)[0];
  HeldList held(clock_);
  auto list = std::async(std::launch::async, [&] { return ListInVain(held.stop()); });
  held.WaitUntilHeld();
  EXPECT_TRUE(store_->GetDelivery(id).ok());
  EXPECT_TRUE(store_->GetEvent("event 1").ok());
  held.Release(/*gone=*/false);
  EXPECT_TRUE(list.get().ok());
}

TEST_F(SqliteReadsTest, WaitingForAConnectionEndsAsAListDoes) {
  Accept(kMany);
  HeldList held(clock_);
  auto list = std::async(std::launch::async, [&] { return ListInVain(held.stop()); });
  held.WaitUntilHeld();

  std::atomic<int> questions = 0;
  const StopSignal leaves(clock_, absl::InfiniteDuration(), [&] { return ++questions > 2; });
  EXPECT_TRUE(absl::IsCancelled(ListInVain(&leaves)));
  const StopSignal stays(clock_, absl::InfiniteDuration(), [&] {
    clock_.Advance(absl::Seconds(4));
    return false;
  });
  EXPECT_TRUE(absl::IsDeadlineExceeded(ListInVain(&stays)));

  held.Release(/*gone=*/true);
  EXPECT_TRUE(absl::IsCancelled(list.get()));
  EXPECT_TRUE(ListInVain(nullptr).ok());
}

TEST_F(SqliteReadsTest, WhenListsStopLookupsGoOn) {
  const int64_t id = Accept(kMany)[0];
  HeldList held(clock_);
  auto list = std::async(std::launch::async, [&] { return ListInVain(held.stop()); });
  held.WaitUntilHeld();
  auto stopped = std::async(std::launch::async, [&] { store_->StopLists(); });
  while (!absl::IsUnavailable(ListInVain(nullptr))) {  // it waits, or the pool is closed
  }
  held.Release(/*gone=*/false);
  EXPECT_TRUE(absl::IsUnavailable(list.get()));
  stopped.get();
  EXPECT_TRUE(store_->GetDelivery(id).ok());
  store_->StopReads();
  EXPECT_TRUE(absl::IsUnavailable(store_->GetDelivery(id).status()));
}

// They are found in another way when there are many.
TEST_F(SqliteReadsTest, ListsWhatWaitsForAWebhookHoweverMuch) {
  const int64_t first = Accept(1)[0];
  Accept(5, /*webhook=*/1);
  const std::vector<int64_t> many = Accept(kVeryMany);
  const std::vector<int64_t> others = Accept(5, /*webhook=*/1);
  const DeliveryFilter filter = {.webhook_id = webhooks_[0].id, .state = DeliveryState::kPending};
  DeliveryFilter newest = filter;
  newest.limit = 2;
  auto page = store_->ListDeliveries(newest);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->deliveries.size(), 2u);
  EXPECT_EQ(page->deliveries[0].id, many.back());
  EXPECT_EQ(page->next_before_id, many.back() - 1);

  DeliveryFilter oldest = filter;
  oldest.before_id = many.front();
  page = store_->ListDeliveries(oldest);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->deliveries.size(), 1u);
  EXPECT_EQ(page->deliveries[0].id, first);
  EXPECT_EQ(page->next_before_id, 0);

  DeliveryFilter few = filter;
  few.webhook_id = webhooks_[1].id;
  page = store_->ListDeliveries(few);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->deliveries.size(), 10u);
  EXPECT_EQ(page->deliveries[0].id, others.back());
}

}  // namespace
}  // namespace webhookd
