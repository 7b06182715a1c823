#include "server/gateway/request_stream.h"

#include "base/status_macros.h"

namespace webhookd {

absl::StatusOr<std::unique_ptr<google::protobuf::Message>> RequestStream::Next() {
  std::unique_ptr<google::protobuf::Message> message(prototype_.New());
  ASSIGN_OR_RETURN(const bool read, sequence_.Next(*message));
  if (!read) message.reset();
  return message;
}

}  // namespace webhookd
