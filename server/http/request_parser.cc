#include "server/http/request_parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/http/gzip.h"

namespace webhookd {
namespace {

// Some old clients send an empty line after a body; RFC 9112, 2.2 asks to ignore at least one.
constexpr int kMaxBlankLines = 2;
constexpr size_t kMaxChunkLineBytes = 256;
constexpr size_t kMaxTrailerBytes = 8 * 1024;
// One byte of body in a chunk costs six; whoever pays much more only wastes our time.
constexpr size_t kMaxFramingBytesBase = 64 * 1024;
constexpr size_t kMaxFramingBytesPerBodyByte = 8;
// A length is a promise; memory is taken as it is kept.
constexpr size_t kMaxReservedBytes = 64 * 1024;

// The number before any extension of a line that begins a chunk.
absl::optional<uint64_t> ChunkSize(absl::string_view line) {
  uint64_t size = 0;
  size_t digits = 0;
  for (; digits < line.size() && absl::ascii_isxdigit(line[digits]); ++digits) {
    const char c = absl::ascii_tolower(line[digits]);
    size = size << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  constexpr size_t kMaxDigits = 15;
  if (digits == 0 || digits > kMaxDigits) return absl::nullopt;
  const absl::string_view extension = line.substr(digits);
  if (!extension.empty() && extension.front() != ';') return absl::nullopt;
  if (!IsHttpFieldValue(extension)) return absl::nullopt;
  return size;
}

}  // namespace

RequestParser::Step RequestParser::Parse(absl::string_view& input) {
  while (true) {
    Step step = Step::kNeedMore;
    const State before = state_;
    switch (state_) {
      case State::kStart:
      case State::kHead:
        step = ParseHead(input);
        break;
      case State::kBody:
      case State::kChunkData:
        step = ParseBody(input);
        break;
      case State::kChunkSize:
        step = ParseChunkSize(input);
        break;
      case State::kChunkEnd:
        step = ParseChunkEnd(input);
        break;
      case State::kTrailers:
        step = ParseTrailers(input);
        break;
      case State::kComplete:
        return Step::kRequest;
      case State::kRefused:
        return Step::kRefused;
    }
    if (step != Step::kNeedMore || state_ == before || state_ == State::kHead) return step;
  }
}

void RequestParser::NextRequest() {
  state_ = State::kStart;
  scanned_ = 0;
  blank_lines_ = 0;
  framing_bytes_ = 0;
  trailer_bytes_ = 0;
  head_ = RequestHead();
  ReleaseBody();
}

void RequestParser::Stop() {
  state_ = State::kRefused;
  ReleaseBody();
}

// To assign an empty string would keep the memory.
void RequestParser::ReleaseBody() { std::string().swap(body_); }

RequestParser::Step RequestParser::Refuse(int status, std::string message) {
  Stop();
  refusal_ = {status, std::move(message)};
  return Step::kRefused;
}

RequestParser::Step RequestParser::ParseHead(absl::string_view& input) {
  while (state_ == State::kStart && !input.empty() && input.front() == '\r') {
    if (input.size() == 1) return Step::kNeedMore;
    if (input[1] != '\n' || ++blank_lines_ > kMaxBlankLines) {
      return Refuse(400, "the request line is missing");
    }
    input.remove_prefix(2);
  }
  if (input.empty()) return Step::kNeedMore;
  state_ = State::kHead;

  constexpr absl::string_view kEnd = "\r\n\r\n";
  const size_t from = scanned_ < kEnd.size() ? 0 : scanned_ - (kEnd.size() - 1);
  const size_t end = input.find(kEnd, from);
  const size_t size = end == absl::string_view::npos ? input.size() : end + kEnd.size();
  if (size > limits_.max_header_bytes) {
    return Refuse(431, absl::StrCat("the request's header fields have more than ",
                                    limits_.max_header_bytes, " bytes"));
  }
  if (end == absl::string_view::npos) {
    // What is wrong already need not be waited for.
    for (size_t i = std::max<size_t>(scanned_, 1) - 1; i < input.size(); ++i) {
      if (input[i] == '\0' || (input[i] == '\n' && (i == 0 || input[i - 1] != '\r'))) {
        return Refuse(400, "a line of the head does not end with CR LF");
      }
    }
    scanned_ = input.size();
    return Step::kNeedMore;
  }

  auto parsed = ParseRequestHead(input.substr(0, size), limits_.max_headers);
  input.remove_prefix(size);
  scanned_ = 0;
  if (auto* refusal = std::get_if<Refusal>(&parsed)) {
    return Refuse(refusal->status, std::move(refusal->message));
  }
  head_ = std::move(std::get<RequestHead>(parsed));
  max_body_bytes_ = limits_.max_body_bytes(head_.method, head_.path);
  if (head_.chunked) {
    state_ = State::kChunkSize;
    return Step::kHead;
  }
  left_ = head_.content_length.value_or(0);
  if (left_ == 0) return Complete();
  if (left_ > max_body_bytes_) {
    return Refuse(413,
                  absl::StrCat("the body has ", left_, " bytes; the most are ", max_body_bytes_));
  }
  body_.reserve(std::min<size_t>(left_, kMaxReservedBytes));
  state_ = State::kBody;
  return Step::kHead;
}

RequestParser::Step RequestParser::ParseBody(absl::string_view& input) {
  const size_t size = std::min<uint64_t>(left_, input.size());
  body_.append(input.data(), size);
  input.remove_prefix(size);
  left_ -= size;
  if (left_ > 0) return Step::kNeedMore;
  if (state_ == State::kBody) return Complete();
  state_ = State::kChunkEnd;
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::ParseChunkSize(absl::string_view& input) {
  const absl::string_view line = Line(input);
  if (line.size() > kMaxChunkLineBytes || (line.empty() && input.size() > kMaxChunkLineBytes)) {
    return Refuse(400, "the chunk size line is too long");
  }
  if (line.empty()) return Step::kNeedMore;
  const absl::optional<uint64_t> size =
      absl::EndsWith(line, "\r\n") ? ChunkSize(line.substr(0, line.size() - 2)) : absl::nullopt;
  if (!size.has_value()) return Refuse(400, "invalid chunk size");
  input.remove_prefix(line.size());
  framing_bytes_ += line.size();
  if (framing_bytes_ > kMaxFramingBytesBase + body_.size() * kMaxFramingBytesPerBodyByte) {
    return Refuse(400, "the chunks of the body are too small");
  }
  if (*size > max_body_bytes_ - body_.size()) {
    return Refuse(413, absl::StrCat("the body has more than ", max_body_bytes_, " bytes"));
  }
  left_ = *size;
  state_ = left_ == 0 ? State::kTrailers : State::kChunkData;
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::ParseChunkEnd(absl::string_view& input) {
  constexpr absl::string_view kEnd = "\r\n";
  if (input.substr(0, kEnd.size()) != kEnd.substr(0, input.size())) {
    return Refuse(400, "a chunk is longer than its size says");
  }
  if (input.size() < kEnd.size()) return Step::kNeedMore;
  input.remove_prefix(kEnd.size());
  state_ = State::kChunkSize;
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::ParseTrailers(absl::string_view& input) {
  while (true) {
    const absl::string_view line = Line(input);
    if (trailer_bytes_ + std::max(line.size(), line.empty() ? input.size() : 0) >
        kMaxTrailerBytes) {
      return Refuse(431, "the trailer fields are too long");
    }
    if (line.empty()) return Step::kNeedMore;
    if (!absl::EndsWith(line, "\r\n")) {
      return Refuse(400, "a line of the trailer does not end with CR LF");
    }
    const absl::string_view field = line.substr(0, line.size() - 2);
    trailer_bytes_ += line.size();
    input.remove_prefix(line.size());
    if (field.empty()) return Complete();
    // Checked, and then left out: nothing here has a use for trailers of requests.
    const size_t colon = field.find(':');
    if (colon == absl::string_view::npos || !IsHttpToken(field.substr(0, colon)) ||
        !IsHttpFieldValue(field.substr(colon + 1))) {
      return Refuse(400, "invalid trailer line: expected name: value");
    }
  }
}

RequestParser::Step RequestParser::Complete() {
  if (head_.gzip && !body_.empty()) {
    absl::StatusOr<std::string> plain = Gunzip(body_, max_body_bytes_);
    if (!plain.ok()) {
      const bool large = absl::IsResourceExhausted(plain.status());
      return Refuse(large ? 413 : 400, std::string(plain.status().message()));
    }
    body_ = *std::move(plain);
  }
  state_ = State::kComplete;
  return Step::kRequest;
}

absl::string_view RequestParser::Line(absl::string_view input) {
  const size_t end = input.find('\n', scanned_);
  if (end == absl::string_view::npos) {
    scanned_ = input.size();
    return {};
  }
  scanned_ = 0;
  return input.substr(0, end + 1);
}

}  // namespace webhookd
