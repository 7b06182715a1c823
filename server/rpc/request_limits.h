#ifndef WEBHOOKD_SERVER_RPC_REQUEST_LIMITS_H_
#define WEBHOOKD_SERVER_RPC_REQUEST_LIMITS_H_

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "google/protobuf/io/zero_copy_stream.h"

namespace webhookd {

// The longest requests that are taken, in bytes: messages of gRPC, or bodies of REST.
struct RequestLimits {
  size_t ordinary = 4 * 1024 * 1024;
  size_t task_logs = 32 * 1024 * 1024;  // of methods that take the lines of a task

  size_t Of(const google::protobuf::MethodDescriptor& method) const;
  size_t longest() const { return std::max(ordinary, task_logs); }
};

// RESOURCE_EXHAUSTED when a serialized message of this type would become so many objects that a
// short text takes a lot of memory: two bytes are enough for an empty message in a list. Looks at
// no more than it has to, and builds nothing. OK for what cannot be parsed.
absl::Status CheckObjects(google::protobuf::io::ZeroCopyInputStream& serialized,
                          const google::protobuf::Descriptor& type);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_RPC_REQUEST_LIMITS_H_
