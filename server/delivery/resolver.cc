#include "server/delivery/resolver.h"

#include <algorithm>
#include <deque>
#include <list>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "server/delivery/answer_cache.h"

namespace webhookd {

using Answer = AnswerCache::Answer;

// Shared with the threads that look up, which may outlive the resolver: once stopped, they touch
// nothing but this.
class SystemResolver::State : public std::enable_shared_from_this<State> {
 public:
  State(Options options, Clock& clock, Lookup lookup)
      : options_(options),
        clock_(clock),
        lookup_(std::move(lookup)),
        cache_(static_cast<size_t>(std::max(options.cache_entries, 0))) {}

  void Resolve(const std::string& host, ResolveDone done);
  // What the timer's thread does until Stop: ends the time of callers and moves slow look-ups
  // aside.
  void RunTimer();
  // Answers all callers, and waits for those that are being answered.
  void Stop();

 private:
  struct Job;

  struct Caller {
    absl::Duration deadline;
    Job* job;
    ResolveDone done;
  };

  // The look-up of one host: waits in queue_[0] or queue_[1], runs as prompt (in prompt_) or runs
  // as slow.
  struct Job {
    std::string host;
    bool slow = false;
    bool running = false;
    absl::Duration started;
    std::list<Job*>::iterator place;  // in its queue or in prompt_
    std::deque<std::list<Caller>::iterator> callers;
  };

  std::optional<Answer> AnswerNow(const std::string& host) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Wait(const std::string& host, ResolveDone done) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Job* StartJob() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartThreads() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work(Job* job);
  std::vector<ResolveDone> FinishJob(Job& job, const Answer& answer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MoveSlowAside(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<std::pair<std::string, ResolveDone>> TakeLate(absl::Duration now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeTimerFor(absl::Duration at) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndCalls() ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  Clock& clock_;
  const Lookup lookup_;

  Mutex mutex_;
  CondVar timer_wake_;
  CondVar calls_ended_;
  AnswerCache cache_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::unique_ptr<Job>> jobs_ ABSL_GUARDED_BY(mutex_);
  std::list<Job*> queue_[2] ABSL_GUARDED_BY(
      mutex_);  // of hosts that are not known as slow, and that are
  std::list<Job*> prompt_ ABSL_GUARDED_BY(mutex_);     // by start
  std::list<Caller> callers_ ABSL_GUARDED_BY(mutex_);  // by deadline
  int slow_running_ ABSL_GUARDED_BY(mutex_) = 0;
  int threads_ ABSL_GUARDED_BY(mutex_) = 0;
  int calling_ ABSL_GUARDED_BY(mutex_) = 0;  // threads that are answering callers
  absl::Duration timer_wakes_at_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

void SystemResolver::State::Resolve(const std::string& host, ResolveDone done) {
  std::optional<Answer> answer;
  {
    MutexLock lock(mutex_);
    answer = AnswerNow(host);
    if (!answer.has_value()) {
      Wait(host, std::move(done));
      StartThreads();
      return;
    }
  }
  std::move(done)(*std::move(answer));
}

std::optional<Answer> SystemResolver::State::AnswerNow(const std::string& host) {
  const Answer* const cached = cache_.Find(host, clock_.Steady());
  if (cached != nullptr) return *cached;
  if (callers_.size() < static_cast<size_t>(options_.max_waiting)) return std::nullopt;
  return absl::ResourceExhaustedError(
      absl::StrCat(callers_.size(), " callers wait for name servers; ", host, " is not looked up"));
}

void SystemResolver::State::Wait(const std::string& host, ResolveDone done) {
  std::unique_ptr<Job>& job = jobs_[host];
  if (job == nullptr) {
    job = std::make_unique<Job>();
    job->host = host;
    job->slow = cache_.WasSlow(host);
    std::list<Job*>& queue = queue_[job->slow ? 1 : 0];
    job->place = queue.insert(queue.end(), job.get());
  }
  const absl::Duration deadline = clock_.Steady() + options_.timeout;
  callers_.push_back({deadline, job.get(), std::move(done)});
  job->callers.push_back(std::prev(callers_.end()));
  WakeTimerFor(deadline);
}

// Takes the job that may run next out of its queue; null when none may.
SystemResolver::State::Job* SystemResolver::State::StartJob() {
  Job* job = nullptr;
  if (!queue_[0].empty() && prompt_.size() < static_cast<size_t>(options_.threads)) {
    job = queue_[0].front();
    prompt_.splice(prompt_.end(), queue_[0], job->place);
  } else if (!queue_[1].empty() && slow_running_ < std::max(options_.max_threads / 2, 1)) {
    job = queue_[1].front();
    queue_[1].pop_front();
    ++slow_running_;
  } else {
    return nullptr;
  }
  job->running = true;
  job->started = clock_.Steady();
  if (!job->slow) WakeTimerFor(job->started + options_.slow_after);
  return job;
}

void SystemResolver::State::StartThreads() {
  while (threads_ < options_.max_threads) {
    Job* const job = StartJob();
    if (job == nullptr) return;
    ++threads_;
    try {
      std::thread([self = shared_from_this(), job] { self->Work(job); }).detach();
    } catch (const std::system_error&) {
      // The system has no more threads: the job goes back, and is started when a look-up ends or
      // another caller comes.
      --threads_;
      job->running = false;
      if (job->slow) {
        --slow_running_;
        job->place = queue_[1].insert(queue_[1].begin(), job);
      } else {
        queue_[0].splice(queue_[0].begin(), prompt_, job->place);
      }
      return;
    }
  }
}

void SystemResolver::State::Work(Job* job) {
  while (true) {
    std::string host;
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      host = job->host;
    }
    const Answer answer = lookup_(host);
    std::vector<ResolveDone> callers;
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      callers = FinishJob(*job, answer);
      ++calling_;
    }
    for (ResolveDone& done : callers) std::move(done)(answer);
    callers.clear();
    EndCalls();
    {
      MutexLock lock(mutex_);
      job = stopping_ ? nullptr : StartJob();
      if (job == nullptr) {
        --threads_;
        return;
      }
    }
  }
}

std::vector<ResolveDone> SystemResolver::State::FinishJob(Job& job, const Answer& answer) {
  const absl::Duration now = clock_.Steady();
  const bool was_slow = now - job.started > options_.slow_after;
  if (job.slow) {
    --slow_running_;
  } else {
    prompt_.erase(job.place);
  }
  cache_.Put(job.host, answer,
             now + (answer.ok() ? options_.cache_ttl : options_.failure_cache_ttl), was_slow);
  std::vector<ResolveDone> callers;
  for (const auto caller : job.callers) {
    callers.push_back(std::move(caller->done));
    callers_.erase(caller);
  }
  jobs_.erase(job.host);
  return callers;
}

void SystemResolver::State::RunTimer() {
  while (true) {
    std::vector<std::pair<std::string, ResolveDone>> late;
    {
      MutexLock lock(mutex_);
      while (!stopping_) {
        const absl::Duration now = clock_.Steady();
        MoveSlowAside(now);
        late = TakeLate(now);
        StartThreads();
        if (!late.empty()) break;
        timer_wakes_at_ = absl::InfiniteDuration();
        if (!prompt_.empty()) timer_wakes_at_ = prompt_.front()->started + options_.slow_after;
        if (!callers_.empty())
          timer_wakes_at_ = std::min(timer_wakes_at_, callers_.front().deadline);
        if (timer_wakes_at_ == absl::InfiniteDuration()) {
          timer_wake_.Wait(mutex_);
        } else {
          timer_wake_.WaitFor(mutex_, timer_wakes_at_ - now);
        }
      }
      if (stopping_) return;
      ++calling_;
    }
    for (auto& [host, done] : late) {
      std::move(done)(absl::DeadlineExceededError(
          absl::StrCat("looking up ", host, " took longer than ",
                       absl::FormatDuration(options_.timeout), "; does its name server answer?")));
    }
    late.clear();
    EndCalls();
  }
}

void SystemResolver::State::MoveSlowAside(absl::Duration now) {
  while (!prompt_.empty() && prompt_.front()->started + options_.slow_after <= now) {
    prompt_.front()->slow = true;
    prompt_.pop_front();
    ++slow_running_;
  }
}

std::vector<std::pair<std::string, ResolveDone>> SystemResolver::State::TakeLate(
    absl::Duration now) {
  std::vector<std::pair<std::string, ResolveDone>> late;
  while (!callers_.empty() && callers_.front().deadline <= now) {
    Job* const job = callers_.front().job;
    late.emplace_back(job->host, std::move(callers_.front().done));
    job->callers.pop_front();  // both are in the order of the calls
    callers_.pop_front();
    if (!job->callers.empty() || job->running) continue;
    queue_[job->slow ? 1 : 0].erase(job->place);
    jobs_.erase(std::string(job->host));
  }
  return late;
}

void SystemResolver::State::WakeTimerFor(absl::Duration at) {
  if (at >= timer_wakes_at_) return;
  timer_wakes_at_ = at;
  timer_wake_.NotifyOne();
}

void SystemResolver::State::EndCalls() {
  MutexLock lock(mutex_);
  --calling_;
  if (stopping_) calls_ended_.NotifyAll();
}

void SystemResolver::State::Stop() {
  std::list<Caller> callers;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    timer_wake_.NotifyAll();
    callers.swap(callers_);
    while (calling_ > 0) calls_ended_.Wait(mutex_);
  }
  for (Caller& caller : callers) {
    std::move(caller.done)(absl::UnavailableError("the resolver was stopped"));
  }
}

SystemResolver::SystemResolver(Options options, Clock& clock)
    : SystemResolver(options, clock, LookUpHost) {}

SystemResolver::SystemResolver(Options options, Clock& clock, Lookup lookup)
    : state_(std::make_shared<State>(options, clock, std::move(lookup))),
      timer_([state = state_] { state->RunTimer(); }) {}

SystemResolver::~SystemResolver() {
  state_->Stop();
  timer_.join();
}

void SystemResolver::Resolve(std::string host, ResolveDone done) {
  if (absl::StatusOr<IpAddress> literal = IpAddress::Parse(host); literal.ok()) {
    std::move(done)(std::vector<IpAddress>{*literal});
    return;
  }
  state_->Resolve(host, std::move(done));
}

}  // namespace webhookd
