#ifndef WEBHOOKD_SERVER_PAGE_PAGE_H_
#define WEBHOOKD_SERVER_PAGE_PAGE_H_

#include <vector>

#include "absl/types/optional.h"
#include "server/gateway/web.h"
#include "server/page/page_files.h"

namespace webhookd {

// Answers a GET or HEAD of the page for people: /, /det and everything below /det. None for all
// other requests. Thread-safe.
//
// A file is named by its content and kept for a year; any path below /det that is no file is the
// page itself, which finds out by its own means what to show there. The page may load nothing from
// elsewhere and runs nothing but its own scripts (Content-Security-Policy). Built without the page,
// it says how to build with it.
absl::optional<WebResponse> ServePage(const WebRequest& request);

// The same of other files, for tests. `files` outlive the process.
absl::optional<WebResponse> ServePageFrom(const std::vector<PageFile>& files,
                                          const WebRequest& request);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_PAGE_PAGE_H_
