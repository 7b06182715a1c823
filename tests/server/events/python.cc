#include "tests/server/events/python.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace webhookd {

std::vector<std::string> RunPython(absl::string_view script,
                                   const std::vector<std::string>& lines) {
  std::string folder = testing::TempDir() + "/pythonXXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    ADD_FAILURE() << "no temporary folder " << folder;
    return {};
  }
  std::ofstream(folder + "/script.py") << script;
  {
    std::ofstream input(folder + "/input");
    for (const std::string& line : lines) input << line << '\n';
  }
  const std::string command = absl::StrCat("python3 '", folder, "/script.py' < '", folder,
                                           "/input' > '", folder, "/output'");
  const int status = std::system(command.c_str());
  EXPECT_EQ(status, 0) << "python3 failed";
  std::vector<std::string> printed;
  std::ifstream output(folder + "/output");
  for (std::string line; std::getline(output, line);) printed.push_back(std::move(line));
  std::filesystem::remove_all(folder);
  return printed;
}

std::vector<std::string> NotFixedPoints(const std::vector<std::string>& bodies) {
  // Each line of output stands for a line of input, so that a script that printed nothing is no
  // proof.
  const std::vector<std::string> again = RunPython(R"(
import json, sys
for line in sys.stdin.buffer:
    print(json.dumps(separators=(",", ":"), obj=json.loads(line)))
)",
                                                   bodies);
  EXPECT_EQ(again.size(), bodies.size());
  std::vector<std::string> changed;
  for (size_t i = 0; i < bodies.size() && i < again.size(); ++i) {
    if (again[i] != bodies[i]) changed.push_back(bodies[i]);
  }
  return changed;
}

}  // namespace webhookd
