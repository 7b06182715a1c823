#include "server/rpc/grpc_status.h"

#include <gtest/gtest.h>

#include <string>

namespace webhookd {
namespace {

TEST(ToGrpcStatus, KeepsEveryCode) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status status =
        ToGrpcStatus(absl::Status(static_cast<absl::StatusCode>(code), "why"));
    EXPECT_EQ(status.error_code(), code);
    EXPECT_EQ(status.error_message(), "why");
  }
}

TEST(ToGrpcStatus, CutsLongMessagesBetweenCharacters) {
  std::string message;
  while (message.size() < 10'000) message += "é";
  const grpc::Status status = ToGrpcStatus(absl::InternalError(message));
  EXPECT_LE(status.error_message().size(), 2'000u);
  EXPECT_GE(status.error_message().size(), 1'990u);
  EXPECT_EQ(status.error_message().substr(status.error_message().size() - 5), "é…");
}

TEST(ToGrpcStatus, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(ToGrpcStatus(absl::InternalError("a\xff"
                                             "b"))
                .error_message(),
            "a\ufffdb");
}

}  // namespace
}  // namespace webhookd
