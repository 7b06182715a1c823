#include "server/delivery/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

// Long input is cut in messages.
std::string Quoted(absl::string_view text) {
  constexpr size_t kShown = 64;
  if (text.size() <= kShown) return absl::StrCat("\"", text, "\"");
  return absl::StrCat("\"", text.substr(0, kShown), "…\"");
}

}  // namespace

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  const std::string terminated(text);
  std::array<uint8_t, 16> bytes = {};
  // inet_pton would stop at a NUL inside.
  if (terminated.find('\0') == std::string::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return IpAddress(true, bytes);
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return IpAddress(false, bytes);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(text), " is not an IP address such as 192.0.2.1 or 2001:db8::1",
                   text.find('%') == absl::string_view::npos ? "" : " (zones are not supported)"));
}

IpAddress IpAddress::V4(const std::array<uint8_t, 4>& bytes) {
  return IpAddress(true, {bytes[0], bytes[1], bytes[2], bytes[3]});
}

absl::StatusOr<IpAddress> IpAddress::FromSockaddr(const sockaddr& address) {
  std::array<uint8_t, 16> bytes = {};
  if (address.sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address, sizeof(in));
    std::memcpy(bytes.data(), &in.sin_addr, 4);
    return IpAddress(true, bytes);
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &address, sizeof(in6));
    std::memcpy(bytes.data(), &in6.sin6_addr, 16);
    return IpAddress(false, bytes);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("address family ", address.sa_family, " is neither IPv4 nor IPv6"));
}

IpAddress IpAddress::Masked(int prefix_length) const {
  std::array<uint8_t, 16> bytes = bytes_;
  for (int i = 0; i < 16; ++i) {
    const int kept_bits = std::clamp(prefix_length - 8 * i, 0, 8);
    bytes[i] &= static_cast<uint8_t>(0xff00 >> kept_bits);
  }
  return IpAddress(v4_, bytes);
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text, sizeof(text));
  return text;
}

absl::StatusOr<IpRange> IpRange::Parse(absl::string_view cidr) {
  const size_t slash = cidr.find('/');
  absl::StatusOr<IpAddress> base = IpAddress::Parse(cidr.substr(0, slash));
  if (!base.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("address range ", Quoted(cidr), ": ", base.status().message()));
  }
  const int bits = base->is_v4() ? 32 : 128;
  int length = bits;
  if (slash != absl::string_view::npos) {
    const absl::string_view digits = cidr.substr(slash + 1);
    const bool number = !digits.empty() && digits.size() <= 3 &&
                        digits.find_first_not_of("0123456789") == absl::string_view::npos;
    if (!number || !absl::SimpleAtoi(digits, &length) || length > bits) {
      return absl::InvalidArgumentError(absl::StrCat("address range ", Quoted(cidr),
                                                     ": the prefix length ", Quoted(digits),
                                                     " must be a number from 0 to ", bits));
    }
  }
  const IpAddress masked = base->Masked(length);
  if (masked != *base) {
    return absl::InvalidArgumentError(absl::StrCat(
        "address range ", Quoted(cidr), ": bits are set behind the prefix; write ",
        IpRange(masked, length).ToString(), " or the single address ", base->ToString()));
  }
  return IpRange(*base, length);
}

bool IpRange::Contains(const IpAddress& address) const {
  return address.is_v4() == base_.is_v4() && address.Masked(prefix_length_) == base_;
}

std::string IpRange::ToString() const {
  return absl::StrCat(base_.ToString(), "/", prefix_length_);
}

}  // namespace webhookd
