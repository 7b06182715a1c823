#ifndef WEBHOOKD_TESTS_TESTING_PATHS_H_
#define WEBHOOKD_TESTS_TESTING_PATHS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// A file of the source tree: SourcePath("tests/vectors/x.json").
std::string SourcePath(absl::string_view file);

// A program of the build that the test belongs to: ProgramPath("webhookd").
std::string ProgramPath(absl::string_view program);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_TESTING_PATHS_H_
