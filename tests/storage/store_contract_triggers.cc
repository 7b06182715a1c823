// What triggers remember, as every Store keeps it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/storage/store_contract.h"

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(StoreContract, AcceptEvent_FiresOnceForAScope) {
  const WebhookRecord a = AddWebhook("a");
  const WebhookRecord b = AddWebhook("b");
  AcceptEventRequest first = Event("first", {a});
  first.deliveries[0].once_scope = "task/1";
  ASSERT_EQ(writes().AcceptEvent(first)->delivery_count, 1);
  Reopen();
  // Of two triggers one fired before.
  AcceptEventRequest second = Event("second", {a, b});
  second.deliveries[0].once_scope = "task/1";
  second.deliveries[1].once_scope = "task/1";
  const auto accepted = writes().AcceptEvent(second);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->event_id, "second");
  EXPECT_EQ(accepted->delivery_count, 1);
  ASSERT_THAT(accepted->deliveries, SizeIs(2));
  EXPECT_EQ(accepted->deliveries[0].delivery_id, 0);
  EXPECT_EQ(accepted->deliveries[0].webhook_id, a.id);
  EXPECT_GT(accepted->deliveries[1].delivery_id, 0);
  EXPECT_THAT(List({.event_id = "second"}), SizeIs(1));
  // And now both.
  AcceptEventRequest third = second;
  third.event_id = "third";
  third.idempotency_key = "key";
  for (int i = 0; i < 2; ++i) {
    const auto dropped = writes().AcceptEvent(third);
    ASSERT_TRUE(dropped.ok()) << dropped.status();
    EXPECT_EQ(dropped->event_id, "");
    EXPECT_FALSE(dropped->duplicate);
    EXPECT_EQ(dropped->delivery_count, 0);
    EXPECT_THAT(dropped->deliveries, SizeIs(2));
  }
  EXPECT_TRUE(absl::IsNotFound(store().GetEvent("third").status()));
  // Another scope is another matter.
  third.deliveries[0].once_scope = "task/2";
  EXPECT_EQ(writes().AcceptEvent(third)->delivery_count, 1);
  EXPECT_THAT(List({}), SizeIs(3));
}

TEST_P(StoreContract, AcceptEvent_WithAScopeStillChecksTheKey) {
  const WebhookRecord webhook = AddWebhook("a");
  AcceptEventRequest request = Event("event", {webhook});
  request.idempotency_key = "key";
  request.deliveries[0].once_scope = "task/1";
  ASSERT_TRUE(writes().AcceptEvent(request).ok());
  const auto again = writes().AcceptEvent(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->event_id, "event");
  EXPECT_EQ(again->delivery_count, 1);
}

TEST_P(StoreContract, AcceptEvents_StoresAllUnderOneKey) {
  const WebhookRecord webhook = AddWebhook("a");
  std::vector<AcceptEventRequest> requests;
  for (const char* id : {"one", "two", "three", "four"}) {
    requests.push_back(Event(id, {webhook}));
    requests.back().idempotency_key = "key";
    requests.back().deliveries[0].once_scope = id[0] == 't' ? "shared" : id;
  }
  const auto accepted = writes().AcceptEvents(requests);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_FALSE(accepted->duplicate);
  ASSERT_THAT(accepted->events, SizeIs(4));
  EXPECT_EQ(accepted->events[1].event_id, "two");
  EXPECT_EQ(accepted->events[2].event_id, "");  // of the same scope
  EXPECT_EQ(accepted->events[3].event_id, "four");
  Reopen();
  const auto again = writes().AcceptEvents({requests[2]});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->duplicate);
  ASSERT_THAT(again->events, SizeIs(3));
  EXPECT_EQ(again->events[2].event_id, "four");
  EXPECT_EQ(again->events[2].deliveries[0].delivery_id,
            accepted->events[3].deliveries[0].delivery_id);
  requests[2].content_digest = "told now";
  EXPECT_TRUE(writes().AcceptEvents({requests[2]})->duplicate);
}

TEST_P(StoreContract, AcceptEvents_IsAllOrNothing) {
  const WebhookRecord webhook = AddWebhook("a");
  ASSERT_TRUE(writes().AcceptEvent(Event("taken", {webhook})).ok());
  const auto accepted = writes().AcceptEvents({Event("new", {webhook}), Event("taken", {webhook})});
  EXPECT_TRUE(absl::IsAlreadyExists(accepted.status())) << accepted.status();
  EXPECT_TRUE(absl::IsNotFound(store().GetEvent("new").status()));
  EXPECT_THAT(List({}), SizeIs(1));
}

TEST_P(StoreContract, ListEvents_GoesBackAPageAtATime) {
  const WebhookRecord webhook = AddWebhook("a");
  for (int i = 1; i <= 7; ++i) {
    AcceptEventRequest request = Event(absl::StrCat("event ", i), {webhook});
    request.event_type = i % 2 == 0 ? "TASK_LOG" : "CUSTOM";
    request.experiment_id = i % 3;
    request.input = std::string("in\0put", 6);
    ASSERT_TRUE(writes().AcceptEvent(request).ok());
  }
  const auto ids = [&](EventFilter filter) {
    std::vector<std::string> found;
    while (true) {
      const auto page = store().ListEvents(filter);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return found;
      for (const EventRecord& event : page->events) found.push_back(event.event_id.substr(6));
      if (page->next_before_id == 0) return found;
      filter.before_id = page->next_before_id;
    }
  };
  EXPECT_THAT(ids({.limit = 3}), ElementsAre("7", "6", "5", "4", "3", "2", "1"));
  EXPECT_THAT(ids({.event_type = "TASK_LOG", .limit = 2}), ElementsAre("6", "4", "2"));
  EXPECT_THAT(ids({.experiment_id = 1, .max_examined = 2}), ElementsAre("7", "4", "1"));
  EXPECT_THAT(ids({.event_type = "TEST"}), IsEmpty());
  const auto event = store().GetEvent("event 4");
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->event_type, "TASK_LOG");
  EXPECT_EQ(event->experiment_id, 1);
  EXPECT_EQ(event->accepted_at, At(0));
  EXPECT_EQ(event->delivery_count, 1);
  EXPECT_EQ(event->input, std::string("in\0put", 6));
}

TEST_P(StoreContract, MetricStates_AreKeptWithTheirEventAndReplaced) {
  const WebhookRecord webhook = AddWebhook("a");
  AcceptEventRequest request = Event("event", {webhook});
  const MetricState training = {.trigger_id = 1, .trial_id = 7, .fired_at = At(1)};
  MetricState validation = {
      .trigger_id = 1, .trial_id = 7, .group = MetricGroup::kValidation, .fired_at = At(2)};
  request.metric_states = {validation, training};
  ASSERT_TRUE(writes().AcceptEvent(request).ok());
  Reopen();
  EXPECT_THAT(*store().LoadMetricStates(10), ElementsAre(training, validation));
  EXPECT_THAT(*store().LoadMetricStates(1), ElementsAre(validation));
  validation.armed = true;
  ASSERT_TRUE(writes().SaveMetricStates({validation}).ok());
  EXPECT_THAT(*store().LoadMetricStates(10), ElementsAre(training, validation));
}

TEST_P(StoreContract, Known_IsKeptUntilItExpires) {
  KnownRecords records;
  records.experiments = {{.id = 1, .experiment = "old", .refreshed_at = At(1)},
                         {.id = 2, .experiment = std::string("n\0w", 3), .refreshed_at = At(9)}};
  records.tasks = {{.task_id = "t", .experiment_id = 2, .trial_id = 3, .refreshed_at = At(9)}};
  records.trials = {{.trial_id = 3, .experiment_id = 2, .refreshed_at = At(9)}};
  ASSERT_TRUE(writes().SaveKnown(records, At(0)).ok());
  Reopen();
  auto known = store().LoadKnown(At(0), 10);
  ASSERT_TRUE(known.ok()) << known.status();
  ASSERT_THAT(known->experiments, SizeIs(2));
  EXPECT_EQ(known->experiments[0].experiment, "old");
  EXPECT_EQ(known->experiments[1].experiment, std::string("n\0w", 3));
  ASSERT_THAT(known->tasks, SizeIs(1));
  EXPECT_EQ(known->tasks[0].trial_id, 3);
  ASSERT_THAT(known->trials, SizeIs(1));
  EXPECT_EQ(known->trials[0].experiment_id, 2);
  EXPECT_THAT(store().LoadKnown(At(5), 10)->experiments, SizeIs(1));
  EXPECT_THAT(store().LoadKnown(At(0), 1)->experiments, SizeIs(1));
  ASSERT_TRUE(writes().SaveKnown({}, At(5)).ok());
  EXPECT_THAT(store().LoadKnown(At(0), 10)->experiments, SizeIs(1));
}

TEST_P(StoreContract, Webhooks_TellTheVersionOfTheirLastChange) {
  const WebhookRecord a = AddWebhook("a");
  EXPECT_EQ(a.changed_version, Version());
  AddWebhook("b");
  EXPECT_EQ(Load(a.id).changed_version, a.changed_version);
  ASSERT_TRUE(writes().DisableWebhook(a.id, "for a test", At(1)).ok());
  EXPECT_EQ(Load(a.id).changed_version, Version());
}

}  // namespace
}  // namespace webhookd
