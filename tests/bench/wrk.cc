#include "tests/bench/wrk.h"

#include <cstdlib>
#include <fstream>

#include "tests/bench/child.h"
#include "tests/bench/process.h"

namespace webhookd {

namespace {

double RequestsPerSecond(const std::string& output) {
  const size_t line = output.find("Requests/sec:");
  if (line == std::string::npos) GiveUp("wrk cannot be run; it is Debian's package wrk");
  return std::atof(output.c_str() + line + 13);
}

}  // namespace

double WrkRate(const EpollReceiver& receiver, const TempDir& directory, int cpu) {
  const std::string script = directory / "post.lua";
  std::ofstream(script) << "wrk.method = 'POST'\nwrk.body = string.rep('x', 330)\n"
                           "wrk.headers['Content-Type'] = 'application/json; charset=UTF-8'\n"
                           "wrk.headers['X-Determined-AI-Signature-Timestamp'] = '1666890081'\n"
                           "wrk.headers['X-Determined-AI-Signature'] = string.rep('0', 64)\n"
                           "wrk.headers['webhook-id'] = string.rep('0', 36)\n"
                           "wrk.headers['webhook-timestamp'] = '1666890081'\n"
                           "wrk.headers['webhook-signature'] = string.rep('0', 47)\n";
  return RequestsPerSecond(
      CommandOutput({"wrk", "-t1", "-c64", "-d1s", "-s", script, receiver.url()}, cpu));
}

double WrkRate(const std::string& url, const std::string& script) {
  const std::string output = CommandOutput({"wrk", "-t1", "-c64", "-d1s", "-s", script, url});
  if (output.find("Non-2xx") != std::string::npos) GiveUp("requests were refused:\n" + output);
  return RequestsPerSecond(output);
}

}  // namespace webhookd
