#include "server/delivery/curl_transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/clock.h"
#include "base/status_macros.h"

namespace webhookd {
namespace {

// A connection is not kept for longer, so that a name's new addresses are taken up.
constexpr long kMaxConnectionSeconds = 300;
constexpr long kMaxIdleSeconds = 60;

// The kernel gives a connection up whose data is not acknowledged for so long: a kept one over
// which nothing passes any more is not used again.
constexpr absl::Duration kMaxUnacknowledged = absl::Seconds(20);

struct Origin {
  absl::string_view host;  // without brackets
  absl::string_view port;
};

// Of a URL that was checked before.
Origin OriginOf(absl::string_view url) {
  const bool https = absl::StartsWith(url, "https:");
  absl::string_view authority = url.substr(url.find("//") + 2);
  authority = authority.substr(0, authority.find_first_of("/?"));
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == absl::string_view::npos ? 0 : bracket);
  Origin origin = {authority.substr(0, colon), https ? "443" : "80"};
  if (colon != absl::string_view::npos) origin.port = authority.substr(colon + 1);
  if (absl::ConsumePrefix(&origin.host, "[")) absl::ConsumeSuffix(&origin.host, "]");
  return origin;
}

std::string AddressWithPort(const IpAddress& address, int port) {
  return address.is_v4() ? absl::StrCat(address.ToString(), ":", port)
                         : absl::StrCat("[", address.ToString(), "]:", port);
}

int PortOf(const sockaddr& address) {
  // Both families keep it in the same place.
  sockaddr_in in;
  std::memcpy(&in, &address, sizeof(in));
  return ntohs(in.sin_port);
}

bool HasLineBreak(absl::string_view text) {
  return text.find_first_of(absl::string_view("\r\n\0", 3)) != absl::string_view::npos;
}

long Milliseconds(absl::Duration duration) {
  // 0 would mean none.
  return std::clamp<int64_t>(absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1))),
                             1, 24 * 3600 * 1000);
}

}  // namespace

std::unique_ptr<CurlTransfer> CurlTransfer::Create(const CurlHttpClient::Options& options,
                                                   const EgressPolicy& policy,
                                                   std::list<CurlTransfer*>& answered) {
  CURL* const handle = curl_easy_init();
  if (handle == nullptr) return nullptr;
  std::unique_ptr<CurlTransfer> transfer(new CurlTransfer(handle, options, policy, answered));
  transfer->SetFixedOptions();
  return transfer;
}

CurlTransfer::CurlTransfer(CURL* handle, const CurlHttpClient::Options& options,
                           const EgressPolicy& policy, std::list<CurlTransfer*>& answered)
    : handle_(handle), options_(options), policy_(policy), answered_list_(answered) {}

CurlTransfer::~CurlTransfer() { curl_easy_cleanup(handle_); }

void CurlTransfer::SetFixedOptions() {
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle_, CURLOPT_POST, 1L);
  curl_easy_setopt(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(handle_, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(handle_, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(handle_, CURLOPT_MAXLIFETIME_CONN, kMaxConnectionSeconds);
  curl_easy_setopt(handle_, CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);

  // Empty, not unset: unset means what the environment says.
  curl_easy_setopt(handle_, CURLOPT_NOPROXY, "");
  curl_easy_setopt(handle_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A proxy's name is looked up by libcurl, whose removal of a handle would else wait for a look-up
  // that hangs.
  curl_easy_setopt(handle_, CURLOPT_QUICK_EXIT, 1L);

  // A folder of certificates beside the bundle would keep libcurl from caching what it read.
  const char* const system_bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  const char* const bundle = options_.ca_file.empty() ? system_bundle : options_.ca_file.c_str();
  if (bundle != nullptr) {
    curl_easy_setopt(handle_, CURLOPT_CAINFO, bundle);
    curl_easy_setopt(handle_, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(handle_, CURLOPT_PROXY_CAINFO, bundle);
    curl_easy_setopt(handle_, CURLOPT_PROXY_CAPATH, nullptr);
  }
  if (!options_.client_cert.empty()) {
    curl_easy_setopt(handle_, CURLOPT_SSLCERT, options_.client_cert.c_str());
    curl_easy_setopt(handle_, CURLOPT_SSLKEY, options_.client_key.c_str());
  }

  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(
      handle_, CURLOPT_HEADERFUNCTION, +[](char* data, size_t size, size_t count, void* self) {
        return static_cast<CurlTransfer*>(self)->OnHeader({data, size * count});
      });
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(
      handle_, CURLOPT_WRITEFUNCTION, +[](char* data, size_t size, size_t count, void* self) {
        return static_cast<CurlTransfer*>(self)->OnBody({data, size * count});
      });
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(
      handle_, CURLOPT_OPENSOCKETFUNCTION, +[](void* self, curlsocktype, curl_sockaddr* address) {
        return static_cast<CurlTransfer*>(self)->OnOpenSocket(*address);
      });
  curl_easy_setopt(handle_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(
      handle_, CURLOPT_PREREQFUNCTION, +[](void* self, char* address, char*, int port, int) {
        return static_cast<CurlTransfer*>(self)->OnRequestReady(address == nullptr ? "" : address,
                                                                port);
      });
}

std::optional<HttpResult> CurlTransfer::Begin(HttpRequest request) {
  request_ = std::move(request);
  requests_sent_ = 0;
  second_send_ = false;
  denied_ = absl::OkStatus();
  socket_error_ = 0;
  connected_ = false;
  sockets_ = 0;
  peer_.clear();
  header_bytes_ = 0;
  body_bytes_ = 0;
  headers_too_large_ = false;
  proxy_answered_ = false;
  result_ = HttpResult();
  error_text_[0] = '\0';

  absl::Status ready = SetHeaders();
  if (ready.ok()) ready = SetAddresses();
  if (!ready.ok()) {
    result_.error =
        absl::IsPermissionDenied(ready) ? AttemptError::kEgressDenied : AttemptError::kInternal;
    result_.error_message = std::string(ready.message());
    request_ = HttpRequest();
    return std::move(result_);
  }
  const bool verify = !request_.skip_tls_verification;
  curl_easy_setopt(handle_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(handle_, CURLOPT_PROXY, proxied() ? options_.proxy.c_str() : "");
  // libcurl would leave out an empty query.
  curl_easy_setopt(handle_, CURLOPT_REQUEST_TARGET, proxy_reads() ? request_.url.c_str() : nullptr);
  curl_easy_setopt(handle_, CURLOPT_POSTFIELDS,
                   request_.body == nullptr ? "" : request_.body->data());
  curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request_.body == nullptr ? 0 : request_.body->size()));
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  curl_easy_setopt(handle_, CURLOPT_FRESH_CONNECT, request_.fresh_connection ? 1L : 0L);
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request_.connect_timeout));
  curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS, Milliseconds(request_.timeout));
  return std::nullopt;
}

absl::Status CurlTransfer::SetHeaders() {
  // "Expect:" and "Content-Type:" keep libcurl from sending its own.
  bool content_type = false;
  for (const auto& [name, value] : request_.headers) {
    if (name.empty() || HasLineBreak(name) || HasLineBreak(value)) {
      return absl::InternalError(
          absl::StrCat("the request header \"", name, "\" has a line break or no name"));
    }
    content_type = content_type || absl::EqualsIgnoreCase(name, "Content-Type");
  }
  const size_t count = request_.headers.size() + (content_type ? 1 : 2);
  if (header_lines_.size() < count) header_lines_.resize(count);
  header_nodes_.resize(count);
  size_t next = 0;
  for (const auto& [name, value] : request_.headers) {
    std::string& line = header_lines_[next++];
    line.assign(name);
    // A header without a value is written with a semicolon for libcurl.
    line.append(value.empty() ? ";" : ": ").append(value);
  }
  header_lines_[next++] = "Expect:";
  if (!content_type) header_lines_[next++] = "Content-Type:";
  for (size_t i = 0; i < count; ++i) {
    header_nodes_[i].data = header_lines_[i].data();
    header_nodes_[i].next = i + 1 < count ? &header_nodes_[i + 1] : nullptr;
  }
  curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, header_nodes_.data());
  return absl::OkStatus();
}

absl::Status CurlTransfer::SetAddresses() {
  const Origin origin = OriginOf(request_.url);
  const absl::StatusOr<IpAddress> literal = IpAddress::Parse(origin.host);
  if (literal.ok()) RETURN_IF_ERROR(policy_.CheckAddress(*literal));
  if (literal.ok() || proxied()) {
    curl_easy_setopt(handle_, CURLOPT_RESOLVE, nullptr);
    return absl::OkStatus();
  }
  if (request_.addresses.empty()) {
    return absl::InternalError(absl::StrCat("no address was given for ", origin.host));
  }
  // With "+" libcurl forgets the addresses after a while.
  resolve_line_ = absl::StrCat("+", origin.host, ":", origin.port);
  char separator = ':';
  for (const IpAddress& address : request_.addresses) {
    const bool v4 = address.is_v4();
    absl::StrAppend(&resolve_line_, absl::string_view(&separator, 1), v4 ? "" : "[",
                    address.ToString(), v4 ? "" : "]");
    separator = ',';
  }
  resolve_node_.data = resolve_line_.data();
  curl_easy_setopt(handle_, CURLOPT_RESOLVE, &resolve_node_);
  return absl::OkStatus();
}

bool CurlTransfer::proxy_reads() const {
  return proxied() && absl::StartsWith(options_.proxy, "http") &&
         absl::StartsWith(request_.url, "http:");
}

size_t CurlTransfer::OnHeader(absl::string_view line) {
  if (answered()) {  // a trailer
    body_bytes_ += line.size();
    return body_bytes_ > kMaxBodyBytes ? 0 : line.size();
  }
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    headers_too_large_ = true;
    return 0;
  }
  const absl::string_view text = absl::StripTrailingAsciiWhitespace(line);
  if (absl::StartsWith(text, "HTTP/")) {
    result_.retry_after.clear();
    proxy_answered_ = false;
  } else if (absl::StartsWithIgnoreCase(text, "Retry-After:")) {
    result_.retry_after = std::string(absl::StripAsciiWhitespace(text.substr(text.find(':') + 1)));
  } else if (absl::StartsWithIgnoreCase(text, "Proxy-Status:") ||  // RFC 9209
             absl::StartsWithIgnoreCase(text, "X-Squid-Error:")) {
    proxy_answered_ = true;
  } else if (text.empty()) {
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200) {
      result_.status = static_cast<int>(status);
      answered_at_ = RealClock().Steady();
      answered_place_ = answered_list_.insert(answered_list_.end(), this);
    }
  }
  return line.size();
}

size_t CurlTransfer::OnBody(absl::string_view bytes) {
  body_bytes_ += bytes.size();
  if (result_.body_excerpt.size() < kMaxExcerptBytes) {
    const size_t room = kMaxExcerptBytes - result_.body_excerpt.size();
    result_.body_excerpt.append(bytes.data(), std::min(room, bytes.size()));
  }
  // Anything but the size ends the transfer.
  return body_bytes_ > kMaxBodyBytes ? 0 : bytes.size();
}

curl_socket_t CurlTransfer::OnOpenSocket(const curl_sockaddr& address) {
  if (requests_sent_ > 0) {
    second_send_ = true;
    return CURL_SOCKET_BAD;
  }
  const absl::StatusOr<IpAddress> ip = IpAddress::FromSockaddr(address.addr);
  if (!ip.ok()) return CURL_SOCKET_BAD;
  if (!proxied()) {
    if (const absl::Status status = policy_.CheckAddress(*ip); !status.ok()) {
      denied_ = status;
      return CURL_SOCKET_BAD;
    }
  }
  const int fd = socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (fd < 0) {
    socket_error_ = errno;
    return CURL_SOCKET_BAD;
  }
  const auto unacknowledged = static_cast<unsigned int>(
      Milliseconds(std::max(kMaxUnacknowledged, request_.connect_timeout)));
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));
  ++sockets_;
  peer_ = AddressWithPort(*ip, PortOf(address.addr));
  return fd;
}

int CurlTransfer::OnRequestReady(absl::string_view address, int port) {
  // libcurl sends a POST again by itself when a kept connection breaks before an answer; each would
  // need a signature of its own, and to be counted.
  if (requests_sent_ > 0) {
    second_send_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  const absl::StatusOr<IpAddress> ip = IpAddress::Parse(address);
  if (ip.ok()) peer_ = AddressWithPort(*ip, port);
  if (!proxied()) {
    denied_ = ip.ok() ? policy_.CheckAddress(*ip) : ip.status();
    if (!denied_.ok()) return CURL_PREREQFUNC_ABORT;
  }
  connected_ = true;
  ++requests_sent_;
  return CURL_PREREQFUNC_OK;
}

void CurlTransfer::OnSocketConnected(curl_socket_t socket) {
  if (connected_) return;
  connected_ = true;
  // Of several sockets the last one made need not be the first one connected.
  sockaddr_storage storage;
  socklen_t size = sizeof(storage);
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (getpeername(socket, address, &size) != 0) return;
  if (const auto ip = IpAddress::FromSockaddr(*address); ip.ok()) {
    peer_ = AddressWithPort(*ip, PortOf(*address));
  }
}

CurlFailure CurlTransfer::Failure(CURLcode code) const {
  long os_error = 0;
  curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &os_error);
  CurlFailure failure;
  failure.code = code;
  failure.detail = error_text_[0] == '\0' ? curl_easy_strerror(code) : error_text_;
  failure.os_error = static_cast<int>(os_error);
  failure.socket_error = socket_error_;
  failure.denied = denied_;
  failure.peer = peer_.empty() ? request_.url : peer_;
  failure.https = absl::StartsWith(request_.url, "https:");
  failure.by_proxy = proxied();
  long proxy_status = 0;
  curl_easy_getinfo(handle_, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  failure.proxy_status = static_cast<int>(proxy_status);
  failure.any_socket = sockets_ > 0;
  failure.tcp_connected = connected_;
  failure.sent = requests_sent_ > 0;
  failure.second_send = second_send_;
  failure.header_bytes = header_bytes_;
  failure.headers_too_large = headers_too_large_;
  failure.connect_timeout = request_.connect_timeout;
  failure.timeout = request_.timeout;
  return failure;
}

HttpResult CurlTransfer::End(CURLcode code) {
  if (answered()) {
    answered_list_.erase(*answered_place_);
    answered_place_.reset();
    constexpr int kProxyAuthenticationRequired = 407;
    if (proxy_reads() && (result_.status == kProxyAuthenticationRequired ||
                          (result_.status >= 500 && proxy_answered_))) {
      result_.error = AttemptError::kProxy;
      result_.error_message =
          absl::StrCat("the proxy ", peer_, " answered with status ", result_.status,
                       " instead of the receiver", ProxyHint(result_.status));
      result_.status = 0;
    }
  } else {
    ClassifiedFailure classified = ClassifyCurlFailure(Failure(code));
    result_.error = classified.error;
    result_.error_message = std::move(classified.message);
    // A handshake can fail without libcurl ever having to wait for its peer.
    connected_ = connected_ || result_.error == AttemptError::kTls;
  }
  result_.reused_connection = requests_sent_ > 0 && sockets_ == 0;
  if (connected_) result_.remote_address = peer_;
  request_ = HttpRequest();
  return std::move(result_);
}

}  // namespace webhookd
