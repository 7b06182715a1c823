#include "server/delivery/host_list.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/quoted.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

bool IsHostName(absl::string_view text) {
  return !text.empty() && !absl::StartsWith(text, ".") && !absl::StrContains(text, "..") &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
         });
}

}  // namespace

absl::StatusOr<HostList> HostList::Parse(const std::vector<std::string>& entries) {
  HostList list;
  for (const std::string& entry : entries) RETURN_IF_ERROR(list.Add(entry));
  return list;
}

absl::Status HostList::Add(absl::string_view entry) {
  if (entry == "*") {
    all_ = true;
    return absl::OkStatus();
  }
  absl::string_view address = entry;
  if (absl::ConsumePrefix(&address, "[")) absl::ConsumeSuffix(&address, "]");
  if (const absl::StatusOr<IpRange> range = IpRange::Parse(address); range.ok()) {
    ranges_.push_back(*range);
    return absl::OkStatus();
  }
  absl::string_view name = absl::StripSuffix(entry, ".");
  const bool only_under = absl::ConsumePrefix(&name, ".");
  if (!IsHostName(name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        Quoted(entry),
        " is not a host name such as example.com or .example.com, an address, a range of addresses "
        "such as 10.0.0.0/8, or *; ports and schemes are not supported"));
  }
  std::string lower = absl::AsciiStrToLower(name);
  names_under_.push_back(absl::StrCat(".", lower));
  if (!only_under) names_.push_back(std::move(lower));
  return absl::OkStatus();
}

bool HostList::Contains(const TargetUrl& url) const {
  if (all_) return true;
  if (url.literal.has_value()) {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const IpRange& range) { return range.Contains(*url.literal); });
  }
  const absl::string_view host = absl::StripSuffix(url.host, ".");
  return std::find(names_.begin(), names_.end(), host) != names_.end() ||
         std::any_of(names_under_.begin(), names_under_.end(),
                     [&](const std::string& name) { return absl::EndsWith(host, name); });
}

}  // namespace webhookd
