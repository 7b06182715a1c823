#include "server/openapi/documented_api.h"

#include <google/protobuf/descriptor.pb.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"

namespace webhookd {

absl::StatusOr<std::unique_ptr<DocumentedApi>> DocumentedApi::Create(
    const std::vector<std::string>& services, GatewayProfile profile) {
  std::unique_ptr<DocumentedApi> api(new DocumentedApi());
  google::protobuf::FileDescriptorSet files;
  const absl::string_view bytes = ApiDescriptors();
  if (!files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InternalError("the embedded description of the API cannot be read");
  }
  // Each file stands behind those that it imports.
  for (const google::protobuf::FileDescriptorProto& file : files.file()) {
    if (api->pool_.BuildFile(file) == nullptr) {
      return absl::InternalError(
          absl::StrCat("the embedded description of ", file.name(), " is wrong"));
    }
  }
  for (const std::string& name : services) {
    const google::protobuf::ServiceDescriptor* service = api->pool_.FindServiceByName(name);
    if (service == nullptr) {
      return absl::InternalError(absl::StrCat("the embedded description lacks ", name));
    }
    api->services_.push_back(service);
  }
  ASSIGN_OR_RETURN(api->routes_, RouteTable::Create(api->services_, profile));
  return api;
}

std::string CommentOf(const google::protobuf::SourceLocation& location) {
  std::vector<std::string> paragraphs(1);
  for (const absl::string_view line : absl::StrSplit(location.leading_comments, '\n')) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (text.empty()) {
      if (!paragraphs.back().empty()) paragraphs.emplace_back();
      continue;
    }
    absl::StrAppend(&paragraphs.back(), paragraphs.back().empty() ? "" : " ", text);
  }
  if (paragraphs.back().empty()) paragraphs.pop_back();
  return absl::StrJoin(paragraphs, "\n\n");
}

}  // namespace webhookd
