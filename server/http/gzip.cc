#include "server/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"

namespace webhookd {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way to say gzip instead of zlib
constexpr int kLevel = 4;             // JSON shrinks nearly as much as at 6, in half the time
constexpr size_t kFirstPiece = 16 * 1024;

Bytef* Bytes(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }

// The weight of one element of Accept-Encoding, 1 without one.
double Weight(absl::string_view parameters) {
  for (absl::string_view parameter : absl::StrSplit(parameters, ';')) {
    parameter = absl::StripAsciiWhitespace(parameter);
    double weight = 0;
    if (absl::StartsWithIgnoreCase(parameter, "q=")) {
      return absl::SimpleAtod(parameter.substr(2), &weight) ? weight : 0;
    }
  }
  return 1;
}

}  // namespace

std::string Gzip(absl::string_view plain) {
  z_stream stream = {};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, /*memLevel=*/8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return std::string();
  }
  const absl::Cleanup end = [&stream] { deflateEnd(&stream); };
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = Bytes(plain.data());
  stream.avail_in = plain.size();
  stream.next_out = Bytes(packed.data());
  stream.avail_out = packed.size();
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return std::string();
  packed.resize(stream.total_out);
  return packed;
}

absl::StatusOr<std::string> Gunzip(absl::string_view packed, size_t max_bytes) {
  z_stream stream = {};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    return absl::ResourceExhaustedError("not enough memory to unpack the body");
  }
  const absl::Cleanup end = [&stream] { inflateEnd(&stream); };
  stream.next_in = Bytes(packed.data());
  stream.avail_in = packed.size();
  std::string plain;
  while (true) {
    // One byte more than allowed shows that there is more than allowed.
    const size_t done = plain.size();
    plain.resize(std::min(std::max(kFirstPiece, 2 * done), max_bytes + 1));
    stream.next_out = Bytes(plain.data() + done);
    stream.avail_out = plain.size() - done;
    const int result = inflate(&stream, Z_NO_FLUSH);
    plain.resize(plain.size() - stream.avail_out);
    if (plain.size() > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the body has more than ", max_bytes, " bytes once it is unpacked"));
    }
    if (result == Z_STREAM_END && stream.avail_in == 0) return plain;
    if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return absl::InvalidArgumentError(result == Z_STREAM_END
                                            ? "something follows the body's gzip data"
                                            : "the body is not gzip data, or it is truncated");
    }
  }
}

bool AcceptsGzip(absl::string_view accept_encoding) {
  absl::optional<double> gzip;
  absl::optional<double> any;
  for (const absl::string_view element : absl::StrSplit(accept_encoding, ',')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(element, absl::MaxSplits(';', 1));
    const absl::string_view coding = absl::StripAsciiWhitespace(parts.first);
    if (absl::EqualsIgnoreCase(coding, "gzip") || absl::EqualsIgnoreCase(coding, "x-gzip")) {
      gzip = Weight(parts.second);
    } else if (coding == "*") {
      any = Weight(parts.second);
    }
  }
  return gzip.value_or(any.value_or(0)) > 0;
}

}  // namespace webhookd
