#include "server/delivery/egress_policy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

// The rules, most telling first: the first range that contains an address names why it is denied.
struct RuleText {
  const char* range;
  const char* name;
  bool private_only = false;  // counts with deny_private
};

constexpr RuleText kRules[] = {
    // Services that hand credentials to whoever asks from this machine. Most of them are link-local
    // too; some lie in private, shared or public ranges.
    {"169.254.169.254/32", "a cloud metadata address"},
    {"169.254.170.2/32", "a cloud metadata address (Amazon ECS)"},
    {"169.254.170.23/32", "a cloud metadata address (Amazon EKS)"},
    {"100.100.100.200/32", "a cloud metadata address (Alibaba)"},
    {"168.63.129.16/32", "a cloud metadata address (Azure's host agent)"},
    {"192.0.0.192/32", "a cloud metadata address (Oracle)"},
    {"fd00:ec2::/32", "a cloud metadata address (Amazon)"},
    {"fd20:ce::254/128", "a cloud metadata address (Google)"},
    {"fd00:c1::a9fe:a9fe/128", "a cloud metadata address (Oracle)"},
    {"fd00:42::42/128", "a cloud metadata address (Scaleway)"},
    {"fd00:a9fe:a9fe::1/128", "a cloud metadata address (Akamai)"},
    {"fd00:100::100:200/128", "a cloud metadata address (Alibaba)"},
    // RFC 6890 and the registries that it began.
    {"0.0.0.0/8", "unspecified"},
    {"127.0.0.0/8", "loopback"},
    {"169.254.0.0/16", "link-local"},
    {"224.0.0.0/4", "multicast"},
    {"255.255.255.255/32", "broadcast"},
    {"::/128", "unspecified"},
    {"::1/128", "loopback"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "site-local"},  // RFC 3879: deprecated, and of a link's scope to some
    {"ff00::/8", "multicast"},
    {"10.0.0.0/8", "private", true},
    {"172.16.0.0/12", "private", true},
    {"192.168.0.0/16", "private", true},
    {"100.64.0.0/10", "shared (carrier-grade NAT)", true},
    {"192.0.0.0/24", "reserved", true},
    {"198.18.0.0/15", "reserved for benchmarks", true},
    {"240.0.0.0/4", "reserved", true},
    {"fc00::/7", "private (unique local)", true},
};

// IPv6 forms that carry an IPv4 address, and where its four bytes are.
struct FormText {
  const char* range;
  const char* name;
  std::array<int, 4> at;
  uint8_t inverted_with = 0;
  // One of several layouts that the range can have; zeros are then taken for another layout's
  // padding.
  bool guessed = false;
};

constexpr std::array<int, 4> kLastFour = {12, 13, 14, 15};

constexpr FormText kForms[] = {
    {"::ffff:0:0/96", "IPv4-mapped", kLastFour},        // RFC 4291, section 2.5.5.2
    {"::/96", "IPv4-compatible", kLastFour},            // RFC 4291, section 2.5.5.1
    {"::ffff:0:0:0/96", "IPv4-translated", kLastFour},  // RFC 2765
    {"64:ff9b::/96", "NAT64", kLastFour},               // RFC 6052
    {"64:ff9b:1::/48", "local NAT64",
     kLastFour},  // RFC 8215, of any length of RFC 6052, section 2.2
    {"64:ff9b:1::/48", "local NAT64", {6, 7, 9, 10}, 0, true},
    {"64:ff9b:1::/48", "local NAT64", {7, 9, 10, 11}, 0, true},
    {"64:ff9b:1::/48", "local NAT64", {9, 10, 11, 12}, 0, true},
    {"2002::/16", "6to4", {2, 3, 4, 5}},            // RFC 3056
    {"2001::/32", "Teredo, server", {4, 5, 6, 7}},  // RFC 4380, section 4
    {"2001::/32", "Teredo, client", kLastFour, 0xff},
};

// Names that mean a known address wherever they are looked up, and so do the names under them.
struct NameText {
  const char* name;
  const char* address;
  const char* or_address;  // enough when this one is allowed
};

constexpr NameText kNames[] = {
    {"localhost", "127.0.0.1", "::1"},  // RFC 6761, section 6.3
    {"localhost.localdomain", "127.0.0.1", "::1"},
    {"localhost6", "::1", "127.0.0.1"},
    {"localhost6.localdomain6", "::1", "127.0.0.1"},
    {"ip6-localhost", "::1", "127.0.0.1"},
    {"ip6-loopback", "::1", "127.0.0.1"},
    {"metadata.google.internal", "169.254.169.254", "fd20:ce::254"},
    {"metadata.goog", "169.254.169.254", "fd20:ce::254"},
    {"metadata.tencentyun.com", "169.254.0.23", "169.254.0.23"},
};

struct Rule {
  IpRange range;
  const char* name;
  bool private_only;
};

struct Form {
  IpRange range;
  const FormText* text;
};

// Rules and forms never change and live for ever.
const std::vector<Rule>& Rules() {
  static const std::vector<Rule>& rules = *[] {
    auto* parsed = new std::vector<Rule>;
    for (const RuleText& rule : kRules) {
      parsed->push_back({*IpRange::Parse(rule.range), rule.name, rule.private_only});
    }
    return parsed;
  }();
  return rules;
}

const std::vector<Form>& Forms() {
  static const std::vector<Form>& forms = *[] {
    auto* parsed = new std::vector<Form>;
    for (const FormText& form : kForms) {
      parsed->push_back({*IpRange::Parse(form.range), &form});
    }
    return parsed;
  }();
  return forms;
}

IpAddress EmbeddedAddress(const IpAddress& address, const FormText& form) {
  std::array<uint8_t, 4> bytes;
  for (int i = 0; i < 4; ++i) {
    bytes[i] = static_cast<uint8_t>(address.bytes()[form.at[i]] ^ form.inverted_with);
  }
  return IpAddress::V4(bytes);
}

const IpRange* Find(const std::vector<IpRange>& ranges, const IpAddress& address) {
  const auto found = std::find_if(ranges.begin(), ranges.end(),
                                  [&](const IpRange& range) { return range.Contains(address); });
  return found == ranges.end() ? nullptr : &*found;
}

// Whether `host` is `name` or lies under it.
bool IsOrUnder(absl::string_view host, absl::string_view name) {
  return absl::ConsumeSuffix(&host, name) && (host.empty() || host.back() == '.');
}

// Judges `address` by itself. Messages say that it is what `whole` carries in `form`, if there is a
// form.
absl::Status CheckOne(const EgressPolicy::Options& options, const IpAddress& address, bool allowed,
                      const IpAddress& whole, const char* form) {
  const auto subject = [&] {
    return form == nullptr ? absl::StrCat("address ", address.ToString(), " is denied: it is ")
                           : absl::StrCat("address ", whole.ToString(), " is denied: it carries ",
                                          address.ToString(), " (", form, "), which is ");
  };
  if (const IpRange* const range = Find(options.deny, address); range != nullptr) {
    return absl::PermissionDeniedError(
        absl::StrCat(subject(), "in ", range->ToString(),
                     " of egress.deny, which wins over egress.allow; take it out there"));
  }
  if (allowed) return absl::OkStatus();
  for (const Rule& rule : Rules()) {
    if (rule.private_only && !options.deny_private) continue;
    if (!rule.range.Contains(address)) continue;
    return absl::PermissionDeniedError(
        absl::StrCat(subject(), rule.name, " (", rule.range.ToString(), ")",
                     rule.private_only ? " and egress.deny_private is set" : "",
                     "; to allow it, add ", address.ToString(), " or its range to egress.allow"));
  }
  return absl::OkStatus();
}

}  // namespace

EgressPolicy::EgressPolicy(Options options) : options_(std::move(options)) {}

absl::Status EgressPolicy::CheckAddress(const IpAddress& address) const {
  const bool allowed = Find(options_.allow, address) != nullptr;
  RETURN_IF_ERROR(CheckOne(options_, address, allowed, address, nullptr));
  if (address.is_v4()) return absl::OkStatus();
  for (const Form& form : Forms()) {
    if (!form.range.Contains(address)) continue;
    const IpAddress inner = EmbeddedAddress(address, *form.text);
    if (form.text->guessed && inner.bytes()[0] == 0) continue;
    RETURN_IF_ERROR(CheckOne(options_, inner, allowed || Find(options_.allow, inner) != nullptr,
                             address, form.text->name));
  }
  return absl::OkStatus();
}

absl::Status EgressPolicy::CheckUrl(const TargetUrl& url) const {
  if (url.literal.has_value()) return CheckAddress(*url.literal);
  const absl::string_view host = absl::StripSuffix(url.host, ".");
  for (const NameText& known : kNames) {
    if (!IsOrUnder(host, known.name)) continue;
    const absl::Status status = CheckAddress(*IpAddress::Parse(known.address));
    if (status.ok() || CheckAddress(*IpAddress::Parse(known.or_address)).ok()) break;
    return absl::PermissionDeniedError(
        absl::StrCat("host ", url.host, " means ", known.address, ": ", status.message()));
  }
  return absl::OkStatus();
}

}  // namespace webhookd
