#include "base/persistent_array.h"

#include <gtest/gtest.h>

#include <string>

namespace webhookd {
namespace {

TEST(PersistentArray, HoldsDefaultsAtFirst) {
  const PersistentArray<std::string> array;
  EXPECT_EQ(array[0], "");
  EXPECT_EQ(array[PersistentArray<std::string>::kSize - 1], "");
}

TEST(PersistentArray, AChangeLeavesTheCopyAsItWas) {
  PersistentArray<std::string> array;
  array.Set(5, "a");
  array.Set(6, "b");
  const PersistentArray<std::string> copy = array;
  array.Set(6, "c");
  array.Set(1'023, "d");
  EXPECT_EQ(copy[5], "a");
  EXPECT_EQ(copy[6], "b");
  EXPECT_EQ(copy[1'023], "");
  EXPECT_EQ(array[5], "a");
  EXPECT_EQ(array[6], "c");
  EXPECT_EQ(array[1'023], "d");
  EXPECT_EQ(array[7], "");
}

}  // namespace
}  // namespace webhookd
