#include "tests/testing/webhookd_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/testing/last_resort.h"
#include "tests/testing/paths.h"

namespace webhookd {
namespace {

constexpr absl::Duration kPatience = kLastResort;

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// This program's environment without what would configure webhookd.
std::vector<std::string> PlainEnvironment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!absl::StartsWith(*entry, "DET_")) environment.emplace_back(*entry);
  }
  return environment;
}

}  // namespace

WebhookdProcess::WebhookdProcess(const std::vector<std::string>& arguments,
                                 const std::vector<std::string>& variables, Streams streams) {
  std::vector<std::string> command = {ProgramPath("webhookd")};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = PlainEnvironment();
  environment.insert(environment.end(), variables.begin(), variables.end());

  std::array<int, 2> output = {-1, -1};
  errors_path_ = absl::StrCat(::testing::TempDir(), "/webhookd-errors-XXXXXX");
  const int errors_fd = mkostemp(errors_path_.data(), O_CLOEXEC);
  if (pipe2(output.data(), O_CLOEXEC) != 0 || errors_fd < 0) std::abort();
  output_fd_ = output[0];

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, streams.output < 0 ? output[1] : streams.output,
                                   STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, streams.errors < 0 ? errors_fd : streams.errors,
                                   STDERR_FILENO);
  const int error = posix_spawn(&pid_, command[0].c_str(), &actions, nullptr,
                                Pointers(command).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  close(errors_fd);
  if (error != 0) {
    std::cerr << command[0] << " did not start: " << strerror(error) << std::endl;
    std::abort();
  }
  pid_fd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (pid_fd_ < 0) std::abort();
}

WebhookdProcess::~WebhookdProcess() {
  if (!exit_code_.has_value()) {
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(output_fd_);
  close(pid_fd_);
  unlink(errors_path_.c_str());
}

std::string WebhookdProcess::WaitUntilListening() {
  constexpr char kBefore[] = " listening on ";
  while (!absl::StrContains(output_, '\n')) {
    if (ReadOutput(kPatience) != Output::kMore) return "";
  }
  const size_t begin = output_.find(kBefore);
  if (begin == std::string::npos) return "";
  const size_t address = begin + sizeof(kBefore) - 1;
  return output_.substr(address, output_.find(',', address) - address);
}

void WebhookdProcess::Signal(int signal) const { kill(pid_, signal); }

int WebhookdProcess::WaitForEnd(absl::Duration patience) {
  if (exit_code_.has_value()) return *exit_code_;
  pollfd ended = {.fd = pid_fd_, .events = POLLIN};
  if (poll(&ended, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) != 1) {
    ADD_FAILURE() << "webhookd did not end in time: " << errors();
    Signal(SIGKILL);
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  while (ReadOutput(absl::ZeroDuration()) == Output::kMore) {
  }
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return *exit_code_;
}

std::string WebhookdProcess::errors() const {
  std::ostringstream text;
  text << std::ifstream(errors_path_).rdbuf();
  return text.str();
}

WebhookdProcess::Output WebhookdProcess::ReadOutput(absl::Duration patience) {
  pollfd readable = {.fd = output_fd_, .events = POLLIN};
  const int64_t milliseconds = std::max<int64_t>(absl::ToInt64Milliseconds(patience), 0);
  if (poll(&readable, 1, static_cast<int>(milliseconds)) != 1) return Output::kNothing;
  std::array<char, 4096> bytes;
  const ssize_t count = read(output_fd_, bytes.data(), bytes.size());
  if (count <= 0) return Output::kEnd;
  output_.append(bytes.data(), count);
  return Output::kMore;
}

size_t WebhookdProcess::PeakResidentBytes() const { return StatusNumber("VmHWM:") * 1024; }

int WebhookdProcess::Threads() const { return static_cast<int>(StatusNumber("Threads:")); }

size_t WebhookdProcess::StatusNumber(absl::string_view name) const {
  std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
  for (std::string word; status >> word;) {
    size_t number = 0;
    if (word == name && status >> number) return number;
  }
  return 0;
}

}  // namespace webhookd
