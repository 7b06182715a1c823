#include "server/delivery/shard_thread.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace webhookd {

ShardThread::ShardThread(std::unique_ptr<Shard> shard, Clock& clock)
    : clock_(clock), shard_(std::move(shard)) {}

ShardThread::~ShardThread() {
  BeginStop(absl::ZeroDuration());
  Join();
}

void ShardThread::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "shard");
    Run();
  });
}

void ShardThread::BeginStop(absl::Duration drain) {
  {
    MutexLock lock(mutex_);
    if (deadline_.has_value()) return;
    deadline_ = clock_.Steady() + drain;
  }
  shard_->BeginDrain();
}

void ShardThread::Join() {
  if (thread_.joinable()) thread_.join();
  shard_->Close();
}

void ShardThread::Run() {
  while (true) {
    absl::Duration wait = shard_->Step();
    if (const std::optional<absl::Duration> deadline = Deadline(); deadline.has_value()) {
      const absl::Duration left = *deadline - clock_.Steady();
      if (shard_->drained() || left <= absl::ZeroDuration()) break;
      wait = std::min(wait, left);
    }
    shard_->Poll(wait);
  }
}

std::optional<absl::Duration> ShardThread::Deadline() {
  MutexLock lock(mutex_);
  return deadline_;
}

}  // namespace webhookd
