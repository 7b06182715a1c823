#include "tests/bench/process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace webhookd {
namespace {

// Replaces this process.
[[noreturn]] void Execute(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

void PinToCpu(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  sched_setaffinity(0, sizeof(set), &set);
}

absl::Duration ProcessCpuTime(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::stringstream text;
  text << file.rdbuf();
  // The name may hold spaces, the fields behind it do not; utime and stime are the 12th and 13th.
  const std::string line = text.str();
  const std::vector<std::string> fields =
      absl::StrSplit(line.substr(line.rfind(')') + 1), ' ', absl::SkipEmpty());
  const double ticks = std::atof(fields[11].c_str()) + std::atof(fields[12].c_str());
  return absl::Seconds(ticks / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

std::map<std::string, absl::Duration> ThreadCpuTimes(pid_t pid) {
  std::map<std::string, absl::Duration> times;
  std::error_code error;
  for (const auto& task :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/task"), error)) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm") >> std::ws, name);
    int64_t nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    times[name] += absl::Nanoseconds(nanoseconds);
  }
  return times;
}

absl::Duration ChildrenCpuTime() {
  rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

int64_t ProcessResidentBytes(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/statm"));
  int64_t size = 0;
  int64_t resident = 0;
  file >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::string CommandOutput(const std::vector<std::string>& command, int cpu) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    PinToCpu(cpu);
    Execute(command);
  }
  close(ends[1]);
  std::string output;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof(buffer))) > 0;) {
    output.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  waitpid(pid, nullptr, 0);
  return output;
}

WebhookdUnderTest::WebhookdUnderTest(const std::string& program, std::vector<std::string> arguments,
                                     int cpu) {
  arguments.insert(arguments.begin(), {program, "--config-file=", "--port=0"});
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    PinToCpu(cpu);
    Execute(arguments);
  }
  close(ends[1]);
  // "webhookd 0.1.0 listening on 127.0.0.1:8080, database …"
  std::string line;
  for (char c; read(ends[0], &c, 1) == 1 && c != '\n';) line.push_back(c);
  close(ends[0]);
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  if (words.size() < 5) {
    std::cerr << program << " does not start\n";
    std::abort();
  }
  address_ = words[4].substr(0, words[4].size() - 1);
}

WebhookdUnderTest::~WebhookdUnderTest() {
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

void WebhookdUnderTest::Kill() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace webhookd
