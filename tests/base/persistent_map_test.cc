#include "base/persistent_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace webhookd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Map = PersistentMap<int, int>;
using Model = std::map<int, int>;

Model Contents(const Map& map) { return {map.begin(), map.end()}; }

// Every key that is in either, with the value in each (-1: none).
std::map<int, std::pair<int, int>> Differences(const Map& before, const Map& after) {
  std::map<int, std::pair<int, int>> differences;
  int last = -1;
  Map::ForEachDifference(before, after, [&](int key, const int* old, const int* value) {
    EXPECT_LT(last, key);
    last = key;
    differences[key] = {old == nullptr ? -1 : *old, value == nullptr ? -1 : *value};
  });
  return differences;
}

TEST(PersistentMap, IsEmptyAtFirst) {
  const Map map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.size(), 0u);
  EXPECT_EQ(map.Find(1), nullptr);
  EXPECT_TRUE(map.begin() == map.end());
  EXPECT_TRUE(map.LowerBound(0) == map.end());
}

TEST(PersistentMap, AChangeLeavesTheCopyAsItWas) {
  Map map;
  map.Set(2, 20);
  map.Set(1, 10);
  const Map copy = map;
  EXPECT_TRUE(copy.SharesAllWith(map));
  map.Set(2, 21);
  map.Set(3, 30);
  map.Erase(1);
  EXPECT_FALSE(copy.SharesAllWith(map));
  EXPECT_THAT(copy, ElementsAre(Pair(1, 10), Pair(2, 20)));
  EXPECT_THAT(map, ElementsAre(Pair(2, 21), Pair(3, 30)));
  map.Erase(7);
  EXPECT_THAT(map, ElementsAre(Pair(2, 21), Pair(3, 30)));
}

TEST(PersistentMap, FindsDifferences) {
  Map before;
  for (int i = 0; i < 1'000; ++i) before.Set(i, i);
  Map after = before;
  EXPECT_THAT(Differences(before, after), IsEmpty());
  after.Set(5, 6);
  after.Set(6, 6);  // as it was
  after.Erase(7);
  after.Set(2'000, 1);
  EXPECT_THAT(Differences(before, after),
              ElementsAre(Pair(5, Pair(5, 6)), Pair(7, Pair(7, -1)), Pair(2'000, Pair(-1, 1))));
  EXPECT_THAT(Differences({}, before), testing::SizeIs(1'000));
  EXPECT_THAT(Differences(before, {}), testing::SizeIs(1'000));
}

TEST(PersistentMap, LooksForKeysOfOtherTypes) {
  PersistentMap<std::string, int> map;
  map.Set("b", 1);
  EXPECT_EQ(*map.Find(std::string_view("b")), 1);
  EXPECT_EQ(map.LowerBound(std::string_view("a"))->first, "b");
  EXPECT_TRUE(map.LowerBound(std::string_view("c")) == map.end());
}

TEST(PersistentMap, DoesAsAMapDoes) {
  std::mt19937 random(1);
  const auto below = [&](int bound) { return static_cast<int>(random() % bound); };
  std::vector<std::pair<Map, Model>> states(1);
  for (int round = 0; round < 3'000; ++round) {
    auto [map, model] = states[below(static_cast<int>(states.size()))];
    for (int change = below(4); change >= 0; --change) {
      const int key = below(60);
      if (below(3) == 0) {
        map.Erase(key);
        model.erase(key);
      } else {
        const int value = below(3);
        map.Set(key, value);
        model[key] = value;
      }
    }
    ASSERT_EQ(map.size(), model.size());
    ASSERT_EQ(Contents(map), model);
    const int key = below(60);
    const auto found = model.find(key);
    ASSERT_EQ(map.Find(key) != nullptr, found != model.end());
    if (found != model.end()) {
      ASSERT_EQ(*map.Find(key), found->second);
    }
    Model rest;
    for (auto entry = map.LowerBound(key); !(entry == map.end()); ++entry) rest.insert(*entry);
    ASSERT_EQ(rest, Model(model.lower_bound(key), model.end()));

    const auto& [other, other_model] = states[below(static_cast<int>(states.size()))];
    std::map<int, std::pair<int, int>> expected;
    for (int k = 0; k < 60; ++k) {
      const int old = other_model.contains(k) ? other_model.at(k) : -1;
      const int value = model.contains(k) ? model.at(k) : -1;
      if (old != value) expected[k] = {old, value};
    }
    ASSERT_EQ(Differences(other, map), expected);
    if (states.size() < 20) {
      states.emplace_back(std::move(map), std::move(model));
    } else {
      states[below(20)] = {std::move(map), std::move(model)};
    }
  }
}

}  // namespace
}  // namespace webhookd
