#ifndef WEBHOOKD_SERVER_DELIVERY_PACE_H_
#define WEBHOOKD_SERVER_DELIVERY_PACE_H_

#include <optional>

#include "absl/time/time.h"

namespace webhookd {

// How fast a receiver that said "too many requests" may be sent to. Everything of its webhook
// pauses; then one request goes out, and once it is taken the rate rises: doubling from one a
// second the first time, later slowly around the rate at which the receiver refused before, and
// faster the longer it is content. Times are Clock::Steady. Not thread-safe.
class Pace {
 public:
  // Of the pauses of a receiver that refuses without saying for how long.
  static constexpr absl::Duration kFirstPause = absl::Seconds(1);
  static constexpr absl::Duration kLongestPause = absl::Seconds(60);

  // The receiver refused a request that started at `started`, and asks to be left alone for `wait`.
  void Refused(absl::Duration started, absl::Duration now, std::optional<absl::Duration> wait);

  // The receiver answered a request that started at `started`, and did not refuse it.
  void Taken(absl::Duration started, absl::Duration now);

  // Somebody asked for something to be sent: a pause ends now.
  void EndPause(absl::Duration now);

  // When the next request may start: `now` or earlier for at once, InfiniteDuration for not before
  // one of those under way has ended.
  absl::Duration NextStart(absl::Duration now, int under_way) const;

  // A request starts.
  void Start(absl::Duration now);

  // When the pause ends, if there is one.
  std::optional<absl::Duration> paused_until() const;

 private:
  enum class State { kFree, kPaused, kRising };

  // Requests a second, while it rises.
  double Rate(absl::Duration now) const;

  State state_ = State::kFree;
  absl::Duration since_;   // when it began to be paused or to rise
  absl::Duration until_;   // the end of the pause
  absl::Duration next_;    // start, while it rises
  double refused_at_ = 0;  // the rate at which it refused last; 0: not known
  int refusals_ = 0;       // since a request was taken
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_PACE_H_
