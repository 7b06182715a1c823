#ifndef WEBHOOKD_SERVER_GATEWAY_TRANSCODER_H_
#define WEBHOOKD_SERVER_GATEWAY_TRANSCODER_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/variant.h"
#include "server/gateway/call_metadata.h"
#include "server/gateway/error_profile.h"
#include "server/gateway/request_stream.h"
#include "server/gateway/route_table.h"
#include "server/gateway/web.h"

namespace webhookd {

// In which form a caller wants answers.
struct AnswerForm {
  JsonLayout layout = JsonLayout::kCompact;  // kIndented for `?pretty`
  bool events = false;                       // a stream as server-sent events
};

// A request over HTTP, understood as a call of an RPC.
struct TranscodedCall {
  const Route* route = nullptr;  // of the transcoder
  // What the call sends: `request`, or for methods whose client streams `requests`.
  std::unique_ptr<google::protobuf::Message> request;
  std::unique_ptr<RequestStream> requests;
  CallMetadata metadata;
  AnswerForm form;

  const google::protobuf::MethodDescriptor& method() const { return *route->method; }
};

// Turns requests over HTTP into calls of RPCs, and what those answer into responses, as
// grpc-gateway does, by the google.api.http options of the RPCs. Immutable and thread-safe. Calls
// nothing itself.
class Transcoder {
 public:
  // INVALID_ARGUMENT if the options are wrong or contradict one another.
  static absl::StatusOr<std::unique_ptr<Transcoder>> Create(
      const std::vector<const google::protobuf::ServiceDescriptor*>& services,
      GatewayProfile profile);

  // The call that a request stands for, or the response that says why it stands for none.
  absl::variant<TranscodedCall, WebResponse> Transcode(WebRequest request) const;

  // The method that requests with this head call, as far as their bodies do not change it (a form
  // may, by X-HTTP-Method-Override); null if none.
  const google::protobuf::MethodDescriptor* FindMethod(absl::string_view http_method,
                                                       absl::string_view path) const;
  static AnswerForm FormOf(const WebRequest& request);

  // The answer to a call of a method that answers once.
  WebResponse Render(const TranscodedCall& call, const google::protobuf::Message& response) const;
  WebResponse RenderError(const absl::Status& status, const AnswerForm& form) const;

  // A method that streams answers: the head, which has no body, then each answer and at the end at
  // most one error as a part of the body. An error before the first answer is a response instead.
  WebResponse StreamHead(const TranscodedCall& call) const;
  std::string RenderStreamItem(const TranscodedCall& call,
                               const google::protobuf::Message& response) const;
  std::string RenderStreamError(const TranscodedCall& call, const absl::Status& status) const;
  WebResponse RenderStreamRefusal(const AnswerForm& form, const absl::Status& status) const;

  const RouteTable& routes() const { return *routes_; }
  GatewayProfile profile() const { return profile_; }

 private:
  Transcoder(std::unique_ptr<RouteTable> routes, GatewayProfile profile)
      : routes_(std::move(routes)), profile_(profile) {}

  absl::StatusOr<TranscodedCall> TranscodeTo(WebRequest request, const AnswerForm& form) const;

  const std::unique_ptr<const RouteTable> routes_;
  const GatewayProfile profile_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_TRANSCODER_H_
