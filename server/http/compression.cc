#include "server/http/compression.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "server/http/gzip.h"

namespace webhookd {
namespace {

// Less does not shrink by a packet.
constexpr size_t kMinBytes = 1'024;

bool IsText(absl::string_view content_type) {
  return absl::StartsWithIgnoreCase(content_type, "text/") ||
         absl::StartsWithIgnoreCase(content_type, "application/json") ||
         absl::StartsWithIgnoreCase(content_type, "application/javascript") ||
         absl::StartsWithIgnoreCase(content_type, "image/svg");
}

bool IsWorthPacking(const WebResponse& response) {
  if (response.body.size() < kMinBytes || response.status == 206) return false;
  bool text = false;
  for (const WebHeader& header : response.headers) {
    // Whoever sets these settles the encoding.
    if (absl::EqualsIgnoreCase(header.name, "content-encoding")) return false;
    if (absl::EqualsIgnoreCase(header.name, "etag")) return false;
    if (absl::EqualsIgnoreCase(header.name, "content-type")) text = IsText(header.value);
  }
  return text;
}

}  // namespace

void Compress(WebResponse& response, bool accepts_gzip) {
  if (!IsWorthPacking(response)) return;
  response.headers.push_back({"Vary", "Accept-Encoding"});
  if (!accepts_gzip) return;
  std::string packed = Gzip(response.body);
  if (packed.empty() || packed.size() >= response.body.size()) return;
  response.body = std::move(packed);
  response.headers.push_back({"Content-Encoding", "gzip"});
}

}  // namespace webhookd
