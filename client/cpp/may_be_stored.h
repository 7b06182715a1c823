#ifndef WEBHOOKD_CLIENT_CPP_MAY_BE_STORED_H_
#define WEBHOOKD_CLIENT_CPP_MAY_BE_STORED_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace webhookd {

// The error of a report whose event may be stored all the same.
inline absl::Status MayBeStored(const absl::Status& error, absl::string_view idempotency_key) {
  return absl::Status(error.code(),
                      absl::StrCat(error.message(),
                                   "; the event may be stored: report it again with idempotency "
                                   "key ",
                                   idempotency_key));
}

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CPP_MAY_BE_STORED_H_
