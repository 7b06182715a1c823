#ifndef WEBHOOKD_CLIENT_CLI_TERMINAL_H_
#define WEBHOOKD_CLIENT_CLI_TERMINAL_H_

#include <functional>
#include <iostream>

#include "base/clock.h"

namespace webhookd {

// The world around a command: what it reads from and writes to. Borrows all of it.
struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // Whether a person sits at the other end.
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  // The value of an environment variable, or null.
  std::function<const char*(const char* name)> environment = [](const char*) { return nullptr; };
  // Switches the echo of what is typed on or off.
  std::function<void(bool on)> set_echo = [](bool) {};
  Clock& clock = RealClock();
};

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_TERMINAL_H_
