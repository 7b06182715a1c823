#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include "base/mutex.h"

namespace webhookd {
namespace {

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
