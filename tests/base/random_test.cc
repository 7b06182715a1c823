#include "base/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace webhookd {
namespace {

// Gives these numbers, and then the last one for ever.
class FixedBits final : public RandomBits {
 public:
  explicit FixedBits(std::vector<uint64_t> bits) : bits_(std::move(bits)) {}

  uint64_t Next() override {
    const uint64_t next = bits_.front();
    if (bits_.size() > 1) bits_.erase(bits_.begin());
    return next;
  }

 private:
  std::vector<uint64_t> bits_;
};

TEST(RandomUuid, SetsVersionAndVariantAndKeepsTheOtherBits) {
  FixedBits zeros({0});
  EXPECT_EQ(RandomUuid(zeros), "00000000-0000-4000-8000-000000000000");
  FixedBits ones({~uint64_t{0}});
  EXPECT_EQ(RandomUuid(ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  FixedBits mixed({0x0123456789abcdef, 0xfedcba9876543210});
  EXPECT_EQ(RandomUuid(mixed), "01234567-89ab-4def-bedc-ba9876543210");
}

TEST(TimeOrderedUuid, BeginsWithTheMilliseconds) {
  FixedBits ones({~uint64_t{0}});
  // The example of RFC 9562, appendix A.6, whose time is 2022-02-22 19:22:22 UTC.
  EXPECT_EQ(TimeOrderedUuid(absl::FromUnixMillis(0x017F22E279B0), ones),
            "017f22e2-79b0-7fff-bfff-ffffffffffff");
  FixedBits zeros({0});
  EXPECT_EQ(TimeOrderedUuid(absl::UnixEpoch(), zeros), "00000000-0000-7000-8000-000000000000");
}

TEST(TimeOrderedUuid, IsUniqueWithinAMillisecond) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(TimeOrderedUuid(absl::UnixEpoch(), SecureRandom()));
  EXPECT_EQ(ids.size(), 1000);
}

TEST(RandomHex, WritesEveryDigit) {
  FixedBits bits({0, 0x00f0123456789abc});
  EXPECT_EQ(RandomHex(bits, 8), "0000000000000000");
  EXPECT_EQ(RandomHex(bits, 8), "00f0123456789abc");
  EXPECT_EQ(RandomHex(bits, 32).size(), 64);
  EXPECT_EQ(RandomHex(bits, 0), "");
}

TEST(SecureRandom, DoesNotRepeat) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(RandomUuid(SecureRandom()));
  EXPECT_EQ(ids.size(), 1000);
  for (const std::string& id : ids) {
    EXPECT_THAT(id, testing::MatchesRegex(
                        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  }
}

TEST(SecureRandom, AChildGivesOtherBitsThanItsParent) {
  SecureRandom().Next();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const uint64_t bits = SecureRandom().Next();
    _exit(write(ends[1], &bits, sizeof(bits)) == sizeof(bits) ? 0 : 1);
  }
  uint64_t childs = 0;
  ASSERT_EQ(read(ends[0], &childs, sizeof(childs)), sizeof(childs));
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  for (int i = 0; i < 100; ++i) EXPECT_NE(SecureRandom().Next(), childs);
}

TEST(SecureRandom, UsesEveryBit) {
  uint64_t seen_one = 0;
  uint64_t seen_zero = 0;
  for (int i = 0; i < 200; ++i) {
    const uint64_t bits = SecureRandom().Next();
    seen_one |= bits;
    seen_zero |= ~bits;
  }
  EXPECT_EQ(seen_one, ~uint64_t{0});
  EXPECT_EQ(seen_zero, ~uint64_t{0});
}

}  // namespace
}  // namespace webhookd
