#ifndef WEBHOOKD_BASE_PERSISTENT_ARRAY_H_
#define WEBHOOKD_BASE_PERSISTENT_ARRAY_H_

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace webhookd {

// 1,024 immutable values of a type whose default is right for most of them and whose copies cost
// little. A copy of all costs nothing, a change the copies of 64 pointers or values. Const calls
// are thread-safe.
template <typename T>
class PersistentArray {
 public:
  static constexpr size_t kSize = 1'024;

  // The default if it was never set. `place` is below kSize.
  const T& operator[](size_t place) const {
    static const T& missing = *new T();
    if (root_ == nullptr) return missing;
    const std::shared_ptr<const Leaf>& leaf = (*root_)[place / kFan];
    return leaf == nullptr ? missing : (*leaf)[place % kFan];
  }

  void Set(size_t place, T value) {
    auto root = root_ == nullptr ? std::make_shared<Root>() : std::make_shared<Root>(*root_);
    std::shared_ptr<const Leaf>& old = (*root)[place / kFan];
    auto leaf = old == nullptr ? std::make_shared<Leaf>() : std::make_shared<Leaf>(*old);
    (*leaf)[place % kFan] = std::move(value);
    old = std::move(leaf);
    root_ = std::move(root);
  }

 private:
  static constexpr size_t kFan = 32;
  static_assert(kFan * kFan == kSize);

  using Leaf = std::array<T, kFan>;
  using Root = std::array<std::shared_ptr<const Leaf>, kFan>;

  std::shared_ptr<const Root> root_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_BASE_PERSISTENT_ARRAY_H_
