#ifndef WEBHOOKD_SERVER_RPC_CONFIG_CONVERSION_H_
#define WEBHOOKD_SERVER_RPC_CONFIG_CONVERSION_H_

#include <google/protobuf/struct.pb.h>

#include "server/config/config.h"

namespace webhookd {

// The configuration in force, nested as its file is. Secrets are masked, but for
// webhooks.signing_key: receivers need it, and this is where they are told to find it (the seed,
// "Retrieving the Key").
google::protobuf::Struct ConfigToStruct(const Config& config);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_CONFIG_CONVERSION_H_
