#include "server/rest.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/mutex.h"

namespace webhookd {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;

// Messages of one stream that may wait for their answers before more are taken.
constexpr int kMaxUnanswered = 1'024;

// The same names in the same order as over gRPC (CredentialsOf).
std::string TokenOf(const CallMetadata& metadata) {
  for (const char* name :
       {"x-user-token", "grpcgateway-authorization", "x-allocation-token", "authorization"}) {
    absl::optional<absl::string_view> value = metadata.Find(name);
    if (!value.has_value()) continue;
    absl::ConsumePrefix(&*value, "Bearer ");
    return std::string(*value);
  }
  return "";
}

// A call that is answered once.
struct UnaryCall {
  TranscodedCall call;
  std::unique_ptr<Message> response;
  std::unique_ptr<WebResponder> responder;
};

}  // namespace

// A call whose two sides stream. Answers are sent as they come, each as soon as it is there.
class Rest::Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(const Transcoder& transcoder, const Api::Method& method, Caller caller,
         TranscodedCall call, std::unique_ptr<WebResponder> responder)
      : transcoder_(transcoder),
        method_(method),
        caller_(std::move(caller)),
        call_(std::move(call)),
        responder_(std::move(responder)) {}

  // Takes messages until too many are unanswered. One thread at a time does it.
  void Pump() {
    while (true) {
      {
        MutexLock lock(mutex_);
        if (pumping_ || read_all_ || unanswered_ >= kMaxUnanswered) return;
        pumping_ = true;
      }
      absl::StatusOr<std::unique_ptr<Message>> message = call_.requests->Next();
      const bool more = message.ok() && *message != nullptr;
      {
        MutexLock lock(mutex_);
        // What is taken here counts as unanswered until `pumping_` is taken back, too: the stream
        // must not end in between.
        if (more) ++unanswered_;
        if (!more) read_all_ = true;
        if (!message.ok()) error_ = message.status();
      }
      if (more) {
        method_.stream(caller_, **message, [self = shared_from_this()](const Message& answer) {
          self->Answer(answer);
        });
      }
      MutexLock lock(mutex_);
      pumping_ = false;
      EndIfDone();
    }
  }

 private:
  void Answer(const Message& answer) {
    {
      MutexLock lock(mutex_);
      Send(transcoder_.RenderStreamItem(call_, answer));
      --unanswered_;
      EndIfDone();
    }
    Pump();
  }

  void Send(std::string part) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (gone_) return;
    if (started_) {
      gone_ = !responder_->Write(std::move(part));
      // Nobody would get the answers; what is taken is served all the same.
      if (gone_) read_all_ = true;
      return;
    }
    started_ = true;
    WebResponse head = transcoder_.StreamHead(call_);
    head.body = std::move(part);
    responder_->Start(std::move(head));
  }

  void EndIfDone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!read_all_ || unanswered_ > 0 || pumping_ || ended_) return;
    ended_ = true;
    if (!started_) {
      responder_->Send(error_.ok() ? transcoder_.StreamHead(call_)
                                   : transcoder_.RenderStreamRefusal(call_, error_));
      return;
    }
    if (!error_.ok()) Send(transcoder_.RenderStreamError(call_, error_));
    responder_->End();
  }

  const Transcoder& transcoder_;
  const Api::Method& method_;
  const Caller caller_;
  TranscodedCall call_;  // its messages are read by the thread that pumps

  Mutex mutex_;
  const std::unique_ptr<WebResponder> responder_;
  bool pumping_ ABSL_GUARDED_BY(mutex_) = false;
  bool read_all_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;  // the head is sent
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;     // the client is
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  int unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);  // of a message that could not be read
};

void Rest::Handle(WebRequest request, std::unique_ptr<WebResponder> responder) {
  Credentials credentials = {.client_certificate = request.client_certificate,
                             .peer_address = request.peer_address};
  absl::variant<TranscodedCall, WebResponse> transcoded = transcoder_.Transcode(std::move(request));
  if (auto* refused = absl::get_if<WebResponse>(&transcoded)) {
    responder->Send(std::move(*refused));
    return;
  }
  auto& call = absl::get<TranscodedCall>(transcoded);
  credentials.token = TokenOf(call.metadata);
  const Api::Method* method = api_.Find(call.method());
  if (method == nullptr) {
    responder->Send(transcoder_.RenderError(
        absl::UnimplementedError(absl::StrCat(call.method().full_name(), " is not served yet")),
        call.form));
    return;
  }
  if (method->stream != nullptr) {
    absl::StatusOr<Caller> caller = api_.Admit(*method, credentials);
    if (!caller.ok()) {
      responder->Send(transcoder_.RenderStreamRefusal(call, caller.status()));
      return;
    }
    std::make_shared<Stream>(transcoder_, *method, *std::move(caller), std::move(call),
                             std::move(responder))
        ->Pump();
    return;
  }

  UnaryCall unary = {.call = std::move(call), .responder = std::move(responder)};
  unary.response.reset(
      MessageFactory::generated_factory()->GetPrototype(method->descriptor->output_type())->New());
  const Message& request_message = *unary.call.request;
  Message& response_message = *unary.response;
  api_.Call(*method, credentials, request_message, response_message,
            [this, unary = std::move(unary)](const absl::Status& status) mutable {
              unary.responder->Send(status.ok() ? transcoder_.Render(unary.call, *unary.response)
                                                : transcoder_.RenderError(status, unary.call.form));
            });
}

}  // namespace webhookd
