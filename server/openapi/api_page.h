#ifndef WEBHOOKD_SERVER_OPENAPI_API_PAGE_H_
#define WEBHOOKD_SERVER_OPENAPI_API_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/openapi/documented_api.h"

namespace webhookd {

// The style of the page, the only one there is in it.
absl::string_view ApiPageStyle();

// The API over REST as a page for people, in HTML without scripts and without anything from
// elsewhere: every route with its parameters and messages, and every message.
std::string RenderApiPage(const DocumentedApi& api, absl::string_view version);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_OPENAPI_API_PAGE_H_
