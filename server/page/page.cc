#include "server/page/page.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/http/gzip.h"
#include "server/http/static_file.h"

namespace webhookd {
namespace {

constexpr absl::string_view kRoot = "/det";
constexpr absl::string_view kIndex = "index.html";
constexpr absl::string_view kAssets = "assets/";
constexpr size_t kMaxFileBytes = 16 << 20;

// Only what this server sends, and nothing inline. The page's forms go through its own script.
constexpr absl::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

constexpr absl::string_view kHowToBuild = R"(<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>webhookd</title></head>
<body>
<h1>This webhookd was built without its page</h1>
<p>To have it, install Node.js 18 or newer with npm, then build again:</p>
<pre>apt-get install nodejs npm
make build</pre>
<p>The API at /api/v1 and the program <code>webhookctl</code> do not need it.</p>
</body>
</html>
)";

// The files of the page, ready to be sent.
class Page {
 public:
  explicit Page(const std::vector<PageFile>& files) {
    for (const PageFile& file : files) {
      absl::StatusOr<std::string> content = Gunzip(file.packed, kMaxFileBytes);
      if (!content.ok()) continue;  // page_test looks at every file
      const auto caching = absl::StartsWith(file.path, kAssets) ? StaticFile::Caching::kImmutable
                                                                : StaticFile::Caching::kRevalidate;
      files_[std::string(file.path)] = std::make_unique<const StaticFile>(
          std::string(file.content_type), *std::move(content), caching);
    }
    std::unique_ptr<const StaticFile>& index = files_[std::string(kIndex)];
    if (index == nullptr) {
      index = std::make_unique<const StaticFile>(
          "text/html; charset=utf-8", std::string(kHowToBuild), StaticFile::Caching::kRevalidate);
    }
  }

  // `path` is below /det/.
  WebResponse Answer(absl::string_view path, const WebRequest& request) const {
    const auto file = files_.find(std::string(path));
    if (file != files_.end()) return file->second->Answer(request);
    // A file of another version of the page; the page itself in its place would be run as a script.
    if (absl::StartsWith(path, kAssets)) {
      WebResponse missing;
      missing.status = 404;
      missing.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                         {"Cache-Control", "no-store"}};
      missing.body = "This file is not part of the current version of the page: reload the page.\n";
      return missing;
    }
    return files_.find(std::string(kIndex))->second->Answer(request);
  }

 private:
  std::map<std::string, std::unique_ptr<const StaticFile>> files_;
};

absl::optional<WebResponse> Serve(const Page& page, const WebRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") return absl::nullopt;
  if (request.path == "/" || request.path.empty()) {
    WebResponse moved;
    moved.status = 301;
    moved.headers = {{"Location", std::string(kRoot)}};
    return moved;
  }
  absl::string_view path = request.path;
  if (!absl::ConsumePrefix(&path, kRoot)) return absl::nullopt;
  if (!path.empty() && !absl::ConsumePrefix(&path, "/")) return absl::nullopt;  // "/details"
  WebResponse response = page.Answer(path, request);
  response.headers.push_back({"Content-Security-Policy", std::string(kPolicy)});
  response.headers.push_back({"Referrer-Policy", "same-origin"});
  response.headers.push_back({"Cross-Origin-Opener-Policy", "same-origin"});
  return response;
}

}  // namespace

absl::optional<WebResponse> ServePage(const WebRequest& request) {
  static const Page& page = *new Page(PageFiles());
  return Serve(page, request);
}

absl::optional<WebResponse> ServePageFrom(const std::vector<PageFile>& files,
                                          const WebRequest& request) {
  return Serve(Page(files), request);
}

}  // namespace webhookd
