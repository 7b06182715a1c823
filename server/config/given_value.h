#ifndef WEBHOOKD_SERVER_CONFIG_GIVEN_VALUE_H_
#define WEBHOOKD_SERVER_CONFIG_GIVEN_VALUE_H_

#include <string>

#include "server/config/setting.h"

namespace webhookd {

// A value that somebody gave to a setting, not checked yet.
struct GivenValue {
  const Setting* setting;  // of Settings()
  GivenText text;
  std::string name;    // as it was spelt: "--port", "DET_PORT", or a key of the file
  std::string source;  // where it stands: the same, or "master.yaml:3"
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_CONFIG_GIVEN_VALUE_H_
