#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/webhookctl.h"

namespace {

void SetEcho(bool on) {
  termios settings = {};
  if (tcgetattr(STDIN_FILENO, &settings) != 0) return;
  if (on) {
    settings.c_lflag |= ECHO;
  } else {
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  }
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings);
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  // Reading would flush the output, which acknowledgements are written to on another thread.
  std::cin.tie(nullptr);
  std::cerr.tie(nullptr);
  webhookd::Terminal terminal = {.in = std::cin,
                                 .out = std::cout,
                                 .err = std::cerr,
                                 .in_is_terminal = isatty(STDIN_FILENO) == 1,
                                 .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                                 .environment = [](const char* name) { return std::getenv(name); },
                                 .set_echo = SetEcho};
  const webhookd::ExitCode code =
      webhookd::RunWebhookctl(std::vector<std::string>(argv + 1, argv + argc), terminal);
  // A full disk or a closed pipe only shows here.
  if (!std::cout.flush() && code == webhookd::ExitCode::kDone) {
    std::cerr << "webhookctl: cannot write to standard output\n";
    return static_cast<int>(webhookd::ExitCode::kFailed);
  }
  return static_cast<int>(code);
}
