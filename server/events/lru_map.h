#ifndef WEBHOOKD_SERVER_EVENTS_LRU_MAP_H_
#define WEBHOOKD_SERVER_EVENTS_LRU_MAP_H_

#include <cstddef>
#include <list>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace webhookd {

// A map of at most `capacity` entries: a new one pushes out the one that was not used for longest.
// Not thread-safe.
template <typename Key, typename Value>
class LruMap {
 public:
  explicit LruMap(size_t capacity) : capacity_(capacity) {}

  // Uses the entry. Null if there is none; the pointer holds until the next change.
  template <typename K>
  Value* Find(const K& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.end(), entries_, found->second);
    return &found->second->second;
  }

  // Adds the entry, or replaces its value, and uses it.
  Value& Set(const Key& key, Value value) {
    const auto [place, is_new] = places_.try_emplace(key);
    if (!is_new) {
      entries_.splice(entries_.end(), entries_, place->second);
      return place->second->second = std::move(value);
    }
    if (entries_.size() >= capacity_ && !entries_.empty()) {
      // The new entry takes over the node of the one that goes. Erasing moves no other place.
      const typename Entries::iterator oldest = entries_.begin();
      places_.erase(oldest->first);
      *oldest = {key, std::move(value)};
      entries_.splice(entries_.end(), entries_, oldest);
    } else {
      entries_.emplace_back(key, std::move(value));
    }
    place->second = std::prev(entries_.end());
    return entries_.back().second;
  }

  void Erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }

  size_t size() const { return entries_.size(); }

  using Entries = std::list<std::pair<Key, Value>>;
  // The next to go first. Looking at them does not use them.
  const Entries& entries() const { return entries_; }

 private:
  const size_t capacity_;
  Entries entries_;
  absl::flat_hash_map<Key, typename Entries::iterator> places_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_EVENTS_LRU_MAP_H_
