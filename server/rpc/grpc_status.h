#ifndef WEBHOOKD_SERVER_RPC_GRPC_STATUS_H_
#define WEBHOOKD_SERVER_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace webhookd {

// How `status` is told to the caller of an RPC. The only place where one kind of status becomes the
// other. A long message is cut so that it fits into the headers of every client.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_GRPC_STATUS_H_
