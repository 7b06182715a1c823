#include "server/http/static_file.h"

// OpenSSL, not BoringSSL: this file sees the distribution's headers only.
#include <openssl/evp.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/http/gzip.h"

namespace webhookd {
namespace {

constexpr size_t kTagBytes = 12;

std::string PackIfItPays(absl::string_view plain) {
  std::string packed = Gzip(plain);
  return packed.size() < plain.size() ? packed : std::string();
}

// An entity tag for `content` in one encoding.
std::string Tag(absl::string_view content, absl::string_view suffix) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(content.data(), content.size(), digest, &size, EVP_sha256(), nullptr);
  const absl::string_view bytes(reinterpret_cast<const char*>(digest), kTagBytes);
  return absl::StrCat("\"", absl::BytesToHexString(bytes), suffix, "\"");
}

absl::string_view Value(const WebHeaders& headers, absl::string_view name) {
  for (const WebHeader& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return "";
}

// Whether If-None-Match has `tag`, compared weakly.
bool Names(absl::string_view if_none_match, absl::string_view tag) {
  for (absl::string_view given : absl::StrSplit(if_none_match, ',')) {
    given = absl::StripAsciiWhitespace(given);
    absl::ConsumePrefix(&given, "W/");
    if (given == "*" || given == tag) return true;
  }
  return false;
}

}  // namespace

StaticFile::StaticFile(std::string content_type, std::string content, Caching caching)
    : content_type_(std::move(content_type)),
      cache_control_(caching == Caching::kImmutable ? "public, max-age=31536000, immutable"
                                                    : "no-cache"),
      plain_(std::move(content)),
      packed_(PackIfItPays(plain_)),
      plain_tag_(Tag(plain_, "")),
      packed_tag_(Tag(plain_, "-gzip")) {}

WebResponse StaticFile::Answer(const WebRequest& request) const {
  const bool packed = !packed_.empty() && AcceptsGzip(Value(request.headers, "accept-encoding"));
  const std::string& tag = packed ? packed_tag_ : plain_tag_;
  WebResponse response;
  response.headers = {{"ETag", tag}, {"Cache-Control", cache_control_}};
  if (!packed_.empty()) response.headers.push_back({"Vary", "Accept-Encoding"});
  if (Names(Value(request.headers, "if-none-match"), tag)) {
    response.status = 304;
    return response;
  }
  response.headers.push_back({"Content-Type", content_type_});
  if (packed) response.headers.push_back({"Content-Encoding", "gzip"});
  response.body = packed ? packed_ : plain_;
  return response;
}

}  // namespace webhookd
