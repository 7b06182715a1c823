#ifndef WEBHOOKD_BASE_PERSISTENT_MAP_H_
#define WEBHOOKD_BASE_PERSISTENT_MAP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"

namespace webhookd {

// An immutable map, by ascending keys. A copy costs nothing. A changed one costs O(log n) and
// shares the rest with the old one, so that the differences of two that come from each other are
// found in O(differences × log n). Thread-safe, as everything that nobody changes.
//
// It is a treap whose priorities are hashes of the keys: equal contents have equal shapes, whatever
// changes led to them.
template <typename Key, typename Value>
class PersistentMap {
  struct Node;
  using NodePtr = std::shared_ptr<const Node>;

 public:
  using value_type = std::pair<const Key, Value>;

  // Goes over the entries of a map, which must outlive it.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = PersistentMap::value_type;
    using difference_type = ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    reference operator*() const { return path_.back()->entry; }
    pointer operator->() const { return &path_.back()->entry; }
    Iterator& operator++() {
      const Node* const node = path_.back();
      path_.pop_back();
      Descend(node->right.get());
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.Place() == b.Place(); }

   private:
    friend class PersistentMap;

    const Node* Place() const { return path_.empty() ? nullptr : path_.back(); }
    void Descend(const Node* node) {
      for (; node != nullptr; node = node->left.get()) path_.push_back(node);
    }

    std::vector<const Node*> path_;  // the entry, and those above it that are yet to come
  };

  bool empty() const { return root_ == nullptr; }
  size_t size() const { return SizeOf(root_); }

  // Null if there is none.
  template <typename K>
  const Value* Find(const K& key) const {
    const Node* node = root_.get();
    while (node != nullptr) {
      if (key < node->entry.first) {
        node = node->left.get();
      } else if (node->entry.first < key) {
        node = node->right.get();
      } else {
        return &node->entry.second;
      }
    }
    return nullptr;
  }

  // For the algorithms and matchers that ask for it.
  using const_iterator = Iterator;

  Iterator begin() const {
    Iterator first;
    first.Descend(root_.get());
    return first;
  }
  Iterator end() const { return {}; }

  // The first entry whose key is not before `key`.
  template <typename K>
  Iterator LowerBound(const K& key) const {
    Iterator found;
    const Node* node = root_.get();
    while (node != nullptr) {
      if (node->entry.first < key) {
        node = node->right.get();
      } else {
        found.path_.push_back(node);
        node = node->left.get();
      }
    }
    return found;
  }

  void Set(Key key, Value value) {
    const uint64_t priority = absl::HashOf(key);
    root_ = Insert(root_, std::make_shared<const Node>(std::move(key), std::move(value), priority,
                                                       nullptr, nullptr));
  }
  void Erase(const Key& key) { root_ = Erase(root_, key); }

  // Whether they are one and the same, which equal ones need not be.
  bool SharesAllWith(const PersistentMap& other) const { return root_ == other.root_; }

  // Calls `call(key, const Value* before, const Value* after)`, in the order of the keys, where the
  // values differ; null for none.
  template <typename Call>
  static void ForEachDifference(const PersistentMap& before, const PersistentMap& after,
                                const Call& call) {
    Compare(before.root_, after.root_, call);
  }

 private:
  struct Node {
    Node(Key key, Value value, uint64_t the_priority, NodePtr the_left, NodePtr the_right)
        : entry(std::move(key), std::move(value)),
          priority(the_priority),
          left(std::move(the_left)),
          right(std::move(the_right)),
          size(1 + SizeOf(left) + SizeOf(right)) {}

    const value_type entry;
    const uint64_t priority;
    const NodePtr left;
    const NodePtr right;
    const size_t size;
  };

  static size_t SizeOf(const NodePtr& node) { return node == nullptr ? 0 : node->size; }

  // Whether `a` stands above `b`.
  static bool Above(const Node& a, const Node& b) {
    return std::tie(a.priority, a.entry.first) < std::tie(b.priority, b.entry.first);
  }

  static NodePtr With(const Node& node, NodePtr left, NodePtr right) {
    return std::make_shared<const Node>(node.entry.first, node.entry.second, node.priority,
                                        std::move(left), std::move(right));
  }

  // What is before and what is behind `key`. An entry with the key itself is left out.
  static std::pair<NodePtr, NodePtr> Split(const NodePtr& node, const Key& key) {
    if (node == nullptr) return {};
    if (node->entry.first < key) {
      auto [before, behind] = Split(node->right, key);
      return {With(*node, node->left, std::move(before)), std::move(behind)};
    }
    if (key < node->entry.first) {
      auto [before, behind] = Split(node->left, key);
      return {std::move(before), With(*node, std::move(behind), node->right)};
    }
    return {node->left, node->right};
  }

  // All of `left` is before all of `right`.
  static NodePtr Merge(const NodePtr& left, const NodePtr& right) {
    if (left == nullptr) return right;
    if (right == nullptr) return left;
    if (Above(*left, *right)) return With(*left, left->left, Merge(left->right, right));
    return With(*right, Merge(left, right->left), right->right);
  }

  static NodePtr Insert(const NodePtr& node, const NodePtr& added) {
    if (node == nullptr) return added;
    const Key& key = added->entry.first;
    const bool before = key < node->entry.first;
    if (!before && !(node->entry.first < key)) return With(*added, node->left, node->right);
    if (Above(*added, *node)) {
      auto [left, right] = Split(node, key);
      return With(*added, std::move(left), std::move(right));
    }
    if (before) return With(*node, Insert(node->left, added), node->right);
    return With(*node, node->left, Insert(node->right, added));
  }

  static NodePtr Erase(const NodePtr& node, const Key& key) {
    if (node == nullptr) return nullptr;
    if (key < node->entry.first) {
      NodePtr left = Erase(node->left, key);
      return left == node->left ? node : With(*node, std::move(left), node->right);
    }
    if (node->entry.first < key) {
      NodePtr right = Erase(node->right, key);
      return right == node->right ? node : With(*node, node->left, std::move(right));
    }
    return Merge(node->left, node->right);
  }

  static const Value* ValueIn(const NodePtr& node, const Key& key) {
    PersistentMap map;
    map.root_ = node;
    return map.Find(key);
  }

  template <typename Call>
  static void Compare(const NodePtr& before, const NodePtr& after, const Call& call) {
    if (before == after) return;
    const bool by_before = after == nullptr || (before != nullptr && Above(*before, *after));
    const NodePtr& top = by_before ? before : after;
    const NodePtr& other = by_before ? after : before;
    const Key& key = top->entry.first;
    const auto [other_before, other_behind] = Split(other, key);
    const Value* const in_other = ValueIn(other, key);
    const Value* const in_before = by_before ? &top->entry.second : in_other;
    const Value* const in_after = by_before ? in_other : &top->entry.second;
    Compare(by_before ? top->left : other_before, by_before ? other_before : top->left, call);
    if (in_before == nullptr || in_after == nullptr || !(*in_before == *in_after)) {
      call(key, in_before, in_after);
    }
    Compare(by_before ? top->right : other_behind, by_before ? other_behind : top->right, call);
  }

  NodePtr root_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_PERSISTENT_MAP_H_
