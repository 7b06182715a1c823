#ifndef WEBHOOKD_SERVER_HTTP_BODY_BUDGET_H_
#define WEBHOOKD_SERVER_HTTP_BODY_BUDGET_H_

#include <cstddef>
#include <list>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace webhookd {

// Bounds the memory that the bodies of requests take, those of all connections together. When it is
// used up, the body that has made no progress for longest gives way, bodies of unknown callers
// before those of known ones. Thread-safe.
class BodyBudget {
 public:
  // One body, while it is read and until its request is answered. Belongs to one thread.
  class Share {
   public:
    // `give_way` is called at most once, on any thread, when this body has to go although it could
    // have grown: it must not block or use the budget. `budget` must outlive the share.
    Share(BodyBudget& budget, bool caller_is_known, absl::AnyInvocable<void() &&> give_way);
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Tells that the body takes `bytes` and has made progress. False: it has to go, and no longer
    // counts.
    bool Resize(size_t bytes, absl::Duration now);
    // The body is complete: it does not give way any more.
    void Keep();

   private:
    friend class BodyBudget;

    BodyBudget& budget_;
    const bool caller_is_known_;
    absl::AnyInvocable<void() &&> give_way_;  // guarded by the budget's mutex, as all below
    size_t bytes_ = 0;
    absl::Duration moved_at_ = absl::ZeroDuration();
    bool gone_ = false;
    std::list<Share*>::iterator place_;
    bool listed_ = true;
  };

  explicit BodyBudget(size_t max_bytes) : max_bytes_(max_bytes) {}

  size_t used() const;

 private:
  // The share that gives way first; there is at least one that can.
  Share& First() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(Share& share) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_bytes_;
  mutable Mutex mutex_;
  size_t used_ ABSL_GUARDED_BY(mutex_) = 0;
  std::list<Share*> growing_ ABSL_GUARDED_BY(mutex_);  // may have to give way
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_BODY_BUDGET_H_
