#ifndef WEBHOOKD_SERVER_HTTP_REQUEST_PARSER_H_
#define WEBHOOKD_SERVER_HTTP_REQUEST_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/http/request_head.h"

namespace webhookd {

// Reads the requests of one connection, one after the other, from bytes as they come. Knows nothing
// of sockets.
class RequestParser {
 public:
  struct Limits {
    size_t max_header_bytes = 64 * 1024;
    int max_headers = 128;
    // The most bytes of a body, before and after gzip, by method and path.
    std::function<size_t(absl::string_view, absl::string_view)> max_body_bytes;
  };

  // `limits` must outlive it.
  explicit RequestParser(const Limits& limits) : limits_(limits) {}

  enum class Step {
    kNeedMore,  // all that could be used was used
    kHead,      // head() is complete and says that a body follows; go on
    kRequest,   // head() and body() are complete; NextRequest comes before anything else
    kRefused,   // refusal() says why; nothing more can be read
  };
  // Takes what it can use from the front of `input`; what it leaves comes again, at the front of
  // more. Each byte is looked at once, however small the pieces are.
  Step Parse(absl::string_view& input);

  // Whether nothing of a request has come yet.
  bool idle() const { return state_ == State::kStart; }
  bool in_body() const { return state_ >= State::kBody && state_ <= State::kTrailers; }
  RequestHead& head() { return head_; }
  std::string& body() { return body_; }
  const Refusal& refusal() const { return refusal_; }

  // Forgets the complete request.
  void NextRequest();
  // Reads nothing more, and gives the body's memory back.
  void Stop();

 private:
  enum class State {
    kStart,
    kHead,
    kBody,  // of a known length
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kComplete,
    kRefused,
  };

  Step Refuse(int status, std::string message);
  void ReleaseBody();
  Step ParseHead(absl::string_view& input);
  Step ParseBody(absl::string_view& input);
  Step ParseChunkSize(absl::string_view& input);
  Step ParseChunkEnd(absl::string_view& input);
  Step ParseTrailers(absl::string_view& input);
  Step Complete();
  // The first line of `input`, with its end; empty when it has not come yet.
  absl::string_view Line(absl::string_view input);

  const Limits& limits_;
  State state_ = State::kStart;
  size_t scanned_ = 0;  // of the input, for the end of the head or line
  int blank_lines_ = 0;
  uint64_t left_ = 0;  // of the body or chunk
  size_t framing_bytes_ = 0;
  size_t trailer_bytes_ = 0;
  size_t max_body_bytes_ = 0;
  RequestHead head_;
  std::string body_;
  Refusal refusal_;
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_REQUEST_PARSER_H_
