#ifndef WEBHOOKD_SERVER_DELIVERY_ANSWER_PARSER_H_
#define WEBHOOKD_SERVER_DELIVERY_ANSWER_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace webhookd {

// Takes an HTTP/1 answer to a POST apart as its bytes come (RFC 9112), within the bounds of
// http_client.h. Lenient where nothing hangs on it: of a body that makes no sense only the
// connection is not used again.
class AnswerParser {
 public:
  enum class State {
    kHead,      // the final header block is not complete; interim answers are skipped
    kBody,      // it is, but there may be more of the body
    kDone,      // the answer ended, or enough of it was read
    kNotHttp,   // this is no HTTP/1 answer
    kTooLarge,  // the header blocks are over kMaxHeaderBytes
  };

  // Makes it ready for another answer.
  void Reset();

  // Takes the next bytes. What follows the answer makes it not reusable.
  void Take(absl::string_view bytes);
  // The peer sends no more.
  void End();

  State state() const { return state_; }
  // Whether the final header block has arrived: status and retry_after are known then.
  bool answered() const { return state_ == State::kBody || state_ == State::kDone; }
  int status() const { return status_; }
  const std::string& retry_after() const { return retry_after_; }
  const std::string& excerpt() const { return excerpt_; }
  size_t header_bytes() const { return header_bytes_; }
  // Once done: whether another request may follow on the same connection.
  bool reusable() const { return state_ == State::kDone && reusable_; }

 private:
  enum class Body { kNone, kLength, kChunked, kUntilClose };
  enum class Chunk { kSize, kData, kDataEnd, kTrailer };

  void TakeHead(absl::string_view& bytes);
  void OnHeadLine(absl::string_view line);
  void OnStatusLine(absl::string_view line);
  void OnField(absl::string_view name, absl::string_view value);
  void OnHeadEnd();
  void TakeBody(absl::string_view& bytes);
  void TakeChunked(absl::string_view& bytes);
  void OnChunkLine(absl::string_view line);
  // Moves a line from the front of `bytes`, without its end, if it is all there; else keeps the
  // part. Valid until the next call.
  std::optional<absl::string_view> TakeLine(absl::string_view& bytes);
  void Keep(absl::string_view body);
  void Done(bool reusable);

  State state_ = State::kHead;
  std::string partial_;  // of a line
  std::string line_;
  size_t header_bytes_ = 0;
  size_t body_bytes_ = 0;

  // Of the current header block.
  bool in_block_ = false;  // behind its status line
  int status_ = 0;
  bool keep_alive_ = false;
  bool close_ = false;
  bool chunked_ = false;
  bool coded_ = false;  // has Transfer-Encoding
  bool bad_length_ = false;
  std::optional<uint64_t> length_;
  std::string retry_after_;

  bool reusable_ = false;
  Body body_ = Body::kNone;
  Chunk chunk_ = Chunk::kSize;
  uint64_t left_ = 0;  // of the body or chunk
  std::string excerpt_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_DELIVERY_ANSWER_PARSER_H_
