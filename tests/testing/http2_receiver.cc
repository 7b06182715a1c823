#include "tests/testing/http2_receiver.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/testing/listen.h"

namespace webhookd {
namespace {

// RFC 9113, sections 6 and 7.
enum FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kResetStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAwayFrame = 7,
};
constexpr uint8_t kAck = 1;
constexpr uint8_t kEndStream = 1;
constexpr uint8_t kEndHeaders = 4;
constexpr uint32_t kNoError = 0;
constexpr uint32_t kRefusedStream = 7;
constexpr uint32_t kCancel = 8;
constexpr size_t kPrefaceBytes = 24;

std::string BigEndian(uint32_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(number >> (8 * i));
  return text;
}

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, absl::string_view payload) {
  return absl::StrCat(BigEndian(static_cast<uint32_t>(payload.size()), 3), BigEndian(type, 1),
                      BigEndian(flags, 1), BigEndian(stream, 4), payload);
}

bool ReadAll(Stream& stream, std::string& bytes) {
  size_t got = 0;
  while (got < bytes.size()) {
    const size_t n = stream.Read(bytes.data() + got, bytes.size() - got);
    if (n == 0) return false;
    got += n;
  }
  return true;
}

uint32_t Number(absl::string_view bytes) {
  uint32_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<uint8_t>(c);
  return number;
}

}  // namespace

Http2Receiver::Http2Receiver(const std::string& certificate, const std::string& key,
                             std::vector<Answer> answers)
    : tls_(TlsServer::Create(certificate, key, "h2")),
      listener_(ListenOn("127.0.0.1", 0)),
      port_(PortOf(listener_)),
      answers_(std::move(answers)) {
  acceptor_ = std::thread([this] { Accept(); });
}

Http2Receiver::~Http2Receiver() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  acceptor_.join();
  {
    MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  close(listener_);
}

std::string Http2Receiver::url() const { return absl::StrCat("https://127.0.0.1:", port_, "/"); }

int Http2Receiver::request_count() const {
  MutexLock lock(mutex_);
  return requests_;
}

int Http2Receiver::accepted_connections() const {
  MutexLock lock(mutex_);
  return accepted_;
}

void Http2Receiver::Accept() {
  while (true) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    MutexLock lock(mutex_);
    if (stopping_) {
      if (socket >= 0) close(socket);
      return;
    }
    if (socket < 0) continue;
    ++accepted_;
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { Serve(socket); });
  }
}

void Http2Receiver::Serve(int socket) {
  if (const auto stream = tls_->Accept(socket, false); stream != nullptr) {
    Converse(*stream);
    stream->Finish();
  }
  MutexLock lock(mutex_);
  sockets_.erase(std::find(sockets_.begin(), sockets_.end(), socket));
  close(socket);
}

void Http2Receiver::Converse(Stream& stream) {
  std::string preface(kPrefaceBytes, '\0');
  if (!ReadAll(stream, preface) || !stream.Write(Frame(kSettings, 0, 0, ""))) return;
  while (true) {
    std::string head(9, '\0');
    if (!ReadAll(stream, head)) return;
    std::string payload(Number(head.substr(0, 3)), '\0');
    if (!ReadAll(stream, payload)) return;
    const auto type = static_cast<uint8_t>(head[3]);
    const auto flags = static_cast<uint8_t>(head[4]);
    const uint32_t id = Number(head.substr(5, 4));
    bool go_on = true;
    if (type == kSettings && (flags & kAck) == 0) {
      go_on = stream.Write(Frame(kSettings, kAck, 0, ""));
    } else if (type == kPing && (flags & kAck) == 0) {
      go_on = stream.Write(Frame(kPing, kAck, 0, payload));
    } else if ((type == kHeaders || type == kData) && (flags & kEndStream) != 0) {
      go_on = EndStream(stream, id);
    }
    if (!go_on) return;
  }
}

bool Http2Receiver::EndStream(Stream& stream, uint32_t id) {
  Answer answer = Answer::k200;
  {
    MutexLock lock(mutex_);
    ++requests_;
    if (!answers_.empty()) {
      answer = answers_.front();
      answers_.erase(answers_.begin());
    }
  }
  switch (answer) {
    case Answer::k200:
      // 0x88 is ":status: 200" of the static table (RFC 7541, appendix A).
      return stream.Write(Frame(kHeaders, kEndStream | kEndHeaders, id, "\x88"));
    case Answer::kRefuseStream:
      return stream.Write(Frame(kResetStream, 0, id, BigEndian(kRefusedStream, 4)));
    case Answer::kCancelStream:
      return stream.Write(Frame(kResetStream, 0, id, BigEndian(kCancel, 4)));
    case Answer::kGoAway:
      stream.Write(
          Frame(kGoAwayFrame, 0, 0, absl::StrCat(BigEndian(id - 2, 4), BigEndian(kNoError, 4))));
      return false;
    case Answer::kCloseConnection:
      return false;
  }
  return false;
}

}  // namespace webhookd
