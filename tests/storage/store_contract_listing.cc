// Lists of deliveries, as every Store gives them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/storage/store_contract.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Pages {
  std::vector<int64_t> ids;
  int empty = 0;  // pages with a next one
};

// All that the filter gives in pages that look at no more than two deliveries each.
Pages ReadAll(Store& store, DeliveryFilter filter) {
  filter.limit = 2;
  filter.max_examined = 2;
  Pages pages;
  while (true) {
    const auto page = store.ListDeliveries(filter);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return pages;
    for (const DeliveryRecord& delivery : page->deliveries) pages.ids.push_back(delivery.id);
    if (page->next_before_id == 0) return pages;
    EXPECT_LT(page->next_before_id, filter.before_id);
    if (page->deliveries.empty()) ++pages.empty;
    filter.before_id = page->next_before_id;
  }
}

TEST_P(StoreContract, ListDeliveries_IsNewestFirstInPages) {
  const WebhookRecord webhook = AddWebhook("a");
  std::vector<int64_t> ids;
  for (int i = 0; i < 7; ++i) ids.push_back(AcceptOne(webhook));
  std::reverse(ids.begin(), ids.end());
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
  EXPECT_EQ(List({}), ids);
  EXPECT_THAT(List({.limit = 3}), ElementsAre(ids[0], ids[1], ids[2]));
  EXPECT_THAT(List({.before_id = ids[2], .limit = 3}), ElementsAre(ids[3], ids[4], ids[5]));
  EXPECT_THAT(List({.before_id = ids[5], .limit = 3}), ElementsAre(ids[6]));
  EXPECT_THAT(List({.before_id = ids[6], .limit = 3}), IsEmpty());
  EXPECT_THAT(List({.limit = 0}), IsEmpty());
  EXPECT_THAT(List({.limit = -1}), IsEmpty());
}

// Every combination of filters gives what going through all deliveries by hand gives.
TEST_P(StoreContract, ListDeliveries_FiltersByEverythingAtOnce) {
  const WebhookRecord a = AddWebhook("a");
  const WebhookRecord b = AddWebhook("b", 3);
  for (int i = 0; i < 12; ++i) {
    AcceptEventRequest request = Event(absl::StrCat("event ", i / 4, i), {a, b, a});
    request.accepted_at = At(i);
    request.deliveries[0].skipped = i % 5 == 4;
    request.deliveries[1].claimed = i % 2 == 0;
    const auto accepted = writes().AcceptEvent(request);
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    const int64_t id = accepted->deliveries[2].delivery_id;
    switch (i % 4) {
      case 0:
        Finish({Delivered(id)});
        break;
      case 1:
        Finish({Failed(id)});
        break;
      case 2:
        ASSERT_TRUE(writes().CancelDelivery(id, At(50)).ok());
        break;
      default:
        break;
    }
  }
  const auto all_page = store().ListDeliveries({.limit = 1'000});
  ASSERT_TRUE(all_page.ok()) << all_page.status();
  const std::vector<DeliveryRecord>& all = all_page->deliveries;
  ASSERT_EQ(all.size(), 36u);

  const std::vector<std::optional<DeliveryState>> states = {
      std::nullopt,           DeliveryState::kPending,  DeliveryState::kDelivered,
      DeliveryState::kFailed, DeliveryState::kCanceled, DeliveryState::kSkipped};
  const absl::Time now = At(100);
  int matched = 0;
  int empty_pages = 0;
  for (const int32_t webhook_id : {0, a.id, b.id, 4711}) {
    for (const std::optional<DeliveryState> state : states) {
      for (const std::optional<bool> leased :
           {std::optional<bool>(), std::optional(true), std::optional(false)}) {
        if (leased.has_value() && state != DeliveryState::kPending) continue;
        for (const std::string& event_id :
             {std::string(), all[7].event_id, std::string("event 1")}) {
          for (const std::optional<absl::Time> from : {std::optional<absl::Time>(), {At(3)}}) {
            for (const std::optional<absl::Time> before : {std::optional<absl::Time>(), {At(10)}}) {
              const DeliveryFilter filter{.webhook_id = webhook_id,
                                          .state = state,
                                          .leased = leased,
                                          .event_id = event_id,
                                          .created_from = from,
                                          .created_before = before,
                                          .before_id = all[2].id,
                                          .limit = 9,
                                          .now = now};
              std::vector<int64_t> expected;
              for (const DeliveryRecord& delivery : all) {
                const bool in_flight =
                    delivery.lease_until.has_value() && *delivery.lease_until > now;
                if ((webhook_id == 0 || delivery.webhook_id == webhook_id) &&
                    (!state.has_value() || delivery.state == *state) &&
                    (!leased.has_value() || in_flight == *leased) &&
                    absl::StartsWith(delivery.event_id, event_id) &&
                    (!from.has_value() || delivery.created_at >= *from) &&
                    (!before.has_value() || delivery.created_at < *before) &&
                    delivery.id < filter.before_id && std::ssize(expected) < filter.limit) {
                  expected.push_back(delivery.id);
                }
              }
              EXPECT_EQ(List(filter), expected)
                  << "webhook " << webhook_id << " state "
                  << static_cast<int>(state.value_or(DeliveryState{0})) << " event " << event_id
                  << " leased " << static_cast<int>(leased.value_or(false));
              matched += static_cast<int>(expected.size());
              const Pages pages = ReadAll(store(), filter);
              EXPECT_EQ(
                  std::vector<int64_t>(pages.ids.begin(), pages.ids.begin() + std::ssize(expected)),
                  expected);
              EXPECT_TRUE(expected.size() == 9 || pages.ids.size() == expected.size());
              empty_pages += pages.empty;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(matched, 100);
  EXPECT_GT(empty_pages, 100);
}

TEST_P(StoreContract, ListDeliveries_KnowsWhetherAFullPageIsTheLast) {
  const WebhookRecord webhook = AddWebhook("a");
  std::vector<int64_t> ids;
  for (int i = 0; i < 4; ++i) ids.insert(ids.begin(), AcceptOne(webhook));
  for (const int32_t webhook_id : {0, webhook.id}) {
    const auto first = store().ListDeliveries({.webhook_id = webhook_id, .limit = 2});
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_EQ(first->next_before_id, ids[1]);
    const auto last =
        store().ListDeliveries({.webhook_id = webhook_id, .before_id = ids[1], .limit = 2});
    ASSERT_TRUE(last.ok()) << last.status();
    EXPECT_EQ(last->deliveries.size(), 2u);
    EXPECT_EQ(last->next_before_id, 0);
  }
}

// However few are asked for, a page looks at no more than it may, and the next one at what follows.
TEST_P(StoreContract, ListDeliveries_APageEndsWhenItHasLookedAtEnough) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t oldest = AcceptOne(webhook);
  Finish({Delivered(oldest)});
  std::vector<int64_t> pending;
  for (int i = 0; i < 7; ++i) pending.insert(pending.begin(), AcceptOne(webhook));

  DeliveryFilter filter{.state = DeliveryState::kDelivered, .limit = 1, .max_examined = 3};
  for (const int64_t next : {pending[2], pending[5]}) {
    const auto page = store().ListDeliveries(filter);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_THAT(page->deliveries, IsEmpty());
    EXPECT_EQ(page->next_before_id, next);
    filter.before_id = page->next_before_id;
  }
  const auto page = store().ListDeliveries(filter);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->deliveries.size(), 1u);
  EXPECT_EQ(page->deliveries[0].id, oldest);
  EXPECT_EQ(page->next_before_id, 0);
}

TEST_P(StoreContract, ListDeliveries_FindsEventsByTheBeginningOfTheirIds) {
  const WebhookRecord webhook = AddWebhook("a");
  const int64_t first = Accept("01a213cf-7e69", {webhook})[0];
  const int64_t other = Accept("01a213ce-0000", {webhook})[0];
  const int64_t last = Accept("01a213cf-8000", {webhook})[0];
  EXPECT_THAT(List({.event_id = "01a213cf-7e69"}), ElementsAre(first));
  EXPECT_THAT(List({.event_id = "01a213cf-"}), ElementsAre(last, first));
  EXPECT_THAT(List({.event_id = "01a213cf-", .before_id = last}), ElementsAre(first));
  EXPECT_THAT(List({.event_id = "0"}), ElementsAre(last, other, first));
  EXPECT_THAT(List({.webhook_id = webhook.id, .event_id = "01a213ce"}), ElementsAre(other));
  for (const std::string& unknown :
       {std::string("01a213cf-7e69-and-more"), std::string("seven"), std::string("%"),
        std::string("\0", 1), std::string("\xff"), std::string(1'000, '0')}) {
    EXPECT_THAT(List({.event_id = unknown}), IsEmpty()) << unknown;
  }
}

// Times are searched for by ids, which the clock need not agree with.
TEST_P(StoreContract, ListDeliveries_ByTimeWhateverTheClockDid) {
  const WebhookRecord webhook = AddWebhook("a");
  std::map<int64_t, absl::Time> created;
  int events = 0;
  for (const int second : {1, 2, 3, 50, 51, 4, 5, 3, 6, 90, 7, 8, 8, 9}) {
    AcceptEventRequest event = Event(absl::StrCat("event ", ++events), {webhook});
    event.accepted_at = At(second);
    const auto accepted = writes().AcceptEvent(event);
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    created[accepted->deliveries[0].delivery_id] = At(second);
  }
  for (int from = 0; from < 95; ++from) {
    for (const int before : {from, from + 1, from + 3, from + 45, 100}) {
      std::vector<int64_t> expected;
      for (const auto& [id, time] : created) {
        if (time >= At(from) && time < At(before)) expected.insert(expected.begin(), id);
      }
      EXPECT_EQ(List({.created_from = At(from), .created_before = At(before)}), expected)
          << from << " " << before;
    }
    std::vector<int64_t> later;
    std::vector<int64_t> earlier;
    for (const auto& [id, time] : created) {
      std::vector<int64_t>& side = time < At(from) ? earlier : later;
      side.insert(side.begin(), id);
    }
    EXPECT_EQ(List({.created_from = At(from)}), later) << from;
    EXPECT_EQ(List({.created_before = At(from)}), earlier) << from;
  }
}

TEST_P(StoreContract, ListDeliveries_TellsWhetherALeaseIsInForce) {
  const WebhookRecord webhook = AddWebhook("a");
  const std::vector<int64_t> ids = Accept("event", {webhook, webhook});
  ASSERT_TRUE(writes().ClaimDeliveries({webhook.id, At(1), At(300), /*limit=*/1}).ok());
  DeliveryFilter filter{.state = DeliveryState::kPending, .leased = true, .now = At(299)};
  EXPECT_THAT(List(filter), ElementsAre(ids[0]));
  filter.leased = false;
  EXPECT_THAT(List(filter), ElementsAre(ids[1]));
  filter.now = At(300);
  EXPECT_THAT(List(filter), ElementsAre(ids[1], ids[0]));
}

TEST_P(StoreContract, CountPending_CountsWhatWaitsOfOneWebhook) {
  const WebhookRecord a = AddWebhook("a");
  const WebhookRecord b = AddWebhook("b");
  const int64_t done = AcceptOne(a);
  AcceptOne(a);
  AcceptOne(a);
  AcceptOne(b);
  Finish({Delivered(done)});
  EXPECT_EQ(store().CountPending(a.id).value_or(-1), 2);
  EXPECT_EQ(store().CountPending(b.id).value_or(-1), 1);
  EXPECT_EQ(store().CountPending(b.id + 1).value_or(-1), 0);
}

TEST_P(StoreContract, ListDeliveries_ShowsDeliveriesOfDeletedWebhooks) {
  const WebhookRecord webhook = AddWebhook("gone");
  const int64_t id = AcceptOne(webhook);
  ASSERT_TRUE(writes().DeleteWebhook(webhook.id, At(1)).ok());
  const auto listed = store().ListDeliveries({.webhook_id = webhook.id});
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->deliveries.size(), 1u);
  EXPECT_EQ(listed->deliveries[0].id, id);
  EXPECT_EQ(listed->deliveries[0].webhook_name, "gone");
}

TEST_P(StoreContract, DeliveryIdsGoOnAfterARestart) {
  const WebhookRecord webhook = AddWebhook("a");
  int64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    const int64_t id = AcceptOne(webhook);
    EXPECT_GT(id, last);
    last = id;
    Reopen();
  }
}

}  // namespace
}  // namespace webhookd
