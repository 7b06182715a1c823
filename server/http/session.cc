#include "server/http/session.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/http/gzip.h"
#include "server/http/protocol.h"
#include "server/http/refusal_response.h"
#include "server/http/response_head.h"

namespace webhookd {
namespace {

constexpr int kPiecesPerWrite = 16;
// More answers to requests that came together are only made once these are written.
constexpr size_t kMaxOutputBytes = 256 * 1024;
// Requests that come while one is being answered; more stay in the kernel.
constexpr size_t kMaxWaitingInputBytes = 64 * 1024;
// What counts as progress for a time limit.
constexpr size_t kProgressBytes = 64 * 1024;
constexpr absl::Duration kLingerTimeout = absl::Seconds(2);
// Shorter bodies are read whoever sends them, and do not count: connections have bounds of their
// own.
constexpr size_t kUncheckedBodyBytes = 64 * 1024;
constexpr size_t kUncountedBodyBytes = 16 * 1024;
constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool ClientAcceptsGzip(const WebHeaders& headers) {
  for (const WebHeader& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, "accept-encoding")) return AcceptsGzip(header.value);
  }
  return false;
}

}  // namespace

Session::Session(int fd, std::string peer, Worker& worker)
    : Connection(fd, std::move(peer)), worker_(worker), parser_(worker.port().request_limits) {
  UpdateDeadlines();
}

void Session::OnReady(uint32_t events) {
  if (phase_ == Phase::kClosed) return;
  constexpr uint32_t kEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLIN | kEnd)) != 0) readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  if ((events & kEnd) != 0) {
    hung_up_ = true;
    if (exchange_ != nullptr) exchange_->NoteEnd();
  }
  // A client that only stops sending still waits for its answer; one that is gone does not.
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
    Close();
    return;
  }
  Advance();
}

void Session::OnTimeout() {
  const bool is_late_request =
      phase_ == Phase::kRead && !parser_.idle() && write_deadline_ == absl::InfiniteDuration();
  if (!is_late_request) {
    CloseCleanly();
    return;
  }
  Refuse({408, "the request did not come in time"});
  Advance();
}

void Session::OnDrain() {
  switch (awaited()) {
    case Awaited::kFirstBytes:
    case Awaited::kHandshake:
    case Awaited::kRequest:
    case Awaited::kEnd:
      if (output_.empty()) CloseCleanly();
      break;
    default:
      break;
  }
}

void Session::CloseCleanly() {
  if (transport_ != nullptr && output_.empty()) transport_->Finish();
  Close();
}

void Session::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  if (exchange_ != nullptr) exchange_->Detach();
  exchange_ = nullptr;
  ReleaseBody();
  worker_.Remove(*this);
}

void Session::Advance() {
  // An answer may come from inside of a step; that step goes on.
  if (advancing_ || !worker_.BeginTurn(*this)) return;
  advancing_ = true;
  while (AdvanceOnce()) {
  }
  advancing_ = false;
  Settle();
  worker_.EndTurn();
}

void Session::Settle() {
  if (phase_ == Phase::kClosed) return;
  if (worker_.draining()) {
    OnDrain();
    if (phase_ == Phase::kClosed) return;
  }
  UpdateDeadlines();
  const bool idle = is_idle();
  if (idle || was_idle_) worker_.SetIdle(*this, idle);
  was_idle_ = idle;
}

bool Session::AdvanceOnce() {
  switch (phase_) {
    case Phase::kPeek:
      return Peek();
    case Phase::kHandshake:
      return Handshake();
    case Phase::kRead:
      return Read();
    case Phase::kAnswer:
      Flush();
      return false;
    case Phase::kStream:
      Flush();
      return WatchForEnd();
    case Phase::kFinish:
      return Finish();
    case Phase::kLinger:
      return Linger();
    case Phase::kClosed:
      return false;
  }
  return false;
}

bool Session::Peek() {
  if (!readable_) return false;
  std::vector<char>& scratch = worker_.scratch();
  const ssize_t size = recv(fd(), scratch.data(), kMaxPeekedBytes, MSG_PEEK);
  if (size <= 0) {
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    Close();
    return false;
  }
  TlsAcceptor* const tls = worker_.port().tls;
  const absl::string_view first_bytes(scratch.data(), size);
  switch (tls == nullptr ? ProtocolOfPlain(first_bytes) : ProtocolOfTls(first_bytes)) {
    case Protocol::kUndecided:
      // The next bytes bring a new event; without any, the time limit comes.
      if (hung_up_) Close();
      return false;
    case Protocol::kGrpc:
      phase_ = Phase::kClosed;
      worker_.PassToGrpc(*this);
      return false;
    case Protocol::kHttp:
      break;
  }
  transport_ = tls == nullptr ? NewPlainTransport(fd()) : tls->NewTransport(fd());
  phase_ = Phase::kHandshake;
  if (transport_ == nullptr) Close();
  return true;
}

bool Session::Handshake() {
  switch (transport_->Handshake().state) {
    case Transport::State::kOk:
      client_certificate_ = transport_->client_identity();
      phase_ = Phase::kRead;
      return true;
    case Transport::State::kWantRead:
    case Transport::State::kWantWrite:
      return false;
    case Transport::State::kEnd:
    case Transport::State::kError:
      Close();
      return false;
  }
  return false;
}

bool Session::Read() {
  if (output_.bytes() < kMaxOutputBytes && Parse()) return true;
  Flush();
  if (phase_ != Phase::kRead || output_.bytes() >= kMaxOutputBytes) return false;
  if (input_is_new_) return true;
  absl::string_view input = ReadSome();
  if (input.empty()) return false;
  if (input_.empty()) {
    ParseFrom(input);
    input_.assign(input.data(), input.size());
  } else {
    input_.append(input.data(), input.size());
    input_is_new_ = true;
  }
  return true;
}

bool Session::Parse() {
  if (!std::exchange(input_is_new_, false)) return false;
  absl::string_view input = input_;
  ParseFrom(input);
  input_.erase(0, input_.size() - input.size());
  return true;
}

void Session::ParseFrom(absl::string_view& input) {
  while (phase_ == Phase::kRead) {
    if (output_.bytes() >= kMaxOutputBytes) {
      input_is_new_ = true;
      return;
    }
    const RequestParser::Step step = parser_.Parse(input);
    if (parser_.body().capacity() > kUncountedBodyBytes && !ChargeBody()) return;
    switch (step) {
      case RequestParser::Step::kNeedMore:
        return;
      case RequestParser::Step::kHead:
        if (!CheckHead()) return;
        if (parser_.head().expect_continue && input.empty()) output_.Append(std::string(kContinue));
        break;
      case RequestParser::Step::kRequest:
        Serve();
        break;
      case RequestParser::Step::kRefused:
        Refuse(parser_.refusal());
        return;
    }
  }
  input_is_new_ = !input.empty();
}

bool Session::CheckHead() {
  const RequestHead& head = parser_.head();
  caller_is_known_ = false;
  if (head.content_length.has_value() && *head.content_length <= kUncheckedBodyBytes) return true;
  HeadVerdict verdict =
      worker_.port().handler.CheckHead({.method = head.method,
                                        .path = head.path,
                                        .query = head.query,
                                        .headers = head.headers,
                                        .peer_address = peer(),
                                        .tls = worker_.port().tls != nullptr,
                                        .client_certificate = client_certificate_});
  caller_is_known_ = verdict.caller_is_known;
  if (!verdict.refusal.has_value()) return true;
  RefuseWith(*std::move(verdict.refusal));
  return false;
}

bool Session::ChargeBody() {
  const size_t size = parser_.body().size();
  if (body_share_ == nullptr) {
    body_owner_ = std::make_shared<Session*>(this);
    body_share_ = std::make_unique<BodyBudget::Share>(worker_.port().bodies, caller_is_known_,
                                                      [loop = worker_.loop(), owner = body_owner_] {
                                                        loop->Post([owner] {
                                                          if (*owner != nullptr)
                                                            (*owner)->GiveWay();
                                                        });
                                                      });
  } else if (size < charged_size_ + kProgressBytes && parser_.in_body()) {
    return true;
  }
  charged_size_ = size;
  if (body_share_->Resize(parser_.body().capacity(), worker_.Now())) return true;
  GiveWay();
  return false;
}

void Session::GiveWay() {
  // Its answer is on the way already if it is no longer read.
  if (phase_ != Phase::kRead) return;
  Refuse({503,
          "the server has no memory left for long requests and this one made the least progress: "
          "try again"});
  Advance();
}

void Session::ReleaseBody() {
  if (body_owner_ != nullptr) *body_owner_ = nullptr;
  body_owner_ = nullptr;
  body_share_ = nullptr;
  charged_size_ = 0;
}

void Session::Serve() {
  RequestHead& head = parser_.head();
  if (body_share_ != nullptr) body_share_->Keep();
  ++requests_;
  http10_ = head.http10;
  head_only_ = head.method == "HEAD";
  keep_alive_ = head.keep_alive;
  cors_headers_ = worker_.port().cors.HeadersFor(head.headers);
  phase_ = Phase::kAnswer;
  if (absl::optional<WebResponse> preflight = worker_.port().cors.Preflight(head)) {
    cors_headers_.clear();
    parser_.NextRequest();
    Respond(*std::move(preflight));
    return;
  }
  exchange_ = std::make_shared<Exchange>(worker_.loop(), *this, worker_.port().clock,
                                         worker_.port().options.max_unsent_bytes,
                                         ClientAcceptsGzip(head.headers));
  if (hung_up_) exchange_->NoteEnd();
  WebRequest request = {.method = std::move(head.method),
                        .path = std::move(head.path),
                        .query = std::move(head.query),
                        .headers = std::move(head.headers),
                        .body = std::move(parser_.body()),
                        .peer_address = peer(),
                        .tls = worker_.port().tls != nullptr,
                        .client_certificate = client_certificate_};
  parser_.NextRequest();
  worker_.port().handler.Handle(std::move(request), NewResponder(exchange_));
}

void Session::Refuse(const Refusal& refusal) {
  const HttpServer::Options& options = worker_.port().options;
  const int code = GrpcCodeOf(refusal.status);
  WebResponse response = options.refusal != nullptr
                             ? options.refusal(refusal.status, code, refusal.message)
                             : DeterminedRefusal(refusal.status, code, refusal.message);
  if (refusal.status == 503) response.headers.push_back({"Retry-After", "1"});
  RefuseWith(std::move(response));
}

void Session::RefuseWith(WebResponse response) {
  parser_.Stop();
  refused_ = true;
  keep_alive_ = false;
  http10_ = false;
  head_only_ = false;
  cors_headers_.clear();
  Respond(std::move(response));
}

void Session::OnSend(WebResponse response) {
  if (phase_ != Phase::kAnswer) return;
  Respond(std::move(response));
  Advance();
}

void Session::Respond(WebResponse response) {
  if (worker_.draining()) keep_alive_ = false;
  for (WebHeader& header : cors_headers_) response.headers.push_back(std::move(header));
  ResponseFraming framing = {.keep_alive = keep_alive_, .http10 = http10_, .date = worker_.Date()};
  const bool has_body = HasBody(response.status);
  if (has_body) framing.content_length = response.body.size();
  std::string head;
  AppendResponseHead(response, framing, head);
  output_.Append(std::move(head));
  if (has_body && !head_only_) output_.Append(std::move(response.body));
  EndExchange();
}

void Session::OnStart(WebResponse head) {
  if (phase_ != Phase::kAnswer) return;
  phase_ = Phase::kStream;
  const bool has_body = HasBody(head.status) && !head_only_;
  chunked_ = has_body && !http10_;
  if (http10_ || worker_.draining()) keep_alive_ = false;
  for (WebHeader& header : cors_headers_) head.headers.push_back(std::move(header));
  std::string text;
  AppendResponseHead(
      head,
      {.keep_alive = keep_alive_, .http10 = http10_, .chunked = chunked_, .date = worker_.Date()},
      text);
  output_.Append(std::move(text));
  head_only_ = !has_body;
  // Parts may have been written already: the head, and what came with it, took its way by a post.
  AppendPart(std::move(head.body));
  OnParts();
}

void Session::OnParts() {
  if (phase_ != Phase::kStream) return;
  Exchange::Parts parts = exchange_->TakeParts();
  AppendPart(std::move(parts.bytes));
  if (parts.ended) {
    if (chunked_) output_.Append("0\r\n\r\n");
    EndExchange();
  }
  Advance();
}

void Session::AppendPart(std::string part) {
  if (part.empty() || head_only_) return;
  if (chunked_) output_.Append(absl::StrCat(absl::Hex(part.size()), "\r\n"));
  output_.Append(std::move(part));
  if (chunked_) output_.Append("\r\n");
}

void Session::EndExchange() {
  if (exchange_ != nullptr) exchange_->Detach();
  exchange_ = nullptr;
  ReleaseBody();
  input_is_new_ = !input_.empty();
  phase_ = keep_alive_ ? Phase::kRead : Phase::kFinish;
}

bool Session::WatchForEnd() {
  if (phase_ != Phase::kStream || input_.size() >= kMaxWaitingInputBytes) return false;
  const absl::string_view input = ReadSome();
  input_.append(input.data(), input.size());
  return !input.empty();
}

bool Session::Finish() {
  Flush();
  if (phase_ != Phase::kFinish || !output_.empty()) return false;
  transport_->Finish();
  if (!refused_ && !readable_) {
    Close();
    return false;
  }
  phase_ = Phase::kLinger;
  return true;
}

bool Session::Linger() { return !ReadSome().empty(); }

absl::string_view Session::ReadSome() {
  if (!readable_) return {};
  std::vector<char>& scratch = worker_.scratch();
  const Transport::Result result = transport_->Read(scratch.data(), scratch.size());
  switch (result.state) {
    case Transport::State::kOk:
      // The peer's end may stand behind what was read.
      readable_ = hung_up_ || !transport_->short_read_is_last() || result.bytes == scratch.size();
      return {scratch.data(), result.bytes};
    case Transport::State::kWantRead:
      readable_ = false;
      return {};
    case Transport::State::kWantWrite:
      return {};
    case Transport::State::kEnd:
      readable_ = false;
      if (phase_ == Phase::kRead && !output_.empty()) {
        // It still takes the answers to what it asked before.
        keep_alive_ = false;
        phase_ = Phase::kFinish;
        return {};
      }
      break;
    case Transport::State::kError:
      break;
  }
  Close();
  return {};
}

void Session::Flush() {
  while (!output_.empty() && writable_ && phase_ != Phase::kClosed) {
    iovec pieces[kPiecesPerWrite];
    const int count = output_.Peek(pieces, kPiecesPerWrite);
    const Transport::Result result = transport_->Write(pieces, count);
    switch (result.state) {
      case Transport::State::kOk:
        output_.Consume(result.bytes);
        written_ += result.bytes;
        break;
      case Transport::State::kWantWrite:
        writable_ = false;
        break;
      case Transport::State::kWantRead:
        return;
      case Transport::State::kEnd:
      case Transport::State::kError:
        Close();
        return;
    }
  }
  if (exchange_ != nullptr) exchange_->SetUnsent(output_.bytes());
}

Session::Awaited Session::awaited() const {
  switch (phase_) {
    case Phase::kPeek:
      return Awaited::kFirstBytes;
    case Phase::kHandshake:
      return Awaited::kHandshake;
    case Phase::kRead:
      if (parser_.in_body()) return Awaited::kBody;
      if (!parser_.idle()) return Awaited::kHead;
      return Awaited::kRequest;
    case Phase::kLinger:
      return Awaited::kEnd;
    default:
      return Awaited::kNothing;
  }
}

bool Session::is_idle() const {
  return phase_ == Phase::kRead && parser_.idle() && output_.empty() && requests_ > 0;
}

void Session::UpdateDeadlines() {
  const HttpServer::Options& options = worker_.port().options;
  const absl::Duration now = worker_.Now();
  const Awaited awaited = this->awaited();
  const size_t body = parser_.body().size();
  if (awaited != limited_ || requests_ != limited_requests_ ||
      (awaited == Awaited::kBody && body >= body_mark_ + kProgressBytes)) {
    limited_ = awaited;
    limited_requests_ = requests_;
    body_mark_ = body;
    switch (awaited) {
      case Awaited::kFirstBytes:
      case Awaited::kHandshake:
      case Awaited::kHead:
        read_deadline_ = now + options.header_timeout;
        break;
      case Awaited::kRequest:
        read_deadline_ = now + (requests_ == 0 ? options.header_timeout : options.idle_timeout);
        break;
      case Awaited::kBody:
        read_deadline_ = now + options.body_timeout;
        break;
      case Awaited::kEnd:
        read_deadline_ = now + kLingerTimeout;
        break;
      case Awaited::kNothing:
        read_deadline_ = absl::InfiniteDuration();
        break;
    }
  }
  if (output_.empty()) {
    write_deadline_ = absl::InfiniteDuration();
  } else if (write_deadline_ == absl::InfiniteDuration() ||
             written_ >= write_mark_ + kProgressBytes) {
    write_mark_ = written_;
    write_deadline_ = now + options.write_timeout;
  }
}

void SendBusy(int fd, absl::string_view date) {
  constexpr int kBusy = 503;
  const WebResponse response =
      DeterminedRefusal(kBusy, GrpcCodeOf(kBusy), "too many connections are open; try again later");
  std::string text;
  AppendResponseHead(
      response, {.keep_alive = false, .content_length = response.body.size(), .date = date}, text);
  absl::StrAppend(&text, response.body);
  send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  // A socket that is closed with something unread resets the connection, and the answer is lost.
  char ignored[4096];
  while (recv(fd, ignored, sizeof ignored, MSG_DONTWAIT) == sizeof ignored) {
  }
}

}  // namespace webhookd
