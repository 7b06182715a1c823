#ifndef WEBHOOKD_SERVER_GATEWAY_REQUEST_STREAM_H_
#define WEBHOOKD_SERVER_GATEWAY_REQUEST_STREAM_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/gateway/protojson_reader.h"

namespace webhookd {

// The messages that a client streams: the JSON values that its body has one after another. Not
// thread-safe.
class RequestStream {
 public:
  // `prototype` is a generated one, which lives as long as the program.
  RequestStream(std::string body, const google::protobuf::Message& prototype)
      : body_(std::move(body)), prototype_(prototype), sequence_(body_) {}
  RequestStream(const RequestStream&) = delete;
  RequestStream& operator=(const RequestStream&) = delete;

  // The next message; null after the last. INVALID_ARGUMENT ends the stream.
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Next();

 private:
  const std::string body_;
  const google::protobuf::Message& prototype_;
  ProtoJsonSequence sequence_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_REQUEST_STREAM_H_
