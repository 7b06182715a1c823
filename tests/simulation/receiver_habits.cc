#include "tests/simulation/receiver_habits.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using Habit = ReceiverHabits::Habit;

constexpr uint64_t kFirstStream = 1'000;

const std::vector<Habit>& BadHabits() {
  static const auto& habits = *new std::vector<Habit>{
      Habit::kSlow,       Habit::kSilent,      Habit::kResetBefore,    Habit::kResetAfter,
      Habit::kStatus,     Habit::kStatus,      Habit::kStatus,         Habit::kRetryAfter,
      Habit::kRetryAfter, Habit::kGone,        Habit::kHuge,           Habit::kTooLarge,
      Habit::kRefused,    Habit::kUnreachable, Habit::kBadCertificate, Habit::kNotHttp,
      Habit::kNoName,     Habit::kSlowName,    Habit::kFlapping,       Habit::kFlapping,
  };
  return habits;
}

const std::vector<int>& Statuses() {
  static const auto& statuses = *new std::vector<int>{
      200, 201, 202, 204, 206, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405,
      408, 409, 411, 413, 415, 418, 422, 425, 429, 431, 451, 499, 500, 501, 502, 503, 504, 599};
  return statuses;
}

HttpResult Failure(AttemptError error, std::string message) {
  return {.error = error, .error_message = std::move(message)};
}

}  // namespace

ReceiverHabits::ReceiverHabits(uint64_t seed, int number, double healthy,
                               absl::Duration longest_habit)
    : healthy_(healthy),
      longest_habit_(longest_habit),
      dice_(seed, kFirstStream + static_cast<uint64_t>(number)) {}

const ReceiverHabits::Phase& ReceiverHabits::PhaseAt(absl::Duration now) {
  while (phases_.empty() || phases_.back().until <= now) {
    const absl::Duration from = phases_.empty() ? now : phases_.back().until;
    const Habit habit = dice_.Chance(healthy_) ? Habit::kFast : dice_.Pick(BadHabits());
    phases_.push_back({.until = from + dice_.Between(absl::Seconds(1), longest_habit_),
                       .habit = habit,
                       .status = dice_.Pick(Statuses()),
                       .flap = dice_.Between(absl::Milliseconds(100), absl::Minutes(10))});
  }
  const auto phase = std::find_if(phases_.begin(), phases_.end(),
                                  [now](const Phase& each) { return each.until > now; });
  return *phase;
}

ReceiverHabits::Habit ReceiverHabits::HabitAt(absl::Duration now) {
  if (healed_) return Habit::kFast;
  const Phase& phase = PhaseAt(now);
  if (phase.habit != Habit::kFlapping) return phase.habit;
  const int64_t flaps = absl::ToInt64Microseconds(now) / absl::ToInt64Microseconds(phase.flap);
  return flaps % 2 == 0 ? Habit::kFast : Habit::kRefused;
}

Exchange ReceiverHabits::Answer(Clock& clock, Dice& dice) {
  const absl::Duration now = clock.Steady();
  const absl::Duration quick = dice.Between(absl::Microseconds(200), absl::Milliseconds(50));
  Exchange exchange = {.arrives_after = quick / 2, .ends_after = quick};
  HttpResult& result = exchange.result;
  switch (HabitAt(now)) {
    case Habit::kFast:
    case Habit::kFlapping:
    case Habit::kNoName:  // of a receiver that is known by its address
    case Habit::kSlowName:
      result.status = 200;
      break;
    case Habit::kSlow:
      result.status = 200;
      exchange.ends_after = dice.Between(absl::Milliseconds(300), absl::Seconds(25));
      break;
    case Habit::kSilent:
      exchange.ends_after = absl::InfiniteDuration();
      if (dice.Chance(0.5)) exchange.arrives_after.reset();
      break;
    case Habit::kResetBefore:
      exchange.arrives_after.reset();
      result = Failure(AttemptError::kReset, "the connection was reset");
      break;
    case Habit::kResetAfter:
      result = Failure(AttemptError::kReset, "the connection was reset");
      break;
    case Habit::kStatus:
      result.status = PhaseAt(now).status;
      result.body_excerpt = "no";
      break;
    case Habit::kRetryAfter: {
      result.status = dice.Chance(0.5) ? 429 : 503;
      const int64_t unit = dice.Below(4);
      const absl::Duration wait = absl::Seconds(unit * dice.Below(60'000));
      const int64_t form = dice.Below(4);
      if (form == 0) {
        result.retry_after = "soon";
      } else if (form == 1) {
        result.retry_after =
            absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", clock.Now() + wait, absl::UTCTimeZone());
        // The header is cut to seconds, and answered a little later.
        exchange.asks_to_wait = wait - absl::Seconds(1) - quick;
      } else {
        result.retry_after = absl::StrCat(absl::ToInt64Seconds(wait));
        exchange.asks_to_wait = wait;
      }
      break;
    }
    case Habit::kGone:
      result.status = 410;
      break;
    case Habit::kHuge:
      result.status = 200;
      result.body_excerpt = std::string(2'048, '\xe2');
      exchange.ends_after = dice.Between(absl::Milliseconds(10), absl::Seconds(2));
      break;
    case Habit::kTooLarge:
      result = Failure(AttemptError::kTooLarge, "the headers are too long");
      break;
    case Habit::kRefused:
      exchange.arrives_after.reset();
      result = Failure(AttemptError::kConnect, "connection refused");
      break;
    case Habit::kUnreachable:
      exchange.arrives_after.reset();
      exchange.ends_after = absl::Seconds(5);
      result = Failure(AttemptError::kConnect, "no connection within 5s");
      break;
    case Habit::kBadCertificate:
      exchange.arrives_after.reset();
      result = Failure(AttemptError::kTls, "the certificate has expired");
      break;
    case Habit::kNotHttp:
      result = Failure(AttemptError::kProtocol, "this is no HTTP");
      break;
  }
  return exchange;
}

}  // namespace webhookd
