#ifndef WEBHOOKD_SERVER_PAGE_PAGE_FILES_H_
#define WEBHOOKD_SERVER_PAGE_PAGE_FILES_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace webhookd {

// A file of the page as client/web/tools/build.mjs put it into this program.
struct PageFile {
  absl::string_view path;  // below /det/: "index.html", "assets/index-5h2k.js"
  absl::string_view content_type;
  absl::string_view packed;  // gzip
};

// All of them; none if the program was built without the page.
const std::vector<PageFile>& PageFiles();

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_PAGE_PAGE_FILES_H_
