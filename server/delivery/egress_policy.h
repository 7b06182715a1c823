#ifndef WEBHOOKD_SERVER_DELIVERY_EGRESS_POLICY_H_
#define WEBHOOKD_SERVER_DELIVERY_EGRESS_POLICY_H_

#include <vector>

#include "absl/status/status.h"
#include "server/delivery/ip_address.h"
#include "server/delivery/target_url.h"

namespace webhookd {

// Which addresses requests may go to. Immutable, thread-safe.
//
// Denied unless `allow` names them: unspecified, loopback, link-local, site-local, multicast,
// broadcast, the metadata addresses of clouds wherever they lie, and IPv6 forms that carry a denied
// IPv4 address inside (mapped, compatible, NAT64, 6to4, Teredo). `deny` wins over `allow`. Private
// ranges are allowed unless `deny_private`.
class EgressPolicy {
 public:
  struct Options {
    std::vector<IpRange> allow;
    std::vector<IpRange> deny;
    bool deny_private = false;
  };

  explicit EgressPolicy(Options options);

  // OK, or PERMISSION_DENIED with the address, the rule that denies it and the option that would
  // allow it.
  absl::Status CheckAddress(const IpAddress& address) const;

  // What can be said of a URL without resolving its name: a literal address is checked, and names
  // that mean this machine (localhost and names under it) or a metadata service count as the
  // addresses they stand for.
  absl::Status CheckUrl(const TargetUrl& url) const;

 private:
  const Options options_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_EGRESS_POLICY_H_
