#include "server/health_monitor.h"

#include <pthread.h>

#include <utility>

#include "base/clock.h"
#include "server/telemetry/log.h"

namespace webhookd {

HealthMonitor::HealthMonitor(Options options, std::function<absl::Status()> check,
                             std::function<void(const absl::Status&)> changed)
    : options_(options),
      check_(std::move(check)),
      changed_(std::move(changed)),
      thread_([this] { Run(); }) {}

HealthMonitor::~HealthMonitor() { Stop(); }

void HealthMonitor::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  stop_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

bool HealthMonitor::Wait() {
  const absl::Duration until = RealClock().Steady() + options_.interval;
  MutexLock lock(mutex_);
  while (!stopping_) {
    const absl::Duration left = until - RealClock().Steady();
    if (left <= absl::ZeroDuration()) return true;
    stop_.WaitFor(mutex_, left);
  }
  return false;
}

void HealthMonitor::Run() {
  pthread_setname_np(pthread_self(), "health");
  absl::Status health;
  absl::Duration next_log = -absl::InfiniteDuration();
  while (Wait()) {
    const absl::Status now = check_();
    const bool changed = now != health;
    if (changed) changed_(now);
    if (changed && now.ok()) {
      Log(LogLevel::kInfo, "serving again", {{"after", health.message()}});
      next_log = -absl::InfiniteDuration();
    }
    health = now;
    const absl::Duration time = RealClock().Steady();
    if (health.ok() || (!changed && time < next_log)) continue;
    Log(LogLevel::kError, "not serving", {{"reason", health.message()}});
    next_log = time + options_.log_interval;
  }
}

}  // namespace webhookd
