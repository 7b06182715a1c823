#ifndef WEBHOOKD_SERVER_HTTP_PROTOCOL_H_
#define WEBHOOKD_SERVER_HTTP_PROTOCOL_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace webhookd {

// What a connection speaks, told by its first bytes.
enum class Protocol {
  kUndecided,  // more bytes are needed
  kGrpc,       // HTTP/2, which only gRPC speaks here
  kHttp,       // HTTP/1.1, or something that its parser will refuse
};

// The most bytes that ever have to be looked at: one TLS record.
inline constexpr size_t kMaxPeekedBytes = 5 + 16 * 1024;

// Without TLS: the preface of HTTP/2 (RFC 9113, 3.4), "PRI * HTTP/2.0", means gRPC.
Protocol ProtocolOfPlain(absl::string_view first_bytes);

// Under TLS: a ClientHello (RFC 8446, 4.1.2) whose ALPN list (RFC 7301) has h2 or grpc-exp but not
// http/1.1 means gRPC. Browsers and curl offer both h2 and http/1.1 and are served HTTP/1.1; so are
// those that offer nothing. A ClientHello in more than one TLS record counts as HTTP: no gRPC
// client sends one.
Protocol ProtocolOfTls(absl::string_view first_bytes);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_PROTOCOL_H_
