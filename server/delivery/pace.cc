#include "server/delivery/pace.h"

#include <algorithm>
#include <cmath>

namespace webhookd {
namespace {

// Rates are requests a second. Above the highest there is nothing to hold back.
constexpr double kFirstRate = 1;
constexpr double kLowestRate = 0.02;
constexpr double kHighestRate = 1'000;
constexpr absl::Duration kDoubling = absl::Seconds(5);
// After a refusal the rate falls by this part, and has risen to where it was after this time; it
// stays near there for about as long again.
constexpr double kFall = 0.3;
constexpr absl::Duration kRecovery = absl::Seconds(30);

}  // namespace

void Pace::Refused(absl::Duration started, absl::Duration now, std::optional<absl::Duration> wait) {
  // Of requests that were under way together, only the first says something about the rate.
  const bool news =
      state_ == State::kFree || started >= (state_ == State::kPaused ? until_ : since_);
  absl::Duration pause = wait.value_or(kFirstPause);
  if (news) {
    if (refusals_ > 0 || !wait.has_value()) {
      const absl::Duration grown = kFirstPause * std::exp2(std::min(refusals_, 10));
      pause = std::max(pause, std::min(grown, kLongestPause));
    }
    ++refusals_;
    if (state_ == State::kRising) refused_at_ = std::max(Rate(now), kLowestRate);
    state_ = State::kPaused;
    since_ = now;
    until_ = now + pause;
  } else if (state_ == State::kPaused) {
    until_ = std::max(until_, now + pause);
  }
}

void Pace::Taken(absl::Duration started, absl::Duration now) {
  if (state_ != State::kPaused || started < since_) return;
  refusals_ = 0;
  state_ = State::kRising;
  since_ = now;
  next_ = now + absl::Seconds(1 / Rate(now));
}

void Pace::EndPause(absl::Duration now) {
  if (state_ == State::kPaused) until_ = std::min(until_, now);
}

absl::Duration Pace::NextStart(absl::Duration now, int under_way) const {
  switch (state_) {
    case State::kFree:
      return now;
    case State::kPaused:
      return under_way > 0 ? absl::InfiniteDuration() : until_;
    case State::kRising:
      return Rate(now) >= kHighestRate ? now : next_;
  }
  return now;
}

void Pace::Start(absl::Duration now) {
  if (state_ != State::kRising) return;
  const double rate = Rate(now);
  if (rate >= kHighestRate) {
    *this = Pace();
  } else {
    next_ = now + absl::Seconds(1 / rate);
  }
}

std::optional<absl::Duration> Pace::paused_until() const {
  if (state_ != State::kPaused) return std::nullopt;
  return until_;
}

double Pace::Rate(absl::Duration now) const {
  const absl::Duration age = now - since_;
  if (refused_at_ == 0)
    return kFirstRate * std::exp2(std::min(absl::FDivDuration(age, kDoubling), 20.0));
  const double x = std::min(absl::FDivDuration(age - kRecovery, kRecovery), 1'000.0);
  return refused_at_ * (1 + kFall * x * x * x);
}

}  // namespace webhookd
