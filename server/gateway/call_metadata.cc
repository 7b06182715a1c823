#include "server/gateway/call_metadata.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/quoted.h"
#include "base/status_macros.h"
#include "server/gateway/base64.h"

namespace webhookd {
namespace {

constexpr absl::string_view kMetadataPrefix = "grpc-metadata-";
constexpr absl::string_view kBinarySuffix = "-bin";

// As grpc-gateway lists them. Host is not among those that arrive as headers in Go.
constexpr absl::string_view kPermanentHeaders[] = {"accept",
                                                   "accept-charset",
                                                   "accept-language",
                                                   "accept-ranges",
                                                   "authorization",
                                                   "cache-control",
                                                   "content-type",
                                                   "cookie",
                                                   "date",
                                                   "expect",
                                                   "from",
                                                   "if-match",
                                                   "if-modified-since",
                                                   "if-none-match",
                                                   "if-schedule-tag-match",
                                                   "if-unmodified-since",
                                                   "max-forwards",
                                                   "origin",
                                                   "pragma",
                                                   "referer",
                                                   "user-agent",
                                                   "via",
                                                   "warning"};

bool IsMetadataName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '-' || c == '_';
  });
}

bool IsMetadataText(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

// What a header is called as metadata; empty if it is none. `header` is in lower case.
std::string MetadataName(absl::string_view header) {
  if (std::find(std::begin(kPermanentHeaders), std::end(kPermanentHeaders), header) !=
      std::end(kPermanentHeaders)) {
    return absl::StrCat("grpcgateway-", header);
  }
  if (absl::ConsumePrefix(&header, kMetadataPrefix)) return std::string(header);
  return "";
}

absl::Duration UnitOf(char c) {
  switch (c) {
    case 'H':
      return absl::Hours(1);
    case 'M':
      return absl::Minutes(1);
    case 'S':
      return absl::Seconds(1);
    case 'm':
      return absl::Milliseconds(1);
    case 'u':
      return absl::Microseconds(1);
    case 'n':
      return absl::Nanoseconds(1);
    default:
      return absl::ZeroDuration();
  }
}

absl::StatusOr<absl::Duration> ParseTimeout(absl::string_view text) {
  const absl::Duration unit = text.empty() ? absl::ZeroDuration() : UnitOf(text.back());
  const absl::string_view digits = text.substr(0, text.empty() ? 0 : text.size() - 1);
  int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, number);
  if (unit == absl::ZeroDuration() || digits.empty() || digits[0] == '-' || stopped != end ||
      error != std::errc()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid grpc-timeout: ", text.empty() ? "\"\"" : Quoted(text),
                     ": write digits and one of H, M, S, m, u, n, such as 10S"));
  }
  return number * unit;
}

// The value of the first cookie of that name; empty if there is none.
std::string FindCookie(const WebHeaders& headers, absl::string_view name) {
  for (const WebHeader& header : headers) {
    if (!absl::EqualsIgnoreCase(header.name, "Cookie")) continue;
    for (absl::string_view cookie : absl::StrSplit(header.value, ';')) {
      cookie = absl::StripAsciiWhitespace(cookie);
      if (!absl::ConsumePrefix(&cookie, name) || !absl::ConsumePrefix(&cookie, "=")) continue;
      if (cookie.size() >= 2 && cookie.front() == '"' && cookie.back() == '"') {
        cookie = cookie.substr(1, cookie.size() - 2);
      }
      return std::string(cookie);
    }
  }
  return "";
}

absl::Status AddHeader(const WebHeader& header, std::vector<CallMetadata::Entry>& entries) {
  const std::string lower = absl::AsciiStrToLower(header.name);
  std::string value = header.value;
  if (lower == "authorization" && IsMetadataText(value)) {
    entries.push_back({.name = lower, .value = value});
  }
  std::string name = MetadataName(lower);
  if (!IsMetadataName(name)) return absl::OkStatus();
  if (absl::EndsWith(name, kBinarySuffix)) {
    absl::optional<std::string> bytes =
        DecodeBase64(value, Base64Alphabet::kStandard,
                     value.size() % 4 == 0 ? Base64Padding::kNeeded : Base64Padding::kForbidden);
    if (!bytes.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("invalid binary header ", header.name, ": ",
                                                     Quoted(value), " is not base64"));
    }
    value = *std::move(bytes);
  } else if (!IsMetadataText(value)) {
    return absl::OkStatus();
  }
  entries.push_back({.name = std::move(name), .value = std::move(value)});
  return absl::OkStatus();
}

}  // namespace

absl::optional<absl::string_view> CallMetadata::Find(absl::string_view name) const {
  for (const Entry& entry : entries) {
    if (entry.name == name) return entry.value;
  }
  return absl::nullopt;
}

absl::StatusOr<CallMetadata> ReadCallMetadata(const WebRequest& request) {
  CallMetadata metadata;
  const absl::string_view timeout = FindHeader(request.headers, "Grpc-Timeout").value_or("");
  if (!timeout.empty()) {
    ASSIGN_OR_RETURN(const absl::Duration duration, ParseTimeout(timeout));
    if (duration > absl::ZeroDuration()) metadata.timeout = duration;
  }
  for (const WebHeader& header : request.headers) {
    RETURN_IF_ERROR(AddHeader(header, metadata.entries));
  }
  if (!FindHeader(request.headers, "Authorization").has_value()) {
    // Cookies know no ports: `auth` may be of a master on the same host.
    std::string token = FindCookie(request.headers, kSessionCookie);
    if (token.empty()) token = FindCookie(request.headers, "auth");
    if (!token.empty() && IsMetadataText(token)) {
      for (const absl::string_view name : {"authorization", "grpcgateway-authorization"}) {
        metadata.entries.push_back(
            {.name = std::string(name), .value = absl::StrCat("Bearer ", token)});
      }
    }
  }
  for (const absl::string_view name : {"X-Forwarded-Host", "Host"}) {
    const absl::string_view host = FindHeader(request.headers, name).value_or("");
    if (host.empty()) continue;
    metadata.entries.push_back({.name = "x-forwarded-host", .value = std::string(host)});
    break;
  }
  if (!request.peer_address.empty()) {
    const absl::string_view before = FindHeader(request.headers, "X-Forwarded-For").value_or("");
    metadata.entries.push_back(
        {.name = "x-forwarded-for",
         .value = absl::StrCat(before, before.empty() ? "" : ", ", request.peer_address)});
  }
  return metadata;
}

WebHeaders MetadataHeaders(const std::vector<CallMetadata::Entry>& metadata) {
  WebHeaders headers;
  for (const CallMetadata::Entry& entry : metadata) {
    std::string value = entry.value;
    if (absl::EndsWith(entry.name, kBinarySuffix)) {
      value.clear();
      AppendBase64(entry.value, value);
    }
    headers.push_back(
        {.name = absl::StrCat("Grpc-Metadata-", entry.name), .value = std::move(value)});
  }
  return headers;
}

}  // namespace webhookd
