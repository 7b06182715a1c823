#ifndef WEBHOOKD_SERVER_DELIVERY_HOST_LIST_H_
#define WEBHOOKD_SERVER_DELIVERY_HOST_LIST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/delivery/ip_address.h"
#include "server/delivery/target_url.h"

namespace webhookd {

// Hosts, as lists of those that are reached without a proxy name them. Immutable, thread-safe.
class HostList {
 public:
  HostList() = default;  // of none

  // Of each entry: a host name, which stands for itself and for all names under it; with a dot in
  // front, only for those under it; an address or a range such as 10.0.0.0/8, for hosts that are
  // given as addresses; or "*", for all. INVALID_ARGUMENT names the entry.
  static absl::StatusOr<HostList> Parse(const std::vector<std::string>& entries);

  bool Contains(const TargetUrl& url) const;

 private:
  absl::Status Add(absl::string_view entry);

  bool all_ = false;
  std::vector<std::string> names_;        // in lower case
  std::vector<std::string> names_under_;  // each with its dot in front
  std::vector<IpRange> ranges_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_HOST_LIST_H_
