#ifndef WEBHOOKD_CLIENT_CLI_STORED_TOKENS_H_
#define WEBHOOKD_CLIENT_CLI_STORED_TOKENS_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cpp/channel.h"

namespace webhookd {

// The tokens that login keeps, one for each server, in webhookctl/tokens.json below XDG_CONFIG_HOME
// or ~/.config. The file is for its owner only and is replaced as a whole.
class StoredTokens {
 public:
  using Environment = std::function<const char*(const char* name)>;

  explicit StoredTokens(Environment environment) : environment_(std::move(environment)) {}

  // Empty if there is none. FAILED_PRECONDITION: others may read the file. DATA_LOSS: it cannot be
  // understood.
  absl::StatusOr<std::string> Find(const ServerAddress& server) const;

  // An empty token removes it. FAILED_PRECONDITION: there is no home for the file.
  absl::Status Keep(const ServerAddress& server, const std::string& token) const;

  // Empty without HOME and XDG_CONFIG_HOME.
  std::string path() const;

 private:
  const Environment environment_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_CLIENT_CLI_STORED_TOKENS_H_
