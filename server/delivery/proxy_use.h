#ifndef WEBHOOKD_SERVER_DELIVERY_PROXY_USE_H_
#define WEBHOOKD_SERVER_DELIVERY_PROXY_USE_H_

#include "server/delivery/host_list.h"

namespace webhookd {

// Which requests go through a proxy.
struct ProxyUse {
  bool is_set = false;  // there is one
  HostList direct;      // hosts that are reached without it
  // Names are looked up here first, and refused when they mean an address that the egress policy
  // denies. Those that cannot be looked up here are left to the proxy.
  bool checks_names = true;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_PROXY_USE_H_
