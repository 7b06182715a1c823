#ifndef WEBHOOKD_SERVER_DELIVERY_ANSWER_CACHE_H_
#define WEBHOOKD_SERVER_DELIVERY_ANSWER_CACHE_H_

#include <cstddef>
#include <iterator>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/delivery/ip_address.h"

namespace webhookd {

// Answers of name servers, the oldest dropped when there is no more room. An answer that is too old
// to be given still tells whether its host was slow. Times are on whatever clock the caller uses.
// Not thread-safe.
class AnswerCache {
 public:
  using Answer = absl::StatusOr<std::vector<IpAddress>>;

  explicit AnswerCache(size_t max_entries) : max_entries_(max_entries) {}

  // Null when there is none that is still good at `now`. Valid until the next Put.
  const Answer* Find(const std::string& host, absl::Duration now) const {
    const auto found = by_host_.find(host);
    return found == by_host_.end() || found->second->expires <= now ? nullptr
                                                                    : &found->second->answer;
  }

  bool WasSlow(const std::string& host) const {
    const auto found = by_host_.find(host);
    return found != by_host_.end() && found->second->slow;
  }

  void Put(const std::string& host, Answer answer, absl::Duration expires, bool slow) {
    if (max_entries_ == 0) return;
    const auto found = by_host_.find(host);
    if (found != by_host_.end()) {
      entries_.erase(found->second);
    } else if (entries_.size() >= max_entries_) {
      by_host_.erase(entries_.front().host);
      entries_.pop_front();
    }
    entries_.push_back({host, std::move(answer), expires, slow});
    by_host_[host] = std::prev(entries_.end());
  }

 private:
  struct Entry {
    std::string host;
    Answer answer;
    absl::Duration expires;
    bool slow;
  };

  const size_t max_entries_;
  std::list<Entry> entries_;  // in the order of Put
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_host_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_ANSWER_CACHE_H_
