#include "tests/testing/paths.h"

#include "absl/strings/str_cat.h"

namespace webhookd {

// Only this file is compiled with the checkout's own paths, so that a compiler cache serves every
// checkout.
std::string SourcePath(absl::string_view file) {
  return absl::StrCat(WEBHOOKD_SOURCE_DIR, "/", file);
}

std::string ProgramPath(absl::string_view program) {
  return absl::StrCat(WEBHOOKD_BIN_DIR, "/", program);
}

}  // namespace webhookd
