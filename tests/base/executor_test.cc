#include "base/executor.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace webhookd {
namespace {

TEST(ThreadExecutor, RunsTasksInTheirOrder) {
  std::vector<int> ran;  // touched by the executor's thread only, until it ended
  ThreadExecutor executor;
  for (int i = 0; i < 1000; ++i) executor.Post([&ran, i] { ran.push_back(i); });
  executor.Stop();
  ASSERT_EQ(ran.size(), 1000);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ran[i], i);
}

TEST(ThreadExecutor, RunsTasksOnAThreadOfItsOwn) {
  std::thread::id first;
  std::thread::id second;
  ThreadExecutor executor;
  executor.Post([&first] { first = std::this_thread::get_id(); });
  executor.Post([&second] { second = std::this_thread::get_id(); });
  executor.Stop();
  EXPECT_NE(first, std::thread::id());
  EXPECT_NE(first, std::this_thread::get_id());
  EXPECT_EQ(first, second);
}

TEST(ThreadExecutor, RunsATaskThatATaskPostedAfterIt) {
  std::vector<int> ran;
  ThreadExecutor executor;
  Mutex mutex;
  CondVar done;
  bool finished = false;
  executor.Post([&] {
    executor.Post([&] {
      ran.push_back(2);
      MutexLock lock(mutex);
      finished = true;
      done.NotifyAll();
    });
    ran.push_back(1);
  });
  {
    MutexLock lock(mutex);
    while (!finished) ASSERT_TRUE(done.WaitFor(mutex, absl::Seconds(60)));
  }
  executor.Stop();
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST(ThreadExecutor, TakesTasksFromManyThreads) {
  int ran = 0;
  ThreadExecutor executor;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) executor.Post([&ran] { ++ran; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  executor.Stop();
  EXPECT_EQ(ran, 4000);
}

TEST(ThreadExecutor, DestroysATaskThatComesAfterStop) {
  ThreadExecutor executor;
  executor.Stop();
  executor.Stop();
  auto held = std::make_shared<int>(0);
  bool ran = false;
  executor.Post([held, &ran] { ran = true; });
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ThreadExecutor, RunsWhatIsLeftWhenItIsDestroyed) {
  int ran = 0;
  {
    ThreadExecutor executor;
    for (int i = 0; i < 100; ++i) executor.Post([&ran] { ++ran; });
  }
  EXPECT_EQ(ran, 100);
}

TEST(ThreadPool, RunsAsManyTasksAtOnceAsItHasThreads) {
  constexpr int kThreads = 3;
  Mutex mutex;
  CondVar changed;
  int running = 0;
  {
    ThreadPool pool("pool", kThreads);
    for (int i = 0; i < kThreads; ++i) {
      pool.Post([&] {
        MutexLock lock(mutex);
        ++running;
        changed.NotifyAll();
        while (running < kThreads) changed.Wait(mutex);
      });
    }
  }
  EXPECT_EQ(running, kThreads);
}

TEST(ThreadPool, StopRunsWhatWasPostedAndNothingLater) {
  Mutex mutex;
  int ran = 0;
  const auto count = [&] {
    MutexLock lock(mutex);
    ++ran;
  };
  ThreadPool pool("pool", 2);
  for (int i = 0; i < 1'000; ++i) pool.Post(count);
  pool.Stop();
  EXPECT_EQ(ran, 1'000);
  pool.Post(count);
  pool.Stop();
  EXPECT_EQ(ran, 1'000);
}

}  // namespace
}  // namespace webhookd
