#ifndef WEBHOOKD_TESTS_SERVER_EVENTS_PYTHON_H_
#define WEBHOOKD_TESTS_SERVER_EVENTS_PYTHON_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace webhookd {

// Runs `script` by the python3 of the PATH, in one process, with `lines` (without line breaks) on
// its standard input, and gives the lines that it printed. A script that fails fails the test.
std::vector<std::string> RunPython(absl::string_view script, const std::vector<std::string>& lines);

// The bodies that Python's json.dumps(json.loads(body), separators=(",", ":")) does not give back
// unchanged: none, if all is well.
std::vector<std::string> NotFixedPoints(const std::vector<std::string>& bodies);

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_SERVER_EVENTS_PYTHON_H_
