#include "client/cli/stored_tokens.h"

#include <fcntl.h>
#include <google/protobuf/struct.pb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/output.h"
#include "client/cli/values.h"

namespace webhookd {
namespace {

using google::protobuf::Struct;

// The address as it was named: a server is another one over TLS.
std::string KeyOf(const ServerAddress& server) {
  return absl::StrCat(server.tls ? "https://" : "http://", server.ToString());
}

absl::StatusOr<Struct> Read(const std::string& path) {
  Struct tokens;
  struct stat status = {};
  if (path.empty() || stat(path.c_str(), &status) != 0) return tokens;
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " holds tokens and others may read it: run `chmod 600 ", path, "`"));
  }
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const absl::Status parsed = ParseJson(text, tokens);
  if (parsed.ok()) return tokens;
  return absl::DataLossError(absl::StrCat(path, " cannot be understood: ", parsed.message(),
                                          "; delete it and sign in again"));
}

absl::Status Write(const std::string& path, const std::string& text) {
  const auto failed = [&path](const char* what) {
    return absl::InternalError(
        absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(errno)));
  };
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failed("create");
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  if (close(file) != 0 || !written) return failed("write");
  return absl::OkStatus();
}

}  // namespace

std::string StoredTokens::path() const {
  if (const char* config = environment_("XDG_CONFIG_HOME"); config != nullptr && *config != '\0') {
    return absl::StrCat(config, "/webhookctl/tokens.json");
  }
  const char* home = environment_("HOME");
  if (home == nullptr || *home == '\0') return "";
  return absl::StrCat(home, "/.config/webhookctl/tokens.json");
}

absl::StatusOr<std::string> StoredTokens::Find(const ServerAddress& server) const {
  ASSIGN_OR_RETURN(const Struct tokens, Read(path()));
  const auto it = tokens.fields().find(KeyOf(server));
  return it == tokens.fields().end() ? "" : it->second.string_value();
}

absl::Status StoredTokens::Keep(const ServerAddress& server, const std::string& token) const {
  const std::string file = path();
  if (file.empty()) {
    return absl::FailedPreconditionError(
        "nowhere to keep the token: set HOME or XDG_CONFIG_HOME, or use a token of your "
        "own in WEBHOOKCTL_TOKEN");
  }
  ASSIGN_OR_RETURN(Struct tokens, Read(file));
  if (token.empty()) {
    if (tokens.mutable_fields()->erase(KeyOf(server)) == 0) return absl::OkStatus();
  } else {
    (*tokens.mutable_fields())[KeyOf(server)].set_string_value(token);
  }
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  std::error_code error;
  if (std::filesystem::create_directories(folder, error)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  const std::string fresh = absl::StrCat(file, ".", getpid());
  RETURN_IF_ERROR(Write(fresh, ToJson(tokens, JsonSpacing::kIndented)));
  std::filesystem::rename(fresh, file, error);
  if (!error) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot replace ", file, ": ", error.message()));
}

}  // namespace webhookd
