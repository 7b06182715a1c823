#include "base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace webhookd {
namespace {

absl::Status Check(const absl::Status& status, int& evaluations) {
  const auto evaluate = [&] {
    ++evaluations;
    return status;
  };
  RETURN_IF_ERROR(evaluate());
  return absl::OkStatus();
}

TEST(ReturnIfError, ReturnsTheErrorAndEvaluatesOnce) {
  int evaluations = 0;
  EXPECT_EQ(Check(absl::NotFoundError("no webhook 5"), evaluations),
            absl::NotFoundError("no webhook 5"));
  EXPECT_EQ(evaluations, 1);
}

TEST(ReturnIfError, GoesOnWhenAllIsWell) {
  int evaluations = 0;
  EXPECT_TRUE(Check(absl::OkStatus(), evaluations).ok());
  EXPECT_EQ(evaluations, 1);
}

TEST(ReturnIfError, IsOneStatement) {
  const auto check = [](bool wrong) -> absl::Status {
    if (wrong)
      RETURN_IF_ERROR(absl::InternalError("x"));
    else
      return absl::CancelledError("y");
    return absl::OkStatus();
  };
  EXPECT_EQ(check(true).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(check(false).code(), absl::StatusCode::kCancelled);
}

absl::StatusOr<int> Sum(absl::StatusOr<int> a, absl::StatusOr<int> b) {
  ASSIGN_OR_RETURN(const int first, a);
  ASSIGN_OR_RETURN(const int second, b);
  return first + second;
}

TEST(AssignOrReturn, AssignsOrReturnsTheFirstError) {
  EXPECT_EQ(Sum(1, 2).value(), 3);
  EXPECT_EQ(Sum(absl::DataLossError("a"), absl::InternalError("b")).status(),
            absl::DataLossError("a"));
  EXPECT_EQ(Sum(1, absl::InternalError("b")).status(), absl::InternalError("b"));
}

TEST(AssignOrReturn, MovesTheValue) {
  const auto move = []() -> absl::StatusOr<std::unique_ptr<std::string>> {
    absl::StatusOr<std::unique_ptr<std::string>> made = std::make_unique<std::string>("body");
    std::unique_ptr<std::string> mine;
    ASSIGN_OR_RETURN(mine, std::move(made));
    return mine;
  };
  EXPECT_EQ(*move().value(), "body");
}

}  // namespace
}  // namespace webhookd
