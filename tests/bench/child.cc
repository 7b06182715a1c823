#include "tests/bench/child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "tests/bench/process.h"

namespace webhookd {

std::vector<double> InChild(int cpu, const std::function<void(std::ostream&)>& work) {
  int ends[2];
  if (pipe(ends) != 0) GiveUp("no pipe");
  const pid_t pid = fork();
  if (pid == 0) {
    PinToCpu(cpu);
    std::ostringstream out;
    work(out);
    const std::string text = out.str();
    if (write(ends[1], text.data(), text.size()) < 0) _exit(1);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0) GiveUp("a measurement failed");
  std::istringstream in(text);
  std::vector<double> numbers;
  for (double number; in >> number;) numbers.push_back(number);
  return numbers;
}

void GiveUp(const std::string& what) {
  std::cerr << what << "\n";
  std::exit(1);
}

double Percentile(std::vector<double> values, double percent) {
  if (values.empty()) GiveUp("nothing was measured");
  std::sort(values.begin(), values.end());
  const auto index = static_cast<size_t>(percent / 100 * static_cast<double>(values.size()));
  return values[std::min(index, values.size() - 1)];
}

double Median(std::vector<double> values) { return Percentile(std::move(values), 50); }

}  // namespace webhookd
