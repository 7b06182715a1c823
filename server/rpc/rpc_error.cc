#include "server/rpc/rpc_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace webhookd {
namespace {

constexpr absl::string_view kEllipsis = "…";

}  // namespace

std::string Shortened(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return ValidUtf8(text);
  return absl::StrCat(ValidUtf8(text.substr(0, max_bytes - kEllipsis.size())), kEllipsis);
}

absl::Status InvalidField(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, " ", problem));
}

void AddDetail(const google::protobuf::Message& detail, absl::Status& status) {
  status.SetPayload(absl::StrCat("type.googleapis.com/", detail.GetTypeName()),
                    absl::Cord(detail.SerializeAsString()));
}

absl::Status CheckId(absl::string_view field, int64_t id) {
  if (id >= 1) return absl::OkStatus();
  return InvalidField(field, absl::StrCat(id, " is not a valid number: numbers start at 1"));
}

}  // namespace webhookd
