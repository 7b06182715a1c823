#include "base/executor.h"

#include <pthread.h>

#include <utility>

namespace webhookd {

ThreadExecutor::ThreadExecutor(const char* name) : thread_([this, name] { Run(name); }) {}

ThreadExecutor::~ThreadExecutor() { Stop(); }

void ThreadExecutor::Post(absl::AnyInvocable<void() &&> task) {
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
  }
  wake_.NotifyOne();
}

void ThreadExecutor::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyOne();
  if (thread_.joinable()) thread_.join();
}

void ThreadExecutor::Run(const char* name) {
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
