#include "base/quoted.h"

#include <gtest/gtest.h>

#include <string>

namespace webhookd {
namespace {

TEST(Quoted, ShowsAShortValueWhole) {
  EXPECT_EQ(Quoted(""), R"("")");
  EXPECT_EQ(Quoted("DONE"), R"("DONE")");
  EXPECT_EQ(Quoted("fertig ✅"), R"("fertig ✅")");
}

TEST(Quoted, EscapesWhatWouldSpoilALine) {
  EXPECT_EQ(Quoted("a\"b\n\x01"), R"("a\"b\n\001")");
  EXPECT_EQ(Quoted("\xFF\xED\xA0\x80"), R"("\xff\xed\xa0\x80")");
}

TEST(Quoted, ShowsTheBeginningAndTheLengthOfALongValue) {
  EXPECT_EQ(Quoted(std::string(80, 'x')), "\"" + std::string(80, 'x') + "\"");
  EXPECT_EQ(Quoted(std::string(2000000, 'x')), "\"" + std::string(80, 'x') + "…\" (2000000 bytes)");
  EXPECT_EQ(Quoted(std::string(79, 'x') + "éé"), "\"" + std::string(79, 'x') + "…\" (83 bytes)");
}

}  // namespace
}  // namespace webhookd
