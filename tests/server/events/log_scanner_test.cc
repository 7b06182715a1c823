#include "server/events/log_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "tests/testing/simulated_clock.h"

namespace webhookd {
namespace {

using testing::ElementsAre;

// What happened, in order.
class Journal {
 public:
  void Write(std::string entry) {
    MutexLock lock(mutex_);
    entries_.push_back(std::move(entry));
    changed_.NotifyAll();
  }
  std::vector<std::string> WaitFor(size_t count) {
    MutexLock lock(mutex_);
    while (entries_.size() < count) changed_.Wait(mutex_);
    return entries_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> entries_ ABSL_GUARDED_BY(mutex_);
};

class FakeScan final : public LogScanner::Scan {
 public:
  FakeScan(
      Journal& journal, std::string name, int steps, int64_t bytes = 1,
      std::function<void()> before = [] {})
      : journal_(journal), name_(std::move(name)), steps_(steps), bytes_(bytes), before_(before) {}

  int64_t bytes() const override { return bytes_; }
  int32_t owner() const override { return owner_; }
  // Makes it the scan of this owner.
  std::unique_ptr<FakeScan> Of(int32_t owner) && {
    owner_ = owner;
    return std::make_unique<FakeScan>(std::move(*this));
  }
  bool Step() override {
    before_();
    journal_.Write(name_);
    return --steps_ == 0;
  }
  void Refuse(const absl::Status& status) override {
    journal_.Write(name_ + " refused: " + std::string(status.message()));
  }

 private:
  Journal& journal_;
  std::string name_;
  int steps_;
  const int64_t bytes_;
  int32_t owner_ = 0;
  std::function<void()> before_;
};

absl::Status Add(LogScanner& scanner, std::unique_ptr<LogScanner::Scan> scan) {
  return scanner.Add(scan);
}

TEST(LogScanner, LetsScansTakeTurns) {
  Journal journal;
  absl::Notification all_added;
  LogScanner scanner({}, RealClock());
  EXPECT_TRUE(Add(scanner, std::make_unique<FakeScan>(journal, "long", 3, 1,
                                                      [&] { all_added.WaitForNotification(); }))
                  .ok());
  EXPECT_TRUE(Add(scanner, std::make_unique<FakeScan>(journal, "short", 1)).ok());
  EXPECT_TRUE(Add(scanner, std::make_unique<FakeScan>(journal, "other", 2)).ok());
  all_added.Notify();
  EXPECT_THAT(journal.WaitFor(6), ElementsAre("long", "short", "other", "long", "other", "long"));
}

TEST(LogScanner, SharesItsTimeEvenlyAmongOwners) {
  Journal journal;
  absl::Notification all_added;
  SimulatedClock clock;
  LogScanner scanner({}, clock);
  const auto takes = [&](absl::Duration time) {
    return [&clock, &all_added, time] {
      all_added.WaitForNotification();
      clock.Advance(time);
    };
  };
  // Two reports of an owner whose patterns take long do not get more than one of another does.
  const absl::Duration tick = absl::Milliseconds(1);
  EXPECT_TRUE(Add(scanner, FakeScan(journal, "slow", 2, 1, takes(4 * tick)).Of(1)).ok());
  EXPECT_TRUE(Add(scanner, FakeScan(journal, "slow too", 2, 1, takes(4 * tick)).Of(1)).ok());
  EXPECT_TRUE(Add(scanner, FakeScan(journal, "quick", 6, 1, takes(tick)).Of(2)).ok());
  all_added.Notify();
  EXPECT_THAT(journal.WaitFor(10), ElementsAre("slow", "quick", "quick", "quick", "quick",
                                               "slow too", "quick", "quick", "slow", "slow too"));
}

TEST(LogScanner, AnOwnerThatComesLaterOwesNothingAndIsOwedNothing) {
  Journal journal;
  absl::Notification first_done;
  absl::Notification all_added;
  SimulatedClock clock;
  LogScanner scanner({}, clock);
  const absl::Duration tick = absl::Milliseconds(1);
  int steps = 0;
  EXPECT_TRUE(Add(scanner, FakeScan(journal, "old", 5, 1,
                                    [&] {
                                      clock.Advance(4 * tick);
                                      if (++steps < 3) return;
                                      if (steps == 3) first_done.Notify();
                                      all_added.WaitForNotification();
                                    })
                               .Of(1))
                  .ok());
  first_done.WaitForNotification();
  EXPECT_TRUE(
      Add(scanner, FakeScan(journal, "new", 4, 1, [&] { clock.Advance(2 * tick); }).Of(2)).ok());
  all_added.Notify();
  // It came while the other had used 8 ms and was in its third step.
  EXPECT_THAT(journal.WaitFor(9),
              ElementsAre("old", "old", "old", "new", "new", "old", "new", "new", "old"));
}

TEST(LogScanner, RefusesMoreThanMayWait) {
  Journal journal;
  absl::Notification go_on;
  LogScanner scanner({.threads = 1, .max_bytes = 100}, RealClock());
  // One that is longer than all that may wait is taken when it is the only one.
  EXPECT_TRUE(Add(scanner, std::make_unique<FakeScan>(journal, "huge", 1, 1'000,
                                                      [&] { go_on.WaitForNotification(); }))
                  .ok());
  const absl::Status refused = Add(scanner, std::make_unique<FakeScan>(journal, "next", 1));
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.message(),
            "1000 bytes of lines wait to be matched, and at most 100 may: repeat the report later");
  go_on.Notify();
  journal.WaitFor(1);
  // There is room again once it is done.
  while (!Add(scanner, std::make_unique<FakeScan>(journal, "next", 1, 100)).ok()) {
  }
  EXPECT_THAT(journal.WaitFor(2), ElementsAre("huge", "next"));
}

TEST(LogScanner, RefusesWhatIsLeftWhenItStops) {
  Journal journal;
  absl::Notification started;
  LogScanner scanner({}, RealClock());
  EXPECT_TRUE(Add(scanner, std::make_unique<FakeScan>(journal, "endless", -1, 1,
                                                      [&] {
                                                        if (!started.HasBeenNotified())
                                                          started.Notify();
                                                      }))
                  .ok());
  started.WaitForNotification();
  scanner.Stop();
  EXPECT_EQ(journal.WaitFor(1).back(),
            "endless refused: the server is shutting down: repeat the report");
  EXPECT_EQ(Add(scanner, std::make_unique<FakeScan>(journal, "late", 1)).code(),
            absl::StatusCode::kUnavailable);
}

TEST(LogScanner, ScansOnSeveralThreads) {
  Journal journal;
  LogScanner scanner({.threads = 2}, RealClock());
  absl::Notification other_runs;
  EXPECT_TRUE(Add(scanner, std::make_unique<FakeScan>(journal, "first", 1, 1,
                                                      [&] { other_runs.WaitForNotification(); }))
                  .ok());
  EXPECT_TRUE(Add(scanner,
                  std::make_unique<FakeScan>(journal, "second", 1, 1, [&] { other_runs.Notify(); }))
                  .ok());
  EXPECT_EQ(journal.WaitFor(2).size(), 2u);
}

}  // namespace
}  // namespace webhookd
