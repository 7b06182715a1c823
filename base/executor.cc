#include "base/executor.h"

#include <pthread.h>

#include <utility>

namespace webhookd {

ThreadPool::ThreadPool(const char* name, int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, name] { Run(name); });
}

ThreadPool::~ThreadPool() { Stop(); }

void ThreadPool::Post(absl::AnyInvocable<void() &&> task) {
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
  }
  wake_.NotifyOne();
}

void ThreadPool::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void ThreadPool::Run(const char* name) {
  pthread_setname_np(pthread_self(), name);
  while (true) {
    absl::AnyInvocable<void() &&> task;
    {
      MutexLock lock(mutex_);
      while (tasks_.empty() && !stopping_) wake_.Wait(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    std::move(task)();
  }
}

}  // namespace webhookd
