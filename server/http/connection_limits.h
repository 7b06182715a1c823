#ifndef WEBHOOKD_SERVER_HTTP_CONNECTION_LIMITS_H_
#define WEBHOOKD_SERVER_HTTP_CONNECTION_LIMITS_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"

namespace webhookd {

// Counts the open connections of a port, in all and by peer. Thread-safe.
class ConnectionLimits {
 public:
  // `max_per_peer` 0: as many as there may be in all.
  ConnectionLimits(int max, int max_per_peer) : max_(max), max_per_peer_(max_per_peer) {}

  enum class Verdict { kAdmitted, kFull, kPeerFull };
  // An admitted connection is counted until Release.
  Verdict Admit(const std::string& peer);
  void Release(const std::string& peer);

  int open() const;

 private:
  const int max_;
  const int max_per_peer_;
  mutable Mutex mutex_;
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, int> by_peer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_CONNECTION_LIMITS_H_
