#include "server/rpc/grpc_status.h"

#include <string>

#include "server/rpc/rpc_error.h"

namespace webhookd {
namespace {

// Messages travel percent-encoded in trailers, which clients refuse above 8 KB by default; every
// byte may become three.
constexpr size_t kMaxMessageBytes = 2'000;

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // Both libraries number the canonical codes alike.
  return grpc::Status(static_cast<grpc::StatusCode>(status.raw_code()),
                      Shortened(status.message(), kMaxMessageBytes));
}

}  // namespace webhookd
