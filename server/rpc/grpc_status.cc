#include "server/rpc/grpc_status.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "server/rpc/rpc_error.h"

namespace webhookd {
namespace {

// Messages travel percent-encoded in trailers, which clients refuse above 8 KB by default; every
// byte may become three.
constexpr size_t kMaxMessageBytes = 2'000;

using google::protobuf::internal::WireFormatLite;

// The payloads of `status` as a serialized google.rpc.Status (code 1, message 2, details 3), whose
// .proto file is none of ours; empty without payloads.
std::string DetailsOf(const absl::Status& status, const std::string& message) {
  std::vector<std::string> details;
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    google::protobuf::Any detail;
    detail.set_type_url(std::string(type_url));
    detail.set_value(std::string(payload));
    details.push_back(detail.SerializeAsString());
  });
  if (details.empty()) return "";
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream output(&stream);
    WireFormatLite::WriteInt32(1, status.raw_code(), &output);
    WireFormatLite::WriteString(2, message, &output);
    for (const std::string& detail : details) WireFormatLite::WriteBytes(3, detail, &output);
  }
  return bytes;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // Both libraries number the canonical codes alike.
  const std::string message = Shortened(status.message(), kMaxMessageBytes);
  return grpc::Status(static_cast<grpc::StatusCode>(status.raw_code()), message,
                      DetailsOf(status, message));
}

}  // namespace webhookd
