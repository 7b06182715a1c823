#include "server/delivery/answer_parser.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/delivery/http_client.h"

namespace webhookd {
namespace {

constexpr absl::string_view kVersion = "HTTP/1.";
constexpr size_t kStatusLineBytes = 12;  // "HTTP/1.1 200"

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

}  // namespace

void AnswerParser::Reset() {
  state_ = State::kHead;
  partial_.clear();
  header_bytes_ = 0;
  body_bytes_ = 0;
  in_block_ = false;
  status_ = 0;
  retry_after_.clear();
  excerpt_.clear();
}

void AnswerParser::Take(absl::string_view bytes) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::kHead:
        TakeHead(bytes);
        break;
      case State::kBody:
        TakeBody(bytes);
        break;
      default:
        reusable_ = false;
        return;
    }
  }
}

void AnswerParser::End() {
  if (state_ == State::kBody) Done(false);
}

void AnswerParser::TakeHead(absl::string_view& bytes) {
  const size_t before = bytes.size();
  const std::optional<absl::string_view> line = TakeLine(bytes);
  header_bytes_ += before - bytes.size();
  const absl::string_view start = line.has_value() ? *line : partial_;
  const size_t compared = std::min(start.size(), kVersion.size());
  if (!in_block_ && start.substr(0, compared) != kVersion.substr(0, compared)) {
    state_ = State::kNotHttp;
  } else if (header_bytes_ > kMaxHeaderBytes) {
    state_ = State::kTooLarge;
  } else if (line.has_value()) {
    OnHeadLine(*line);
  }
}

std::optional<absl::string_view> AnswerParser::TakeLine(absl::string_view& bytes) {
  const void* const end = std::memchr(bytes.data(), '\n', bytes.size());
  if (end == nullptr) {
    partial_.append(bytes.data(), bytes.size());
    bytes = {};
    return std::nullopt;
  }
  const auto length = static_cast<size_t>(static_cast<const char*>(end) - bytes.data());
  absl::string_view line = bytes.substr(0, length);
  bytes.remove_prefix(length + 1);
  if (!partial_.empty()) {
    partial_.append(line.data(), line.size());
    line_.swap(partial_);
    partial_.clear();
    line = line_;
  }
  absl::ConsumeSuffix(&line, "\r");
  return line;
}

void AnswerParser::OnHeadLine(absl::string_view line) {
  if (!in_block_) return OnStatusLine(line);
  if (line.empty()) return OnHeadEnd();
  // A line that is no field, or that goes on from the one before, says nothing that is needed.
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || absl::ascii_isspace(line[0])) return;
  OnField(line.substr(0, colon), absl::StripAsciiWhitespace(line.substr(colon + 1)));
}

void AnswerParser::OnStatusLine(absl::string_view line) {
  const bool complete = line.size() == kStatusLineBytes ||
                        (line.size() > kStatusLineBytes && line[kStatusLineBytes] == ' ');
  if (!complete || !absl::ascii_isdigit(line[7]) || line[8] != ' ' ||
      !IsDigits(line.substr(9, 3))) {
    state_ = State::kNotHttp;
    return;
  }
  in_block_ = true;
  status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  keep_alive_ = line[7] != '0';
  close_ = chunked_ = coded_ = bad_length_ = false;
  length_.reset();
  retry_after_.clear();
}

void AnswerParser::OnField(absl::string_view name, absl::string_view value) {
  if (absl::EqualsIgnoreCase(name, "Content-Length")) {
    uint64_t length = 0;
    const bool good = IsDigits(value) && absl::SimpleAtoi(value, &length);
    bad_length_ = bad_length_ || !good || (length_.has_value() && *length_ != length);
    length_ = length;
  } else if (absl::EqualsIgnoreCase(name, "Transfer-Encoding")) {
    coded_ = true;
    chunked_ = absl::EqualsIgnoreCase(value, "chunked");
  } else if (absl::EqualsIgnoreCase(name, "Connection")) {
    for (const absl::string_view token : absl::StrSplit(value, ',')) {
      const absl::string_view option = absl::StripAsciiWhitespace(token);
      close_ = close_ || absl::EqualsIgnoreCase(option, "close");
      keep_alive_ = keep_alive_ || absl::EqualsIgnoreCase(option, "keep-alive");
    }
  } else if (absl::EqualsIgnoreCase(name, "Retry-After")) {
    retry_after_ = std::string(value);
  }
}

void AnswerParser::OnHeadEnd() {
  in_block_ = false;
  if (status_ < 200) {
    // Nobody asked for another protocol.
    if (status_ == 101 || status_ < 100) state_ = State::kNotHttp;
    return;
  }
  state_ = State::kBody;
  // With two lengths the next answer might begin anywhere.
  reusable_ = keep_alive_ && !close_ && !bad_length_ && !(coded_ && length_.has_value());
  if (status_ == 204 || status_ == 304) {
    body_ = Body::kNone;
  } else if (chunked_) {
    body_ = Body::kChunked;
    chunk_ = Chunk::kSize;
  } else if (length_.has_value() && !coded_ && !bad_length_) {
    body_ = *length_ == 0 ? Body::kNone : Body::kLength;
    left_ = *length_;
  } else {
    body_ = Body::kUntilClose;
    reusable_ = false;
  }
  if (body_ == Body::kNone) Done(reusable_);
}

void AnswerParser::TakeBody(absl::string_view& bytes) {
  const size_t room = kMaxBodyBytes - body_bytes_;
  absl::string_view taken = bytes.substr(0, room);
  if (body_ == Body::kLength) taken = taken.substr(0, left_);
  absl::string_view rest = taken;
  if (body_ == Body::kChunked) {
    TakeChunked(rest);
  } else {
    Keep(taken);
    rest = {};
    if (body_ == Body::kLength) left_ -= taken.size();
    if (body_ == Body::kLength && left_ == 0) Done(reusable_);
  }
  const size_t used = taken.size() - rest.size();
  body_bytes_ += used;
  bytes.remove_prefix(used);
  if (state_ == State::kBody && body_bytes_ == kMaxBodyBytes) Done(false);
}

void AnswerParser::TakeChunked(absl::string_view& bytes) {
  while (!bytes.empty() && state_ == State::kBody) {
    if (chunk_ == Chunk::kData) {
      const absl::string_view data = bytes.substr(0, left_);
      Keep(data);
      left_ -= data.size();
      bytes.remove_prefix(data.size());
      if (left_ == 0) chunk_ = Chunk::kDataEnd;
    } else if (const auto line = TakeLine(bytes); line.has_value()) {
      OnChunkLine(*line);
    }
  }
}

void AnswerParser::OnChunkLine(absl::string_view line) {
  switch (chunk_) {
    case Chunk::kSize: {
      const absl::string_view digits =
          absl::StripTrailingAsciiWhitespace(line.substr(0, line.find(';')));
      uint64_t size = 0;
      if (digits.empty() || !std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit) ||
          !absl::SimpleHexAtoi(digits, &size)) {
        return Done(false);
      }
      left_ = size;
      chunk_ = size == 0 ? Chunk::kTrailer : Chunk::kData;
      return;
    }
    case Chunk::kDataEnd:
      if (!line.empty()) return Done(false);
      chunk_ = Chunk::kSize;
      return;
    case Chunk::kTrailer:
      if (line.empty()) Done(reusable_);
      return;
    case Chunk::kData:
      return;
  }
}

void AnswerParser::Keep(absl::string_view body) {
  if (excerpt_.size() < kMaxExcerptBytes) {
    excerpt_.append(body.data(), std::min(body.size(), kMaxExcerptBytes - excerpt_.size()));
  }
}

void AnswerParser::Done(bool reusable) {
  state_ = State::kDone;
  reusable_ = reusable;
}

}  // namespace webhookd
