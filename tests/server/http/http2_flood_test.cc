#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "tests/server/http/http_connection.h"
#include "tests/server/http/shared_port.h"

// What is known to bring HTTP/2 servers down, against the shared port: memory stays flat, and other
// callers are served.
namespace webhookd {
namespace {

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kMegabyte = 1024 * 1024;
constexpr size_t kMemoryAllowed = 64 * kMegabyte;
// What the worst flood may take until it is noticed; without notice each takes some GB.
constexpr size_t kMostGrown = 512 * kMegabyte;

// Types of frames (RFC 9113, 6).
constexpr int kData = 0;
constexpr int kHeaders = 1;
constexpr int kRstStream = 3;
constexpr int kSettings = 4;
constexpr int kPing = 6;
constexpr int kWindowUpdate = 8;
constexpr int kContinuation = 9;
constexpr int kEndHeaders = 4;

std::string Number(uint32_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(number >> (8 * i)));
  return text;
}

std::string Frame(int type, int flags, uint32_t stream, absl::string_view payload) {
  std::string frame = Number(static_cast<uint32_t>(payload.size()), 3);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  frame += Number(stream, 4);
  frame.append(payload.data(), payload.size());
  return frame;
}

// A header field without compression or indexing (RFC 7541, 6.2.2).
std::string Field(absl::string_view name, absl::string_view value) {
  std::string field(1, '\0');
  for (const absl::string_view text : {name, value}) {
    // Sizes below 127 only.
    field.push_back(static_cast<char>(text.size()));
    field.append(text.data(), text.size());
  }
  return field;
}

// The header fields of a call.
std::string Call() {
  return Field(":method", "POST") + Field(":scheme", "http") + Field(":authority", "a") +
         Field(":path", "/webhookd.v1.EventService/ReportMetrics") +
         Field("content-type", "application/grpc") + Field("te", "trailers");
}

size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t size = 0;
  size_t resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

struct FloodResult {
  size_t sent = 0;
  size_t grown = 0;  // the most by which memory grew
  int other_calls = 0;
  int open = 0;
  bool all_served = true;
};

// Sends what `flood` gives for 0, 1, 2 … until `bytes` were sent or the server has enough, beside
// other calls. `reads`: whether the client reads what the server sends.
FloodResult Flood(size_t bytes, bool reads, const std::function<std::string(uint32_t)>& flood) {
  HttpServer::Options options;
  options.memory_limit_bytes = ResidentBytes() + kMemoryAllowed;
  SharedPort port({}, std::move(options));
  const auto stub = port.NewStub();
  EXPECT_TRUE(Put(*stub).ok());
  FloodResult result;
  const size_t before = ResidentBytes();

  HttpConnection connection(port.port());
  const timeval patience = {.tv_sec = 1};
  setsockopt(connection.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  connection.Send(kPreface + Frame(kSettings, 0, 0, ""));
  std::thread reader([&] {
    if (reads) connection.ReadToEnd();
  });
  std::atomic<bool> over{false};
  std::thread sender([&] {
    for (uint32_t i = 0; result.sent < bytes; ++i) {
      const std::string piece = flood(i);
      if (!connection.Send(piece)) break;
      result.sent += piece.size();
    }
    over = true;
  });
  while (!over) {
    if (!Put(*stub).ok()) result.all_served = false;
    ++result.other_calls;
    result.open = std::max(result.open, port.grpc().calls->count());
    const size_t now = ResidentBytes();
    if (now > before) result.grown = std::max(result.grown, now - before);
  }
  sender.join();
  shutdown(connection.fd(), SHUT_RDWR);
  reader.join();
  EXPECT_TRUE(Put(*stub).ok());
  EXPECT_TRUE(Put(*port.NewStub()).ok());
  std::printf("sent %.1f MB, memory grew by %.1f MB, %d other calls, %d open\n",
              static_cast<double>(result.sent) / kMegabyte,
              static_cast<double>(result.grown) / kMegabyte, result.other_calls, result.open);
  return result;
}

// Streams of a client have odd numbers.
uint32_t Stream(uint32_t i) { return 2 * i + 1; }

TEST(Http2Flood, RapidResets) {
  const std::string call = Call();
  const FloodResult result = Flood(10 * kMegabyte, /*reads=*/true, [&](uint32_t i) {
    return Frame(kHeaders, kEndHeaders, Stream(i), call) +
           Frame(kRstStream, 0, Stream(i), Number(8, 4));
  });
  EXPECT_TRUE(result.all_served);
  EXPECT_LT(result.grown, kMostGrown);
}

TEST(Http2Flood, Continuations) {
  const std::string header = Field("x-flood", std::string(100, 'x'));
  std::string headers;
  while (headers.size() + header.size() < 16'000) headers += header;
  const FloodResult result = Flood(600 * kMegabyte, /*reads=*/true, [&](uint32_t i) {
    return i == 0 ? Frame(kHeaders, 0, 1, Call()) : Frame(kContinuation, 0, 1, headers);
  });
  EXPECT_TRUE(result.all_served);
  EXPECT_LT(result.grown, kMostGrown);
}

TEST(Http2Flood, EmptyContinuations) {
  std::string many;
  while (many.size() < 9'000) many += Frame(kContinuation, 0, 1, "");
  const FloodResult result = Flood(10 * kMegabyte, /*reads=*/true, [&](uint32_t i) {
    return i == 0 ? Frame(kHeaders, 0, 1, Call()) : many;
  });
  EXPECT_TRUE(result.all_served);
  EXPECT_LT(result.grown, kMostGrown);
}

TEST(Http2Flood, PingsThatNobodyReadsAnswersTo) {
  std::string many;
  while (many.size() < 9'000) many += Frame(kPing, 0, 0, "12345678");
  const FloodResult result = Flood(20 * kMegabyte, /*reads=*/false, [&](uint32_t) { return many; });
  EXPECT_TRUE(result.all_served);
  EXPECT_LT(result.grown, kMostGrown);
}

TEST(Http2Flood, SettingsThatNobodyReadsAnswersTo) {
  std::string many;
  while (many.size() < 9'000) many += Frame(kSettings, 0, 0, "");
  const FloodResult result = Flood(20 * kMegabyte, /*reads=*/false, [&](uint32_t) { return many; });
  EXPECT_TRUE(result.all_served);
  EXPECT_LT(result.grown, kMostGrown);
}

TEST(Http2Flood, StreamsBeyondTheLimit) {
  const std::string call = Call();
  const FloodResult result = Flood(50 * kMegabyte, /*reads=*/true, [&](uint32_t i) {
    return Frame(kHeaders, kEndHeaders, Stream(i), call);
  });
  EXPECT_TRUE(result.all_served);
  EXPECT_LT(result.grown, kMostGrown);
}

TEST(Http2Flood, MessagesThatAreNotRead) {
  // A message of 4 GB is announced, and its first part sent again and again.
  const std::string data(16'000, 'x');
  const FloodResult result = Flood(50 * kMegabyte, /*reads=*/true, [&](uint32_t i) {
    if (i == 0) return Frame(kHeaders, kEndHeaders, 1, Call());
    if (i == 1) return Frame(kData, 0, 1, std::string("\0\xff\xff\xff\xff", 5));
    return Frame(kData, 0, 1, data);
  });
  EXPECT_TRUE(result.all_served);
  EXPECT_LT(result.grown, kMostGrown);
}

TEST(Http2Flood, WindowUpdates) {
  std::string many;
  while (many.size() < 9'000) many += Frame(kWindowUpdate, 0, 0, Number(1, 4));
  const FloodResult result = Flood(20 * kMegabyte, /*reads=*/false, [&](uint32_t) { return many; });
  EXPECT_TRUE(result.all_served);
  EXPECT_LT(result.grown, kMostGrown);
}

}  // namespace
}  // namespace webhookd
