#include "server/rest.h"

#include <google/protobuf/arena.h>
#include <grpcpp/alarm.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/stop_signal.h"
#include "server/auth/token.h"
#include "server/session_cookie.h"

namespace webhookd {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;

// Messages of one stream that may wait for their answers before more are taken.
constexpr int kMaxUnanswered = 1'024;

std::string TokenOf(const CallMetadata& metadata) {
  for (const char* name : kTokenMetadata) {
    const absl::optional<absl::string_view> value = metadata.Find(name);
    if (value.has_value()) return std::string(TokenIn(*value));
  }
  return "";
}

// A call that is answered once: with its response, its error, or, if the caller gave it a time,
// with DEADLINE_EXCEEDED at the end of that. What is called goes on all the same, unless it looks
// at `stop`.
class UnaryCall : public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(const Transcoder& transcoder, TranscodedCall call, const Message& response_type,
            std::unique_ptr<WebResponder> responder)
      : transcoder_(transcoder),
        call_(std::move(call)),
        response_(*response_type.New(&arena_)),
        responder_(std::move(responder)) {}

  const Message& request() const { return *call_.request; }
  Message& response() { return response_; }

  // Call it once, before the call is served.
  void StartTimer() {
    if (!call_.metadata.timeout.has_value()) return;
    deadline_ = absl::Now() + *call_.metadata.timeout;
    alarm_.emplace();
    // The alarm keeps what it calls as long as it lives, so that it must not own this.
    alarm_->Set(absl::ToChronoTime(deadline_), [call = weak_from_this()](bool rang) {
      const std::shared_ptr<UnaryCall> self = call.lock();
      if (rang && self != nullptr) self->Answer(absl::OkStatus(), absl::nullopt);
    });
  }

  // How long the answer is waited for.
  std::shared_ptr<const StopSignal> stop() {
    return std::make_shared<const StopSignal>(
        RealClock(), call_.metadata.timeout.value_or(absl::InfiniteDuration()),
        [call = weak_from_this()] {
          const std::shared_ptr<UnaryCall> self = call.lock();
          return self == nullptr || self->IsGone();
        });
  }

  void Answer(absl::Status status, absl::optional<WebHeader> header) {
    std::unique_ptr<WebResponder> responder;
    {
      MutexLock lock(mutex_);
      responder = std::move(responder_);
    }
    if (responder == nullptr) return;
    if (absl::Now() >= deadline_) status = absl::DeadlineExceededError("context deadline exceeded");
    if (alarm_.has_value()) alarm_->Cancel();
    if (!status.ok()) {
      responder->Send(transcoder_.RenderError(status, call_.form));
      return;
    }
    WebResponse answer = transcoder_.Render(call_, response_);
    if (header.has_value()) answer.headers.push_back(*std::move(header));
    responder->Send(std::move(answer));
  }

 private:
  bool IsGone() {
    MutexLock lock(mutex_);
    return responder_ == nullptr || responder_->IsGone();
  }

  const Transcoder& transcoder_;
  const TranscodedCall call_;
  google::protobuf::Arena arena_;  // of the response: a list has many parts, which go at once
  Message& response_;
  absl::Time deadline_ = absl::InfiniteFuture();
  absl::optional<grpc::Alarm> alarm_;

  Mutex mutex_;
  std::unique_ptr<WebResponder> responder_ ABSL_GUARDED_BY(mutex_);  // null once answered
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
                                   : transcoder_.RenderStreamRefusal(call_.form, error_));
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

HeadVerdict Rest::CheckHead(const WebRequest& head) const {
  const google::protobuf::MethodDescriptor* const called =
      transcoder_.FindMethod(head.method, head.path);
  const Api::Method* const method = called == nullptr ? nullptr : api_.Find(*called);
  const absl::StatusOr<CallMetadata> metadata = ReadCallMetadata(head);
  // What is wrong otherwise is told once the body is there.
  if (method == nullptr || !metadata.ok()) return {};
  const absl::StatusOr<Caller> caller =
      api_.Admit(*method, {.token = TokenOf(*metadata),
                           .client_certificate = head.client_certificate,
                           .peer_address = head.peer_address});
  if (caller.ok()) return {.caller_is_known = caller->kind != Caller::Kind::kNobody};
  const AnswerForm form = Transcoder::FormOf(head);
  return {.refusal = method->stream != nullptr
                         ? transcoder_.RenderStreamRefusal(form, caller.status())
                         : transcoder_.RenderError(caller.status(), form)};
}

void Rest::Handle(WebRequest request, std::unique_ptr<WebResponder> responder) {
  Credentials credentials = {.client_certificate = request.client_certificate,
                             .peer_address = request.peer_address};
  const bool tls = request.tls;
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
      responder->Send(transcoder_.RenderStreamRefusal(call.form, caller.status()));
      return;
    }
    std::make_shared<Stream>(transcoder_, *method, *std::move(caller), std::move(call),
                             std::move(responder))
        ->Pump();
    return;
  }

  const Message& response_type =
      *MessageFactory::generated_factory()->GetPrototype(method->descriptor->output_type());
  auto unary = std::make_shared<UnaryCall>(transcoder_, std::move(call), response_type,
                                           std::move(responder));
  unary->StartTimer();
  api_.Call(*method, credentials, unary->stop(), unary->request(), unary->response(),
            [this, tls, unary](absl::Status status) {
              absl::optional<WebHeader> cookie;
              if (status.ok()) {
                cookie = SessionCookieFor(unary->response(), tls, options_.session_lifetime);
              }
              unary->Answer(std::move(status), std::move(cookie));
            });
}

}  // namespace webhookd
