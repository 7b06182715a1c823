// A library that is loaded into webhookd before all others (LD_PRELOAD) and stands between it and
// the system: it kills the process at a named point and lets its disk be full. See crash_control.h.

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>

#include "tests/crash/crash_control.h"

namespace webhookd {
namespace {

constexpr int kEventIdSize = CrashControl::kEventIdSize;
constexpr int kMaxDescriptors = 4096;

CrashControl* control = nullptr;

struct EventId {
  char text[kEventIdSize + 1] = "";
  bool empty() const { return text[0] == '\0'; }
};

// By descriptor: whose request was written last. A connection has one request at a time.
EventId requests[kMaxDescriptors];

__attribute__((constructor)) void Load() {
  const char* const path = std::getenv(CrashControl::kVariable);
  if (path == nullptr) return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  void* const memory =
      mmap(nullptr, sizeof(CrashControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file < 0 || memory == MAP_FAILED) std::abort();
  close(file);
  control = static_cast<CrashControl*>(memory);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that was killed leaves nothing behind
}

[[noreturn]] void Die(const EventId& event, uint16_t port) {
  if (!control->fired.exchange(true)) {
    std::memcpy(control->event_id, event.text, sizeof(event.text));
    control->port = port;
    kill(getpid(), SIGKILL);
  }
  while (true) pause();
}

bool Reached(KillPoint point) {
  return control->point.load() == point && control->passes.fetch_sub(1) <= 0;
}

// ---- Events in what goes through sockets

bool IsEventId(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) {
      return false;
    }
  }
  return text.size() == kEventIdSize;
}

// The event whose id follows `mark` in `bytes`.
EventId EventBehind(std::string_view bytes, std::string_view mark) {
  EventId event;
  for (size_t at = 0; (at = bytes.find(mark, at)) != bytes.npos; ++at) {
    const std::string_view id = bytes.substr(at + mark.size(), kEventIdSize);
    if (!IsEventId(id)) continue;
    std::memcpy(event.text, id.data(), id.size());
    break;
  }
  return event;
}

std::string_view BytesOf(const iovec& part) {
  return {static_cast<const char*>(part.iov_base), part.iov_len};
}

// In a response of the API, event_id is the first field and has 36 bytes.
constexpr std::string_view kAcknowledged = "\x0a\x24";
constexpr std::string_view kRequested = "webhook-id: ";

EventId EventIn(const msghdr& message, std::string_view mark) {
  for (size_t i = 0; i < message.msg_iovlen; ++i) {
    const EventId event = EventBehind(BytesOf(message.msg_iov[i]), mark);
    if (!event.empty()) return event;
  }
  return {};
}

// The receiver that a socket is connected to; 0: none.
uint16_t ReceiverOf(int socket) {
  sockaddr_in peer = {};
  socklen_t size = sizeof(peer);
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return 0;
  const uint16_t port = ntohs(peer.sin_port);
  const std::span<const uint16_t> receivers = control->receiver_ports;
  const bool known = std::find(receivers.begin(), receivers.end(), port) != receivers.end();
  return peer.sin_family == AF_INET && known ? port : 0;
}

// Events that a request was made of, by the hash of their ids; 0 is a free place.
class AttemptedEvents {
 public:
  void Add(const EventId& event) {
    const size_t hash = Hash(event);
    for (size_t i = hash;; ++i) {
      size_t free = 0;
      std::atomic<size_t>& place = places_[i % kPlaces];
      if (place.compare_exchange_strong(free, hash) || free == hash) return;
    }
  }

  bool Has(const EventId& event) const {
    const size_t hash = Hash(event);
    for (size_t i = hash;; ++i) {
      const size_t found = places_[i % kPlaces].load();
      if (found == hash) return true;
      if (found == 0) return false;
    }
  }

 private:
  static constexpr size_t kPlaces = 1 << 18;  // many more than one life can fill

  static size_t Hash(const EventId& event) {
    return std::hash<std::string_view>()({event.text, kEventIdSize}) | 1;
  }

  std::atomic<size_t> places_[kPlaces];
};

AttemptedEvents attempted;
std::atomic<bool> requests_held = false;

// Kills, unless a request of the event was made: whoever would begin one meanwhile waits.
void DieUnlessAttempted(const EventId& event) {
  if (control->point.load() != KillPoint::kAfterAcknowledgement) return;
  requests_held.store(true);
  if (!attempted.Has(event) && Reached(KillPoint::kAfterAcknowledgement)) Die(event, 0);
  requests_held.store(false);
}

template <typename Call>
ssize_t ToReceiver(int socket, uint16_t port, const msghdr& message, Call call) {
  EventId none;
  EventId& event = socket < kMaxDescriptors ? requests[socket] : none;
  if (const EventId begun = EventIn(message, kRequested); !begun.empty()) {
    event = begun;
    attempted.Add(begun);
    while (requests_held.load()) usleep(1);
  }
  const ssize_t written = call();
  // A body is a JSON object and comes last.
  if (written > 0 && message.msg_iovlen > 0 && !event.empty()) {
    const std::string_view last = BytesOf(message.msg_iov[message.msg_iovlen - 1]);
    size_t size = 0;
    for (size_t i = 0; i < message.msg_iovlen; ++i) size += message.msg_iov[i].iov_len;
    if (static_cast<size_t>(written) == size && last.back() == '}' &&
        Reached(KillPoint::kRequestWritten)) {
      Die(event, port);
    }
  }
  return written;
}

template <typename Call>
ssize_t ToCaller(const msghdr& message, Call call) {
  const EventId event = EventIn(message, kAcknowledged);
  if (event.empty()) return call();
  if (Reached(KillPoint::kBeforeAcknowledgement)) Die(event, 0);
  const ssize_t written = call();
  if (written > 0) DieUnlessAttempted(event);
  return written;
}

template <typename Call>
ssize_t Write(int socket, const msghdr& message, Call call) {
  if (control == nullptr) return call();
  const uint16_t port = ReceiverOf(socket);
  return port != 0 ? ToReceiver(socket, port, message, call) : ToCaller(message, call);
}

// ---- The answer whose record is waited for

struct AwaitedRecord {
  std::atomic<bool> chosen = false;   // the rest is set
  std::atomic<bool> written = false;  // to the log
  EventId event;
  uint16_t port = 0;
  char text[128] = "";  // the answer's body, which the record quotes
};

AwaitedRecord awaited;

void AwaitRecord(const EventId& event, uint16_t port, std::string_view answer) {
  const size_t body = answer.find("\r\n\r\n");
  if (body == answer.npos || answer.size() - body - 4 >= sizeof(awaited.text)) return;
  if (awaited.chosen || !Reached(KillPoint::kFinishCommitted)) return;
  awaited.event = event;
  awaited.port = port;
  std::memcpy(awaited.text, answer.data() + body + 4, answer.size() - body - 4);
  awaited.chosen = true;
}

void NoteRead(int socket, std::string_view bytes) {
  if (control == nullptr || socket >= kMaxDescriptors) return;
  if (bytes.substr(0, 12) != "HTTP/1.1 200") return;
  const uint16_t port = ReceiverOf(socket);
  if (port == 0) return;
  if (Reached(KillPoint::kAnswerReceived)) Die(requests[socket], port);
  AwaitRecord(requests[socket], port, bytes);
}

// ---- Files

enum class File { kOther, kDatabase, kLog, kBeside };

File KindOfPath(std::string_view path) {
  const std::string_view database = control->database;
  if (database.empty() || path.substr(0, database.size()) != database) return File::kOther;
  path.remove_prefix(database.size());
  if (path.empty()) return File::kDatabase;
  return path == "-wal" ? File::kLog : File::kBeside;
}

File KindOf(int file) {
  if (control == nullptr) return File::kOther;
  char link[32];
  char path[1024];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  const ssize_t size = readlink(link, path, sizeof(path));
  return size > 0 ? KindOfPath({path, static_cast<size_t>(size)}) : File::kOther;
}

bool ChangeReached(File kind) {
  if (kind == File::kOther) return false;
  control->file_changes.fetch_add(1);
  return Reached(KillPoint::kFileChange);
}

// How much of `size` bytes at `offset` there is room for.
size_t Room(int file, size_t size, off64_t offset) {
  struct stat status;
  if (control->disk_room.load() < 0 || fstat(file, &status) != 0) return size;
  const int64_t growth = offset + static_cast<int64_t>(size) - status.st_size;
  if (growth <= 0) return size;
  int64_t room = control->disk_room.load();
  int64_t taken;
  do {
    if (room < 0) return size;
    taken = std::min(room, growth);
  } while (!control->disk_room.compare_exchange_weak(room, room - taken));
  if (taken < growth) control->disk_denied.fetch_add(1);
  return size - static_cast<size_t>(std::min(growth - taken, static_cast<int64_t>(size)));
}

ssize_t WriteAt(int file, const void* data, size_t size, off64_t offset) {
  static const auto next = reinterpret_cast<decltype(&pwrite64)>(dlsym(RTLD_NEXT, "pwrite64"));
  const File kind = KindOf(file);
  if (kind == File::kOther) return next(file, data, size, offset);

  const bool page = size >= 512;
  if (ChangeReached(kind) || (kind == File::kLog && page && Reached(KillPoint::kLogTorn)) ||
      (kind == File::kDatabase && page && Reached(KillPoint::kCheckpoint))) {
    next(file, data, size / 2, offset);
    Die({}, 0);
  }
  const size_t room = Room(file, size, offset);
  if (room == 0) {
    errno = ENOSPC;
    return -1;
  }
  if (kind == File::kLog && awaited.chosen &&
      memmem(data, size, awaited.text, std::strlen(awaited.text)) != nullptr) {
    awaited.written = true;
  }
  return next(file, data, room, offset);
}

}  // namespace
}  // namespace webhookd

extern "C" {

ssize_t pwrite64(int file, const void* data, size_t size, off64_t offset) {
  return webhookd::WriteAt(file, data, size, offset);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  return webhookd::WriteAt(file, data, size, offset);
}

int fdatasync(int file) {
  using webhookd::KillPoint;
  static const auto next = reinterpret_cast<decltype(&fdatasync)>(dlsym(RTLD_NEXT, "fdatasync"));
  const webhookd::File kind = webhookd::KindOf(file);
  const bool log = kind == webhookd::File::kLog;
  if (webhookd::ChangeReached(kind) || (log && webhookd::Reached(KillPoint::kLogUnsynced))) {
    webhookd::Die({}, 0);
  }
  const int result = next(file);
  if (log && result == 0 && webhookd::awaited.written) {
    webhookd::Die(webhookd::awaited.event, webhookd::awaited.port);
  }
  return result;
}

int ftruncate64(int file, off64_t size) noexcept {
  static const auto next =
      reinterpret_cast<decltype(&ftruncate64)>(dlsym(RTLD_NEXT, "ftruncate64"));
  if (webhookd::ChangeReached(webhookd::KindOf(file))) webhookd::Die({}, 0);
  return next(file, size);
}

// Of these files, only the reserve is cut by this function: its space goes back to the disk.
int ftruncate(int file, off_t size) noexcept {
  static const auto next = reinterpret_cast<decltype(&ftruncate)>(dlsym(RTLD_NEXT, "ftruncate"));
  struct stat status = {};
  if (webhookd::KindOf(file) == webhookd::File::kBeside && fstat(file, &status) == 0 &&
      status.st_size > size && webhookd::control->disk_room.load() >= 0) {
    webhookd::control->disk_room.fetch_add(status.st_size - size);
  }
  return next(file, size);
}

int unlink(const char* path) noexcept {
  static const auto next = reinterpret_cast<decltype(&unlink)>(dlsym(RTLD_NEXT, "unlink"));
  if (webhookd::control != nullptr && webhookd::ChangeReached(webhookd::KindOfPath(path))) {
    webhookd::Die({}, 0);
  }
  return next(path);
}

ssize_t send(int socket, const void* data, size_t size, int flags) {
  static const auto next = reinterpret_cast<decltype(&send)>(dlsym(RTLD_NEXT, "send"));
  iovec part = {.iov_base = const_cast<void*>(data), .iov_len = size};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return webhookd::Write(socket, message, [&] { return next(socket, data, size, flags); });
}

ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  static const auto next = reinterpret_cast<decltype(&sendmsg)>(dlsym(RTLD_NEXT, "sendmsg"));
  return webhookd::Write(socket, *message, [&] { return next(socket, message, flags); });
}

ssize_t recv(int socket, void* data, size_t size, int flags) {
  static const auto next = reinterpret_cast<decltype(&recv)>(dlsym(RTLD_NEXT, "recv"));
  const ssize_t got = next(socket, data, size, flags);
  if (got > 0 && (flags & MSG_PEEK) == 0) {
    webhookd::NoteRead(socket, {static_cast<const char*>(data), static_cast<size_t>(got)});
  }
  return got;
}

}  // extern "C"
