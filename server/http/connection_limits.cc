#include "server/http/connection_limits.h"

namespace webhookd {

ConnectionLimits::Verdict ConnectionLimits::Admit(const std::string& peer) {
  MutexLock lock(mutex_);
  if (max_per_peer_ > 0) {
    int& of_peer = by_peer_[peer];
    if (of_peer >= max_per_peer_) return Verdict::kPeerFull;
    if (open_ < max_) ++of_peer;
    if (of_peer == 0) by_peer_.erase(peer);
  }
  if (open_ >= max_) return Verdict::kFull;
  ++open_;
  return Verdict::kAdmitted;
}

void ConnectionLimits::Release(const std::string& peer) {
  MutexLock lock(mutex_);
  --open_;
  if (max_per_peer_ == 0) return;
  const auto it = by_peer_.find(peer);
  if (--it->second == 0) by_peer_.erase(it);
}

int ConnectionLimits::open() const {
  MutexLock lock(mutex_);
  return open_;
}

}  // namespace webhookd
