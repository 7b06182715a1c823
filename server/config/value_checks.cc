#include "server/config/value_checks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "server/delivery/host_list.h"
#include "server/delivery/ip_address.h"
#include "server/delivery/target_url.h"

namespace webhookd {
namespace {

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = DecodeUtf8(text);
    if (!step.valid) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

bool IsHostName(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

absl::StatusOr<std::string> CheckText(absl::string_view text) {
  if (HasControlCharacter(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(text), " contains a line break or another control character"));
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError(absl::StrCat(Quoted(text), " is not UTF-8"));
  return std::string(text);
}

absl::StatusOr<std::string> CheckNotEmpty(absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("the value is empty");
  return CheckText(text);
}

absl::StatusOr<std::string> CheckChoice(absl::string_view text,
                                        const std::vector<std::string>& choices) {
  for (const std::string& choice : choices) {
    if (absl::EqualsIgnoreCase(text, choice)) return choice;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(text), " is not one of ", absl::StrJoin(choices, ", ")));
}

absl::StatusOr<std::string> CheckSigningKey(absl::string_view key) {
  if (key.empty()) {
    return absl::InvalidArgumentError(
        "the key is empty; leave the setting out to have a key generated");
  }
  if (key.size() > kMaxSigningKeyBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the key has ", key.size(), " bytes; at most ",
                                                   kMaxSigningKeyBytes, " are allowed"));
  }
  if (HasControlCharacter(key)) {
    return absl::InvalidArgumentError(
        "the key contains a control character, perhaps a line break at its end; remove it");
  }
  if (!IsUtf8(key)) {
    return absl::InvalidArgumentError("the key is not UTF-8; use hex or base64 for binary keys");
  }
  return std::string(key);
}

absl::StatusOr<std::string> CheckPassword(absl::string_view password) {
  if (password.empty()) return std::string();
  if (password.size() < kMinPasswordBytes || password.size() > kMaxPasswordBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the password has ", password.size(), " bytes; ",
                                                   kMinPasswordBytes, " to ", kMaxPasswordBytes,
                                                   " are allowed"));
  }
  if (HasControlCharacter(password)) {
    return absl::InvalidArgumentError(
        "the password contains a control character, perhaps a line break at its end; remove it");
  }
  return std::string(password);
}

absl::StatusOr<std::string> CheckBaseUrl(absl::string_view url) {
  if (url.empty()) return std::string();
  RETURN_IF_ERROR(ParseTargetUrl(url).status());
  if (url.find_first_of("?#") != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        Quoted(url), " has a query or a fragment; paths are appended to this URL, so remove it"));
  }
  while (absl::ConsumeSuffix(&url, "/")) {
  }
  return std::string(url);
}

absl::StatusOr<std::string> CheckProxy(absl::string_view url) {
  if (url.empty()) return std::string();
  if (HasControlCharacter(url) || absl::StrContains(url, ' ') || !IsUtf8(url)) {
    return absl::InvalidArgumentError(
        "the URL contains white space, a control character or bytes that are not UTF-8");
  }
  for (const absl::string_view scheme : {"http://", "https://", "socks5://", "socks5h://"}) {
    if (absl::StartsWithIgnoreCase(url, scheme) && url.size() > scheme.size())
      return std::string(url);
  }
  return absl::InvalidArgumentError(
      "the URL must be http://HOST:PORT, https://HOST:PORT, socks5://HOST:PORT or "
      "socks5h://HOST:PORT");
}

absl::StatusOr<std::string> CheckListenAddress(absl::string_view address) {
  absl::string_view bare = address;
  if (absl::ConsumePrefix(&bare, "[") && !absl::ConsumeSuffix(&bare, "]")) bare = address;
  if (IpAddress::Parse(bare).ok() || (bare == address && IsHostName(bare))) {
    return std::string(bare);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(address),
                   " is not an address such as 127.0.0.1, 0.0.0.0 or ::, nor a host name; the "
                   "port is a setting of its own"));
}

absl::StatusOr<std::string> CheckHostListEntry(absl::string_view entry) {
  RETURN_IF_ERROR(HostList::Parse({std::string(entry)}).status());
  return std::string(entry);
}

absl::StatusOr<std::string> CheckCidr(absl::string_view cidr) {
  RETURN_IF_ERROR(IpRange::Parse(cidr).status());
  return std::string(cidr);
}

}  // namespace webhookd
