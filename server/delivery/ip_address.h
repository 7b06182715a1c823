#ifndef WEBHOOKD_SERVER_DELIVERY_IP_ADDRESS_H_
#define WEBHOOKD_SERVER_DELIVERY_IP_ADDRESS_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sockaddr;  // NOLINT(readability-identifier-naming): the name is POSIX

namespace webhookd {

// An IPv4 or IPv6 address, without port or zone.
class IpAddress {
 public:
  // From "192.0.2.1" or "2001:db8::1", without brackets. INVALID_ARGUMENT for anything else, zones
  // included.
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);
  static IpAddress V4(const std::array<uint8_t, 4>& bytes);
  // From a sockaddr_in or sockaddr_in6. INVALID_ARGUMENT for another family.
  static absl::StatusOr<IpAddress> FromSockaddr(const sockaddr& address);

  bool is_v4() const { return v4_; }
  // 16 bytes in network order; of an IPv4 address the first 4 count.
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  // The address without the bits behind the first `prefix_length`.
  IpAddress Masked(int prefix_length) const;
  // Canonical text (RFC 5952), without brackets.
  std::string ToString() const;

  bool operator==(const IpAddress&) const = default;

 private:
  IpAddress(bool v4, const std::array<uint8_t, 16>& bytes) : v4_(v4), bytes_(bytes) {}

  bool v4_;
  std::array<uint8_t, 16> bytes_;
};

// A range of addresses such as 10.0.0.0/8.
class IpRange {
 public:
  // From "10.0.0.0/8", "fd00::/8" or a single address. INVALID_ARGUMENT names what is wrong: the
  // address, the length, or bits that are set behind the prefix.
  static absl::StatusOr<IpRange> Parse(absl::string_view cidr);

  bool Contains(const IpAddress& address) const;
  std::string ToString() const;

 private:
  IpRange(IpAddress base, int prefix_length) : base_(base), prefix_length_(prefix_length) {}

  IpAddress base_;
  int prefix_length_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_IP_ADDRESS_H_
