#include "server/rpc/grpc_status.h"

#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "server/rpc/rpc_error.h"

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

TEST(ToGrpcStatus, CarriesDetailsAsGoogleRpcStatus) {
  absl::Status status = absl::InvalidArgumentError("why");
  google::protobuf::StringValue value;
  value.set_value("x");
  AddDetail(value, status);
  // code 3, message "why", and an Any with the URL of the type and the value.
  const std::string url = "type.googleapis.com/google.protobuf.StringValue";
  const std::string any =
      "\x0a" + std::string(1, static_cast<char>(url.size())) + url + "\x12\x03\x0a\x01x";
  EXPECT_EQ(ToGrpcStatus(status).error_details(),
            "\x08\x03\x12\x03why\x1a" + std::string(1, static_cast<char>(any.size())) + any);
  EXPECT_EQ(ToGrpcStatus(absl::InternalError("why")).error_details(), "");
}

}  // namespace
}  // namespace webhookd
