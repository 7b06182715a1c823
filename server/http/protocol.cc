#include "server/http/protocol.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/types/optional.h"

namespace webhookd {
namespace {

constexpr absl::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kRecordHeaderSize = 5;
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHello = 1;
constexpr uint16_t kAlpnExtension = 16;

// Reads what TLS's presentation language (RFC 8446, 3) describes; once something is missing,
// nothing follows.
class TlsReader {
 public:
  explicit TlsReader(absl::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool empty() const { return bytes_.empty() || !ok_; }

  uint32_t Number(size_t size) {
    uint32_t number = 0;
    for (const char byte : Bytes(size)) number = number << 8 | static_cast<uint8_t>(byte);
    return number;
  }
  absl::string_view Bytes(size_t size) {
    if (size > bytes_.size()) ok_ = false;
    if (!ok_) return {};
    const absl::string_view bytes = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return bytes;
  }
  // A vector whose length comes first, in `size` bytes.
  absl::string_view Vector(size_t size) { return Bytes(Number(size)); }

 private:
  absl::string_view bytes_;
  bool ok_ = true;
};

// The extensions' ALPN list, still with its lengths; empty if there is none.
absl::string_view AlpnList(absl::string_view client_hello) {
  TlsReader hello(client_hello);
  hello.Bytes(2 + 32);  // version, random
  hello.Vector(1);      // session id
  hello.Vector(2);      // cipher suites
  hello.Vector(1);      // compression methods
  TlsReader extensions(hello.Vector(2));
  while (!extensions.empty()) {
    const uint32_t type = extensions.Number(2);
    TlsReader extension(extensions.Vector(2));
    if (type == kAlpnExtension && extensions.ok()) return extension.Vector(2);
  }
  return {};
}

}  // namespace

Protocol ProtocolOfPlain(absl::string_view first_bytes) {
  const absl::string_view start = first_bytes.substr(0, kHttp2Preface.size());
  if (!absl::StartsWith(kHttp2Preface, start)) return Protocol::kHttp;
  return start.size() == kHttp2Preface.size() ? Protocol::kGrpc : Protocol::kUndecided;
}

Protocol ProtocolOfTls(absl::string_view first_bytes) {
  if (first_bytes.empty()) return Protocol::kUndecided;
  if (static_cast<uint8_t>(first_bytes[0]) != kHandshakeRecord) return Protocol::kHttp;
  if (first_bytes.size() < kRecordHeaderSize) return Protocol::kUndecided;
  TlsReader record(first_bytes.substr(3));
  const uint32_t record_size = record.Number(2);
  if (record_size > kMaxPeekedBytes - kRecordHeaderSize) return Protocol::kHttp;
  const absl::string_view handshake = record.Bytes(record_size);
  if (!record.ok()) return Protocol::kUndecided;

  TlsReader message(handshake);
  if (message.Number(1) != kClientHello) return Protocol::kHttp;
  const absl::string_view hello = message.Vector(3);
  if (!message.ok()) return Protocol::kHttp;
  TlsReader protocols(AlpnList(hello));
  bool http2 = false;
  while (!protocols.empty()) {
    const absl::string_view name = protocols.Vector(1);
    if (name == "http/1.1") return Protocol::kHttp;
    if (name == "h2" || name == "grpc-exp") http2 = true;
  }
  return http2 && protocols.ok() ? Protocol::kGrpc : Protocol::kHttp;
}

}  // namespace webhookd
