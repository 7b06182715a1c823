#include "server/delivery/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/simulated_clock.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;

using Answer = absl::StatusOr<std::vector<IpAddress>>;

// A name server whose answers for names that begin with "slow" are held until Release. Shared with
// look-ups.
class FakeNames {
 public:
  ~FakeNames() { Release(); }

  SystemResolver::Lookup Lookup() {
    return [state = state_](const std::string& host) { return state->LookUp(host); };
  }
  void Release() {
    MutexLock lock(state_->mutex);
    state_->released = true;
    state_->changed.NotifyAll();
  }
  void Hold() {
    MutexLock lock(state_->mutex);
    state_->released = false;
  }
  void WaitUntilRunning(int count) {
    MutexLock lock(state_->mutex);
    while (state_->running < count) state_->changed.Wait(state_->mutex);
  }
  int most_running() {
    MutexLock lock(state_->mutex);
    return state_->most_running;
  }
  int lookups(const std::string& host) {
    MutexLock lock(state_->mutex);
    return state_->lookups[host];
  }

 private:
  struct State {
    Answer LookUp(const std::string& host) {
      MutexLock lock(mutex);
      ++lookups[host];
      most_running = std::max(most_running, ++running);
      changed.NotifyAll();
      while (absl::StartsWith(host, "slow") && !released) changed.Wait(mutex);
      --running;
      if (absl::StartsWith(host, "missing")) return absl::NotFoundError("no such name");
      return std::vector<IpAddress>{*IpAddress::Parse("192.0.2.1")};
    }

    Mutex mutex;
    CondVar changed;
    bool released ABSL_GUARDED_BY(mutex) = false;
    int running ABSL_GUARDED_BY(mutex) = 0;
    int most_running ABSL_GUARDED_BY(mutex) = 0;
    absl::flat_hash_map<std::string, int> lookups ABSL_GUARDED_BY(mutex);
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Takes answers.
class Answers {
 public:
  ResolveDone Take() {
    return [this](Answer answer) {
      MutexLock lock(mutex_);
      answers_.push_back(std::move(answer));
      changed_.NotifyAll();
    };
  }
  std::vector<Answer> Wait(size_t count) {
    MutexLock lock(mutex_);
    while (answers_.size() < count) {
      if (!changed_.WaitFor(mutex_, kLastResort)) break;
    }
    return answers_;
  }
  size_t count() {
    MutexLock lock(mutex_);
    return answers_.size();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<Answer> answers_ ABSL_GUARDED_BY(mutex_);
};

Answer ResolveNow(Resolver& resolver, const std::string& host) {
  Answers answers;
  resolver.Resolve(host, answers.Take());
  return answers.Wait(1).at(0);
}

SystemResolver::Options LongTimeout() {
  SystemResolver::Options options;
  options.timeout = absl::Seconds(60);
  return options;
}

TEST(SystemResolver, AnswersWithAddresses) {
  FakeNames names;
  SystemResolver resolver({}, RealClock(), names.Lookup());
  const Answer answer = ResolveNow(resolver, "quick");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->at(0).ToString(), "192.0.2.1");
}

TEST(SystemResolver, AnswersLiteralsWithoutALookup) {
  FakeNames names;
  SystemResolver resolver({}, RealClock(), names.Lookup());
  Answers answers;
  resolver.Resolve("2001:db8::1", answers.Take());
  ASSERT_EQ(answers.count(), 1U);
  EXPECT_EQ(answers.Wait(1).at(0)->at(0).ToString(), "2001:db8::1");
  EXPECT_EQ(names.lookups("2001:db8::1"), 0);
}

TEST(SystemResolver, KeepsAnswersForTheirTime) {
  FakeNames names;
  SimulatedClock clock;
  SystemResolver resolver({}, clock, names.Lookup());
  ASSERT_TRUE(ResolveNow(resolver, "quick").ok());
  clock.Advance(absl::Seconds(9));
  Answers answers;
  resolver.Resolve("quick", answers.Take());
  EXPECT_EQ(answers.count(), 1U);  // inside the call
  EXPECT_EQ(names.lookups("quick"), 1);
  clock.Advance(absl::Seconds(1));
  ASSERT_TRUE(ResolveNow(resolver, "quick").ok());
  EXPECT_EQ(names.lookups("quick"), 2);
}

TEST(SystemResolver, KeepsFailuresForTheirOwnTime) {
  FakeNames names;
  SimulatedClock clock;
  SystemResolver resolver({}, clock, names.Lookup());
  EXPECT_EQ(ResolveNow(resolver, "missing").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ResolveNow(resolver, "missing").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(names.lookups("missing"), 1);
  clock.Advance(absl::Seconds(1));
  EXPECT_FALSE(ResolveNow(resolver, "missing").ok());
  EXPECT_EQ(names.lookups("missing"), 2);
}

TEST(SystemResolver, BoundsTheCache) {
  FakeNames names;
  SystemResolver::Options options;
  options.cache_entries = 2;
  options.cache_ttl = absl::Hours(1);
  SystemResolver resolver(options, RealClock(), names.Lookup());
  for (const char* const host : {"a", "b", "c", "b", "c", "a"}) {
    ASSERT_TRUE(ResolveNow(resolver, host).ok());
  }
  EXPECT_EQ(names.lookups("a"), 2);
  EXPECT_EQ(names.lookups("b"), 1);
  EXPECT_EQ(names.lookups("c"), 1);
}

TEST(SystemResolver, LooksOneHostUpOnceForAllItsCallers) {
  FakeNames names;
  SystemResolver resolver(LongTimeout(), RealClock(), names.Lookup());
  Answers answers;
  for (int i = 0; i < 100; ++i) resolver.Resolve("slow", answers.Take());
  names.WaitUntilRunning(1);
  names.Release();
  for (const Answer& answer : answers.Wait(100)) EXPECT_TRUE(answer.ok());
  EXPECT_EQ(names.lookups("slow"), 1);
}

TEST(SystemResolver, EndsTheWaitOfCallersAtTheirDeadline) {
  FakeNames names;
  SystemResolver::Options options;
  options.timeout = absl::Milliseconds(50);
  SystemResolver resolver(options, RealClock(), names.Lookup());
  for (int i = 0; i < 3; ++i) {
    const Answer answer = ResolveNow(resolver, "slow");
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_THAT(answer.status().message(), HasSubstr("looking up slow took longer than 50ms"));
  }
  EXPECT_EQ(names.lookups("slow"), 1);  // one host, one thread
}

TEST(SystemResolver, UsesTheAnswerThatCameAfterTheDeadline) {
  FakeNames names;
  SystemResolver::Options options;
  options.timeout = absl::Milliseconds(20);
  options.cache_ttl = absl::Hours(1);
  SystemResolver resolver(options, RealClock(), names.Lookup());
  EXPECT_FALSE(ResolveNow(resolver, "slow").ok());
  names.Release();
  while (!ResolveNow(resolver, "slow").ok()) {
  }
  EXPECT_EQ(names.lookups("slow"), 1);
}

TEST(SystemResolver, ManySlowNamesDoNotDelayAHealthyOne) {
  FakeNames names;
  SystemResolver::Options options = LongTimeout();
  options.threads = 8;
  options.slow_after = absl::Milliseconds(5);
  SystemResolver resolver(options, RealClock(), names.Lookup());
  Answers slow;
  for (int i = 0; i < 200; ++i) resolver.Resolve(absl::StrCat("slow", i), slow.Take());
  EXPECT_TRUE(ResolveNow(resolver, "quick").ok());
  EXPECT_EQ(slow.count(), 0U);
  names.WaitUntilRunning(200);
  names.Release();
  for (const Answer& answer : slow.Wait(200)) EXPECT_TRUE(answer.ok());
}

TEST(SystemResolver, HostsKnownAsSlowLeaveThreadsForOthers) {
  FakeNames names;
  SystemResolver::Options options = LongTimeout();
  options.threads = 2;
  options.max_threads = 4;
  options.slow_after = absl::Milliseconds(1);
  options.cache_ttl = absl::ZeroDuration();
  SystemResolver resolver(options, RealClock(), names.Lookup());
  Answers first;
  for (int i = 0; i < 4; ++i) resolver.Resolve(absl::StrCat("slow", i), first.Take());
  names.WaitUntilRunning(4);
  const absl::Duration started = RealClock().Steady();
  while (RealClock().Steady() - started < absl::Milliseconds(5)) {
  }
  names.Release();
  first.Wait(4);
  names.Hold();
  Answers second;
  for (int i = 0; i < 4; ++i) resolver.Resolve(absl::StrCat("slow", i), second.Take());
  names.WaitUntilRunning(2);
  EXPECT_TRUE(ResolveNow(resolver, "quick").ok());
  EXPECT_EQ(second.count(), 0U);
  names.Release();
  for (const Answer& answer : second.Wait(4)) EXPECT_TRUE(answer.ok());
}

TEST(SystemResolver, BoundsThreads) {
  FakeNames names;
  SystemResolver::Options options;
  options.threads = 2;
  options.max_threads = 6;
  options.slow_after = absl::Milliseconds(1);
  options.timeout = absl::Milliseconds(500);
  SystemResolver resolver(options, RealClock(), names.Lookup());
  Answers answers;
  for (int i = 0; i < 50; ++i) resolver.Resolve(absl::StrCat("slow", i), answers.Take());
  for (const Answer& answer : answers.Wait(50)) {
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_EQ(names.most_running(), 6);
  // Those that nobody waits for any more are not looked up.
  names.Release();
  EXPECT_TRUE(ResolveNow(resolver, "quick").ok());
  EXPECT_EQ(names.lookups("slow49"), 0);
}

TEST(SystemResolver, RefusesCallersWhenTooManyWait) {
  FakeNames names;
  SystemResolver::Options options = LongTimeout();
  options.max_waiting = 3;
  SystemResolver resolver(options, RealClock(), names.Lookup());
  Answers waiting;
  for (int i = 0; i < 3; ++i) resolver.Resolve("slow", waiting.Take());
  Answers refused;
  resolver.Resolve("quick", refused.Take());
  ASSERT_EQ(refused.count(), 1U);
  EXPECT_EQ(refused.Wait(1).at(0).status().code(), absl::StatusCode::kResourceExhausted);
  names.Release();
  waiting.Wait(3);
  EXPECT_TRUE(ResolveNow(resolver, "quick").ok());
}

TEST(SystemResolver, AnswersWaitingCallersWhenItIsDestroyed) {
  FakeNames names;
  Answers answers;
  {
    SystemResolver::Options options = LongTimeout();
    options.threads = 1;
    options.max_threads = 1;
    SystemResolver resolver(options, RealClock(), names.Lookup());
    resolver.Resolve("slow", answers.Take());
    resolver.Resolve("slow2", answers.Take());
    names.WaitUntilRunning(1);
  }
  ASSERT_EQ(answers.count(), 2U);
  for (const Answer& answer : answers.Wait(2)) {
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  }
}

TEST(SystemResolver, TakesCallsFromItsOwnCallbacks) {
  FakeNames names;
  Answers answers;
  SystemResolver resolver({}, RealClock(), names.Lookup());
  resolver.Resolve("first", [&](Answer) { resolver.Resolve("second", answers.Take()); });
  EXPECT_TRUE(answers.Wait(1).at(0).ok());
}

TEST(LookUpHost, KnowsThisMachine) {
  const auto addresses = LookUpHost("localhost");
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  EXPECT_THAT(*addresses, ::testing::Contains(*IpAddress::Parse("127.0.0.1")));
}

TEST(LookUpHost, SaysThatANameIsUnknown) {
  const auto addresses = LookUpHost(std::string(300, 'a'));
  EXPECT_FALSE(addresses.ok());
  EXPECT_THAT(addresses.status().message(), HasSubstr("aaa"));
}

}  // namespace
}  // namespace webhookd
