#ifndef WEBHOOKD_CLIENT_CLI_LIST_PAGES_H_
#define WEBHOOKD_CLIENT_CLI_LIST_PAGES_H_

#include <google/protobuf/repeated_field.h>

#include <algorithm>
#include <cstdint>

#include "absl/status/statusor.h"
#include "base/status_macros.h"

namespace webhookd {

// Asks for pages by `list` until `limit` items are there (0: all) or none are left. A page may be
// short, or empty, and others follow all the same. The answer has the token of the page after it.
template <typename Request, typename Response, typename Item, typename List>
absl::StatusOr<Response> ListPages(int64_t limit, Request request,
                                   google::protobuf::RepeatedPtrField<Item>* (Response::*items)(),
                                   const List& list) {
  constexpr int64_t kMaxPageSize = 1'000;
  Response all;
  while (true) {
    const int64_t missing = limit == 0 ? kMaxPageSize : limit - (all.*items)()->size();
    request.set_page_size(static_cast<int>(std::min(missing, kMaxPageSize)));
    ASSIGN_OR_RETURN(Response page, list(request));
    (all.*items)()->MergeFrom(*(page.*items)());
    all.set_next_page_token(page.next_page_token());
    request.set_page_token(page.next_page_token());
    const bool enough = limit != 0 && (all.*items)()->size() >= limit;
    if (enough || page.next_page_token().empty()) return all;
  }
}

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_LIST_PAGES_H_
