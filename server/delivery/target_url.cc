#include "server/delivery/target_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <locale.h>

#include <array>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

constexpr size_t kShownBytes = 120;
constexpr size_t kMaxHostBytes = 253;  // RFC 1035, section 2.3.4, in text form
constexpr size_t kMaxLabelBytes = 63;

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

struct TextDeleter {
  void operator()(char* text) const { curl_free(text); }
};

// What stands between "//" and the path: user, host, port.
absl::string_view Authority(absl::string_view url) {
  const size_t start = url.find("//");
  if (start == absl::string_view::npos) return {};
  const absl::string_view rest = url.substr(start + 2);
  return rest.substr(0, rest.find_first_of("/?#\\"));
}

// The URL as it may stand in a message: short, printable, without what may be a password.
std::string Shown(absl::string_view url) {
  const absl::string_view authority = Authority(url);
  std::string shown;
  if (const size_t at = authority.rfind('@'); at != absl::string_view::npos) {
    const size_t start = static_cast<size_t>(authority.data() - url.data());
    shown = absl::StrCat(url.substr(0, start), "…", url.substr(start + at));
  } else {
    shown = std::string(url);
  }
  const bool cut = shown.size() > kShownBytes;
  if (cut) {
    size_t end = kShownBytes;
    while (end > 0 && (static_cast<uint8_t>(shown[end]) & 0xc0) == 0x80) --end;
    shown.resize(end);
  }
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(shown), cut ? "…\"" : "\"");
}

absl::Status Invalid(absl::string_view url, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("URL ", Shown(url), ": ", why));
}

// What libcurl's parser would let through or read in its own way.
absl::Status CheckText(absl::string_view url) {
  if (url.empty()) {
    return absl::InvalidArgumentError(
        "the URL is empty; write one such as https://example.com/hook");
  }
  if (url.size() > kMaxUrlBytes) {
    return Invalid(url, absl::StrCat("it has ", url.size(), " bytes; at most ", kMaxUrlBytes,
                                     " are possible"));
  }
  for (size_t i = 0; i < url.size(); ++i) {
    const auto byte = static_cast<uint8_t>(url[i]);
    if (byte > 0x20 && byte != 0x7f && byte != '\\') continue;
    const char* const kind = byte == ' '    ? "a space"
                             : byte == '\\' ? "a back-slash"
                                            : "a control character";
    return Invalid(url, absl::StrCat(kind, " at byte ", i + 1, " is not possible in a URL; write %",
                                     absl::Hex(byte, absl::kZeroPad2), " if it is meant"));
  }
  const size_t scheme_end = url.find("://");
  const std::string scheme = absl::AsciiStrToLower(url.substr(0, scheme_end));
  if (scheme_end == absl::string_view::npos) {
    return Invalid(url, "it must begin with https:// or http://");
  }
  if (scheme != "http" && scheme != "https") {
    return Invalid(url, absl::StrCat("the scheme \"", absl::CHexEscape(scheme.substr(0, 20)),
                                     "\" is not supported; use https or http"));
  }
  const absl::string_view authority = Authority(url);
  if (absl::StrContains(authority, '@')) {
    return Invalid(url,
                   "a user name or password in the URL is not possible; leave out what stands "
                   "before the @ and let the receiver verify the signature instead");
  }
  if (authority.empty() || authority.front() == ':') return Invalid(url, "the host is missing");
  return absl::OkStatus();
}

absl::Status FromCurl(absl::string_view url, CURLUcode code) {
  switch (code) {
    case CURLUE_BAD_PORT_NUMBER:
      return Invalid(url, "the port must be a number from 1 to 65535");
    case CURLUE_BAD_IPV6:
      return Invalid(url,
                     "the host is not a valid IPv6 address in brackets, such as [2001:db8::1]");
    case CURLUE_BAD_HOSTNAME:
    case CURLUE_OUT_OF_MEMORY:  // also what libcurl says of a name that cannot be converted
      return Invalid(url, "the host is not a valid name or address");
    case CURLUE_NO_HOST:
      return Invalid(url, "the host is missing");
    case CURLUE_LACKS_IDN:
      return Invalid(url,
                     "this system's libcurl cannot convert internationalised host names; write the "
                     "ASCII form (xn--…)");
    default:
      return Invalid(url, absl::StrCat("it cannot be parsed (", curl_url_strerror(code), ")"));
  }
}

// Makes the calling thread's character set UTF-8: libcurl hands internationalised names to libidn2
// in the locale's.
class Utf8Scope {
 public:
  Utf8Scope() : before_(uselocale(Utf8())) {}
  ~Utf8Scope() { uselocale(before_); }

 private:
  static locale_t Utf8() {
    static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return utf8;  // null, which changes nothing, where there is no such locale
  }

  const locale_t before_;
};

absl::StatusOr<std::string> GetPart(absl::string_view url, CURLU* handle, CURLUPart part,
                                    unsigned int flags) {
  char* text = nullptr;
  const CURLUcode code = curl_url_get(handle, part, &text, flags);
  const std::unique_ptr<char, TextDeleter> owned(text);
  if (code != CURLUE_OK) return FromCurl(url, code);
  return std::string(text);
}

bool IsNumber(absl::string_view label) {
  if (absl::StartsWith(label, "0x")) {
    label.remove_prefix(2);
    return absl::c_all_of(label, absl::ascii_isxdigit);
  }
  return !label.empty() && absl::c_all_of(label, absl::ascii_isdigit);
}

// The address that `host` is, in any notation that some resolver takes: brackets, fewer than four
// parts, octal, hexadecimal, a final dot.
absl::StatusOr<std::optional<IpAddress>> Literal(absl::string_view url, absl::string_view host) {
  if (absl::StartsWith(host, "[")) {
    absl::StatusOr<IpAddress> address = IpAddress::Parse(absl::StripSuffix(host.substr(1), "]"));
    if (!address.ok()) return Invalid(url, address.status().message());
    return *address;
  }
  const std::string name(absl::StripSuffix(host, "."));
  in_addr in;
  if (inet_aton(name.c_str(), &in) != 0) {
    std::array<uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &in, bytes.size());
    return IpAddress::V4(bytes);
  }
  const size_t dot = name.rfind('.');
  if (IsNumber(absl::string_view(name).substr(dot == std::string::npos ? 0 : dot + 1))) {
    return Invalid(url,
                   absl::StrCat("the host ", host, " ends in a number and is not an IPv4 address"));
  }
  return std::nullopt;
}

absl::Status CheckName(absl::string_view url, absl::string_view host) {
  const absl::string_view name = absl::StripSuffix(host, ".");
  if (name.size() > kMaxHostBytes) {
    return Invalid(url, absl::StrCat("the host name has ", name.size(), " bytes; at most ",
                                     kMaxHostBytes, " are possible"));
  }
  for (const absl::string_view label : absl::StrSplit(name, '.')) {
    if (label.empty()) return Invalid(url, "the host name has an empty part between its dots");
    if (label.size() > kMaxLabelBytes) {
      return Invalid(
          url, absl::StrCat("the part ", label.substr(0, 20), "… of the host name has ",
                            label.size(), " bytes; at most ", kMaxLabelBytes, " are possible"));
    }
    for (const char c : label) {
      if (absl::ascii_isalnum(c) || c == '-' || c == '_') continue;
      return Invalid(url, absl::StrCat("the host name cannot contain \"",
                                       absl::CHexEscape(std::string(1, c)), "\""));
    }
  }
  return absl::OkStatus();
}

// What stands behind the host and port, as it was given: receivers may sign or route by it. Only
// what no request line can hold is encoded.
std::string PathAndQuery(absl::string_view url) {
  const absl::string_view authority = Authority(url);
  const absl::string_view given = url.substr(authority.data() + authority.size() - url.data());
  std::string path = absl::StartsWith(given, "/") ? "" : "/";
  for (const char c : given) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80) {
      path.push_back(c);
    } else {
      absl::StrAppend(&path, "%", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return path;
}

}  // namespace

absl::StatusOr<TargetUrl> ParseTargetUrl(absl::string_view url) {
  RETURN_IF_ERROR(CheckText(url));
  url = url.substr(0, url.find('#'));
  const UrlHandle handle(curl_url());
  if (handle == nullptr) return absl::ResourceExhaustedError("out of memory for a URL");
  const CURLUcode parsed = curl_url_set(handle.get(), CURLUPART_URL, std::string(url).c_str(),
                                        CURLU_URLENCODE | CURLU_DISALLOW_USER);
  if (parsed != CURLUE_OK) return FromCurl(url, parsed);

  TargetUrl target;
  ASSIGN_OR_RETURN(const std::string scheme, GetPart(url, handle.get(), CURLUPART_SCHEME, 0));
  target.https = scheme == "https";
  ASSIGN_OR_RETURN(const std::string port,
                   GetPart(url, handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
  uint32_t number = 0;
  if (!absl::SimpleAtoi(port, &number) || number == 0 || number > 65535) {
    return FromCurl(url, CURLUE_BAD_PORT_NUMBER);
  }
  target.port = static_cast<uint16_t>(number);
  if (char* zone = nullptr; curl_url_get(handle.get(), CURLUPART_ZONEID, &zone, 0) == CURLUE_OK) {
    curl_free(zone);
    return Invalid(url, "an address with a zone (%…) is not possible");
  }

  const Utf8Scope utf8;
  ASSIGN_OR_RETURN(std::string host, GetPart(url, handle.get(), CURLUPART_HOST, CURLU_PUNYCODE));
  absl::AsciiStrToLower(&host);
  ASSIGN_OR_RETURN(target.literal, Literal(url, host));
  if (target.literal.has_value()) {
    target.host = target.literal->ToString();
    host = target.literal->is_v4() ? target.host : absl::StrCat("[", target.host, "]");
  } else {
    RETURN_IF_ERROR(CheckName(url, host));
    target.host = host;
  }
  target.url = absl::StrCat(scheme, "://", host);
  const int default_port = target.https ? 443 : 80;
  if (target.port != default_port) absl::StrAppend(&target.url, ":", target.port);
  target.url += PathAndQuery(url);
  if (target.url.size() > kMaxUrlBytes) {
    return Invalid(url, absl::StrCat("it has ", target.url.size(), " bytes when encoded; at most ",
                                     kMaxUrlBytes, " are possible"));
  }
  return target;
}

}  // namespace webhookd
