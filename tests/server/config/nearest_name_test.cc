#include "server/config/nearest_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace webhookd {
namespace {

const std::vector<std::string>& Known() {
  static const auto& known = *new std::vector<std::string>{
      "port", "log", "log.level", "webhooks", "webhooks.signing_key", "delivery.timeout"};
  return known;
}

TEST(NearestName, FindsTypos) {
  EXPECT_EQ(NearestName("prot", Known()), "port");
  EXPECT_EQ(NearestName("webhoks.signing_key", Known()), "webhooks.signing_key");
  EXPECT_EQ(NearestName("Webhooks.SigningKey", Known()), "webhooks.signing_key");
  EXPECT_EQ(NearestName("log-level", Known()), "log.level");
}

TEST(NearestName, FindsTheRightNameInTheWrongSection) {
  EXPECT_EQ(NearestName("timeout", Known()), "delivery.timeout");
  EXPECT_EQ(NearestName("somewhere.else.timeout", Known()), "delivery.timeout");
}

TEST(NearestName, FindsNothingWhenNothingIsNear) {
  EXPECT_EQ(NearestName("resource_manager", Known()), "");
  EXPECT_EQ(NearestName("", {"timeout"}), "");
  EXPECT_EQ(NearestName(std::string(1'000'000, 'x'), Known()), "");
  EXPECT_EQ(NearestName("port", {}), "");
}

TEST(DidYouMean, IsAnEndingOrNothing) {
  EXPECT_EQ(DidYouMean("prot", Known()), "; did you mean port?");
  EXPECT_EQ(DidYouMean("resource_manager", Known()), "");
}

}  // namespace
}  // namespace webhookd
