#include "server/http/body_budget.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace webhookd {

BodyBudget::Share::Share(BodyBudget& budget, bool caller_is_known,
                         absl::AnyInvocable<void() &&> give_way)
    : budget_(budget), caller_is_known_(caller_is_known), give_way_(std::move(give_way)) {
  MutexLock lock(budget_.mutex_);
  place_ = budget_.growing_.insert(budget_.growing_.end(), this);
}

BodyBudget::Share::~Share() {
  MutexLock lock(budget_.mutex_);
  budget_.Drop(*this);
}

bool BodyBudget::Share::Resize(size_t bytes, absl::Duration now) {
  std::vector<absl::AnyInvocable<void() &&>> giving_way;
  bool stays = true;
  {
    MutexLock lock(budget_.mutex_);
    if (gone_) return false;
    budget_.used_ += bytes - bytes_;
    bytes_ = bytes;
    moved_at_ = now;
    while (stays && listed_ && budget_.used_ > budget_.max_bytes_) {
      Share& first = budget_.First();
      if (&first == this) {
        stays = false;
      } else {
        giving_way.push_back(std::move(first.give_way_));
      }
      budget_.Drop(first);
    }
  }
  for (auto& give_way : giving_way) std::move(give_way)();
  return stays;
}

void BodyBudget::Share::Keep() {
  MutexLock lock(budget_.mutex_);
  if (listed_) budget_.growing_.erase(place_);
  listed_ = false;
}

size_t BodyBudget::used() const {
  MutexLock lock(mutex_);
  return used_;
}

BodyBudget::Share& BodyBudget::First() {
  return **std::min_element(growing_.begin(), growing_.end(), [](const Share* a, const Share* b) {
    return std::tie(a->caller_is_known_, a->moved_at_) <
           std::tie(b->caller_is_known_, b->moved_at_);
  });
}

void BodyBudget::Drop(Share& share) {
  used_ -= share.bytes_;
  share.bytes_ = 0;
  share.gone_ = true;
  if (share.listed_) growing_.erase(share.place_);
  share.listed_ = false;
}

}  // namespace webhookd
