#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace webhookd {
namespace {

class Counter {
 public:
  void Add() {
    MutexLock lock(mutex_);
    ++count_;
    changed_.NotifyAll();
  }

  // Whether the count reached `count` before the time-out.
  bool WaitFor(int count, absl::Duration timeout) {
    MutexLock lock(mutex_);
    while (count_ < count) {
      if (!changed_.WaitFor(mutex_, timeout)) return count_ >= count;
    }
    return true;
  }

  void Wait(int count) {
    MutexLock lock(mutex_);
    while (count_ < count) changed_.Wait(mutex_);
  }

  int count() {
    MutexLock lock(mutex_);
    return count_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(Mutex, KeepsThreadsApart) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counter] {
      for (int n = 0; n < 10000; ++n) counter.Add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.count(), 40000);
}

TEST(CondVar, WakesAWaiter) {
  Counter counter;
  std::thread waiter([&counter] { counter.Wait(3); });
  for (int i = 0; i < 3; ++i) counter.Add();
  waiter.join();
}

TEST(CondVar, WakesAWaiterWithinItsTimeOut) {
  Counter counter;
  std::thread adder([&counter] { counter.Add(); });
  EXPECT_TRUE(counter.WaitFor(1, absl::Seconds(60)));
  adder.join();
}

TEST(CondVar, GivesUpAfterItsTimeOutAndHoldsTheMutexAgain) {
  Counter counter;
  EXPECT_FALSE(counter.WaitFor(1, absl::Milliseconds(1)));
  counter.Add();
  EXPECT_TRUE(counter.WaitFor(1, absl::Milliseconds(1)));
}

}  // namespace
}  // namespace webhookd
