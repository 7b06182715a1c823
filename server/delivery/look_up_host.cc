#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/delivery/resolver.h"

namespace webhookd {
namespace {

absl::Status LookUpError(const std::string& host, int code, int system_error) {
  switch (code) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
      return absl::NotFoundError(
          absl::StrCat("no address is known for the host name ", host, "; check its spelling"));
    case EAI_MEMORY:
      return absl::ResourceExhaustedError(absl::StrCat("out of memory looking up ", host));
    case EAI_SYSTEM:
      return absl::UnavailableError(
          absl::StrCat("looking up ", host, " failed: ", std::strerror(system_error)));
    default:
      return absl::UnavailableError(
          absl::StrCat("looking up ", host, " failed: ", gai_strerror(code)));
  }
}

}  // namespace

absl::StatusOr<std::vector<IpAddress>> LookUpHost(const std::string& host) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // one entry an address, not one a protocol
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  const int system_error = errno;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(code == 0 ? list : nullptr,
                                                             freeaddrinfo);
  if (code != 0) return LookUpError(host, code, system_error);
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    const absl::StatusOr<IpAddress> address = IpAddress::FromSockaddr(*entry->ai_addr);
    if (!address.ok()) continue;
    if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
      addresses.push_back(*address);
    }
  }
  if (addresses.empty()) return LookUpError(host, EAI_NODATA, 0);
  return addresses;
}

}  // namespace webhookd
