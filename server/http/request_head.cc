#include "server/http/request_head.h"

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace webhookd {
namespace {

constexpr size_t kMaxTargetBytes = 16 * 1024;
constexpr size_t kMaxQuotedBytes = 40;

enum CharacterKind : uint8_t { kToken = 1, kValue = 2, kTarget = 4 };

// What each byte can be part of.
constexpr std::array<uint8_t, 256> kKinds = [] {
  std::array<uint8_t, 256> kinds = {};
  for (int c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (digit || letter) kinds[c] |= kToken;
    if (c == '\t' || (c >= ' ' && c != 127)) kinds[c] |= kValue;
    if (c > ' ' && c < 127 && c != '#') kinds[c] |= kTarget;
  }
  for (const char c :
       {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    kinds[static_cast<uint8_t>(c)] |= kToken;
  }
  return kinds;
}();

bool AllAre(absl::string_view text, CharacterKind kind) {
  for (const char c : text) {
    if ((kKinds[static_cast<uint8_t>(c)] & kind) == 0) return false;
  }
  return true;
}

std::string Quoted(absl::string_view text) {
  const bool whole = text.size() <= kMaxQuotedBytes;
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kMaxQuotedBytes)),
                      whole ? "\"" : "…\"");
}

Refusal BadRequest(absl::string_view message) { return {400, std::string(message)}; }

absl::string_view TrimBlanks(absl::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Fields that are meant for this hop only, beside those that Connection names.
bool IsHopByHop(absl::string_view name) {
  for (const char* hop_by_hop : {"connection", "keep-alive", "proxy-connection", "upgrade",
                                 "transfer-encoding", "content-length", "trailer", "expect"}) {
    if (absl::EqualsIgnoreCase(name, hop_by_hop)) return true;
  }
  return false;
}

// Reads one head, line by line.
class HeadParser {
 public:
  HeadParser(absl::string_view head, int max_headers) : rest_(head), headers_left_(max_headers) {}

  std::variant<RequestHead, Refusal> Parse() {
    absl::string_view line;
    if (!NextLine(line) || !RequestLine(line)) return std::move(refusal_);
    while (true) {
      if (!NextLine(line)) return std::move(refusal_);
      if (line.empty()) break;
      if (!Field(line)) return std::move(refusal_);
    }
    if (!rest_.empty()) Refuse("the head goes on after its empty line");
    if (!Conclude()) return std::move(refusal_);
    return std::move(head_);
  }

 private:
  bool Refuse(absl::string_view message) { return Refuse(BadRequest(message)); }
  bool Refuse(Refusal refusal) {
    refusal_ = std::move(refusal);
    return false;
  }

  bool NextLine(absl::string_view& line) {
    const size_t end = rest_.find('\n');
    if (end == absl::string_view::npos || end == 0 || rest_[end - 1] != '\r') {
      return Refuse("a line of the head does not end with CR LF");
    }
    line = rest_.substr(0, end - 1);
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool RequestLine(absl::string_view line) {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == absl::string_view::npos || first == last) {
      return Refuse(
          absl::StrCat("invalid request line ", Quoted(line), ": expected METHOD /path HTTP/1.1"));
    }
    const absl::string_view method = line.substr(0, first);
    if (!IsHttpToken(method)) {
      return Refuse(
          absl::StrCat("the method ", Quoted(method), " has characters it must not have"));
    }
    head_.method = std::string(method);
    return Version(line.substr(last + 1)) && Target(line.substr(first + 1, last - first - 1));
  }

  bool Version(absl::string_view version) {
    if (version == "HTTP/1.1") return true;
    if (version == "HTTP/1.0") {
      head_.http10 = true;
      head_.keep_alive = false;
      return true;
    }
    const bool other = version.size() == 8 && absl::StartsWith(version, "HTTP/") &&
                       absl::ascii_isdigit(version[5]) && version[6] == '.' &&
                       absl::ascii_isdigit(version[7]);
    if (other) {
      return Refuse({505, absl::StrCat(version, " is not spoken here; HTTP/1.1 is")});
    }
    return Refuse(absl::StrCat("the request line ends with ", Quoted(version),
                               ", not with a version such as HTTP/1.1"));
  }

  bool Target(absl::string_view target) {
    if (target.size() > kMaxTargetBytes) {
      return Refuse({414, absl::StrCat("the request target has ", target.size(),
                                       " bytes; the most are ", kMaxTargetBytes)});
    }
    if (target == "*" && head_.method == "OPTIONS") {
      head_.path = "*";
      return true;
    }
    if (!absl::StartsWith(target, "/") || !AllAre(target, kTarget)) {
      return Refuse(absl::StrCat("invalid request target ", Quoted(target),
                                 ": expected a path that begins with / and has no blanks, control "
                                 "characters, # or bytes above 126"));
    }
    const size_t question = target.find('?');
    head_.path = std::string(target.substr(0, question));
    if (question != absl::string_view::npos) head_.query = std::string(target.substr(question + 1));
    return true;
  }

  bool Field(absl::string_view line) {
    if (headers_left_-- == 0) return Refuse({431, "the request has too many header fields"});
    const size_t colon = line.find(':');
    if (line.front() == ' ' || line.front() == '\t') {
      return Refuse("a header field continues on a second line, which is obsolete");
    }
    const absl::string_view name = line.substr(0, colon);
    if (colon == absl::string_view::npos || !IsHttpToken(name)) {
      return Refuse(absl::StrCat("invalid header line ", Quoted(line), ": expected name: value"));
    }
    const absl::string_view value = TrimBlanks(line.substr(colon + 1));
    if (!IsHttpFieldValue(value)) {
      return Refuse(absl::StrCat("the header field ", name, " has control characters"));
    }
    head_.headers.push_back({std::string(name), std::string(value)});
    return Interpret(name, value);
  }

  // Takes note of the fields that say how the request is to be read.
  bool Interpret(absl::string_view name, absl::string_view value) {
    switch (name.size()) {
      case 4:
        if (absl::EqualsIgnoreCase(name, "host")) return Host(value);
        break;
      case 6:
        if (absl::EqualsIgnoreCase(name, "expect")) return Expect(value);
        break;
      case 10:
        if (absl::EqualsIgnoreCase(name, "connection")) return Connection(value);
        break;
      case 14:
        if (absl::EqualsIgnoreCase(name, "content-length")) return ContentLength(value);
        break;
      case 16:
        if (absl::EqualsIgnoreCase(name, "content-encoding")) return ContentEncoding(value);
        break;
      case 17:
        if (absl::EqualsIgnoreCase(name, "transfer-encoding")) return TransferEncoding(value);
        break;
      default:
        break;
    }
    has_hop_by_hop_ = has_hop_by_hop_ || IsHopByHop(name);
    return true;
  }

  bool Host(absl::string_view value) {
    if (std::exchange(has_host_, true)) return Refuse("the request has more than one Host");
    if (value.find_first_of(" \t,/?#@\\") != absl::string_view::npos) {
      return Refuse(
          absl::StrCat("invalid Host ", Quoted(value), ": expected a host name and port"));
    }
    return true;
  }

  bool Expect(absl::string_view value) {
    has_hop_by_hop_ = true;
    if (!absl::EqualsIgnoreCase(value, "100-continue")) {
      return Refuse({417, absl::StrCat("Expect: ", Quoted(value),
                                       " is not supported; only 100-continue is")});
    }
    head_.expect_continue = !head_.http10;
    return true;
  }

  bool Connection(absl::string_view value) {
    has_hop_by_hop_ = true;
    for (absl::string_view option : absl::StrSplit(value, ',')) {
      option = TrimBlanks(option);
      if (option.empty()) continue;
      if (absl::EqualsIgnoreCase(option, "close")) {
        asked_to_close_ = true;
      } else if (absl::EqualsIgnoreCase(option, "keep-alive")) {
        head_.keep_alive = true;
      } else {
        connection_options_.emplace_back(option);
      }
    }
    return true;
  }

  bool ContentLength(absl::string_view value) {
    has_hop_by_hop_ = true;
    uint64_t length = 0;
    if (head_.content_length.has_value()) {
      return Refuse("the request has more than one Content-Length");
    }
    if (value.empty() || value.find_first_not_of("0123456789") != absl::string_view::npos ||
        !absl::SimpleAtoi(value, &length)) {
      return Refuse(absl::StrCat("invalid Content-Length ", Quoted(value), ": expected a number"));
    }
    head_.content_length = length;
    return true;
  }

  bool ContentEncoding(absl::string_view value) {
    if (has_content_encoding_) return Refuse("the request has more than one Content-Encoding");
    has_content_encoding_ = true;
    if (value.empty() || absl::EqualsIgnoreCase(value, "identity")) return true;
    if (!absl::EqualsIgnoreCase(value, "gzip") && !absl::EqualsIgnoreCase(value, "x-gzip")) {
      return Refuse({415, absl::StrCat("the Content-Encoding ", Quoted(value),
                                       " is not understood; gzip is")});
    }
    head_.gzip = true;
    has_hop_by_hop_ = true;
    return true;
  }

  bool TransferEncoding(absl::string_view value) {
    has_hop_by_hop_ = true;
    if (head_.http10) return Refuse("HTTP/1.0 has no Transfer-Encoding");
    if (head_.chunked) return Refuse("the request has more than one Transfer-Encoding");
    if (!absl::EqualsIgnoreCase(value, "chunked")) {
      return Refuse({501, absl::StrCat("the Transfer-Encoding ", Quoted(value),
                                       " is not understood; chunked is")});
    }
    head_.chunked = true;
    return true;
  }

  // What only all fields together tell.
  bool Conclude() {
    if (!refusal_.message.empty()) return false;
    if (!has_host_ && !head_.http10) return Refuse("the request has no Host");
    if (head_.chunked && head_.content_length.has_value()) {
      return Refuse("the request has both Content-Length and Transfer-Encoding");
    }
    if (asked_to_close_) head_.keep_alive = false;
    if (!has_hop_by_hop_) return true;
    WebHeaders kept;
    kept.reserve(head_.headers.size());
    for (WebHeader& header : head_.headers) {
      if (IsForThisHop(header.name)) continue;
      kept.push_back(std::move(header));
    }
    head_.headers = std::move(kept);
    return true;
  }

  bool IsForThisHop(absl::string_view name) const {
    if (IsHopByHop(name)) return true;
    if (head_.gzip && absl::EqualsIgnoreCase(name, "content-encoding")) return true;
    // Connection must not name what the whole way needs; Host and Authorization stay whatever it
    // says.
    if (absl::EqualsIgnoreCase(name, "host") || absl::EqualsIgnoreCase(name, "authorization")) {
      return false;
    }
    for (const std::string& option : connection_options_) {
      // TE is for this hop too, but asks for trailers, which only the handler can give.
      if (absl::EqualsIgnoreCase(option, name) && !absl::EqualsIgnoreCase(name, "te")) return true;
    }
    return false;
  }

  absl::string_view rest_;
  int headers_left_;
  RequestHead head_;
  Refusal refusal_;
  bool has_host_ = false;
  bool has_content_encoding_ = false;
  bool has_hop_by_hop_ = false;
  bool asked_to_close_ = false;
  std::vector<std::string> connection_options_;
};

}  // namespace

std::variant<RequestHead, Refusal> ParseRequestHead(absl::string_view head, int max_headers) {
  return HeadParser(head, max_headers).Parse();
}

bool IsHttpToken(absl::string_view text) { return !text.empty() && AllAre(text, kToken); }

bool IsHttpFieldValue(absl::string_view text) { return AllAre(text, kValue); }

}  // namespace webhookd
