#include "server/delivery/answer_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "server/delivery/http_client.h"
#include "tests/testing/seeded_random.h"

namespace webhookd {
namespace {

using State = AnswerParser::State;

struct Row {
  std::string bytes;
  State state;
  int status = 0;
  std::string excerpt;
  bool reusable = false;
  std::string retry_after;
};

std::vector<Row> Rows() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  return {
      {"", State::kHead},
      {"HTTP/1.1 200 OK\r\nContent-Len", State::kHead, 200},
      {ok + "Content-Length: 0\r\n\r\n", State::kDone, 200, "", true},
      {ok + "content-length:2\r\n\r\nab", State::kDone, 200, "ab", true},
      {ok + "Content-Length: 3\r\n\r\nab", State::kBody, 200, "ab"},
      // What follows belongs to nobody.
      {ok + "Content-Length: 2\r\n\r\nabc", State::kDone, 200, "ab", false},
      {ok + "\r\nuntil the end", State::kBody, 200, "until the end"},
      {"HTTP/1.1 204\r\n\r\n", State::kDone, 204, "", true},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", State::kDone, 204, "", true},
      {"HTTP/1.1 304 Not Modified\r\n\r\n", State::kDone, 304, "", true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", State::kDone, 200, "", false},
      {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", State::kDone, 200,
       "", true},
      {ok + "Connection: x, Close\r\nContent-Length: 0\r\n\r\n", State::kDone, 200, "", false},
      {ok + "Connection: keep-alive, close\r\nContent-Length: 0\r\n\r\n", State::kDone, 200, "",
       false},
      // Line feeds alone are taken, as are fields that are none.
      {"HTTP/1.1 200 OK\nContent-Length: 1\nnonsense\n folded: 1\n\nx", State::kDone, 200, "x",
       true},
      {"HTTP/1.1 503 No\r\nRetry-After:  120 \r\nContent-Length: 0\r\n\r\n", State::kDone, 503, "",
       true, "120"},
      // Interim answers do not count.
      {"HTTP/1.1 100 Continue\r\n\r\n", State::kHead, 100},
      {"HTTP/1.1 103 Hint\r\nRetry-After: 7\r\nConnection: close\r\n\r\n" + ok +
           "Content-Length: 0\r\n\r\n",
       State::kDone, 200, "", true},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", State::kNotHttp, 101},
      // Lengths that say two things.
      {ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", State::kDone, 200, "ab", true},
      {ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab", State::kBody, 200, "ab"},
      {ok + "Content-Length: -2\r\n\r\nab", State::kBody, 200, "ab"},
      {ok + "Content-Length: 99999999999999999999999\r\n\r\nab", State::kBody, 200, "ab"},
      {ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
       State::kDone, 200, "ab", false},
      {ok + "Transfer-Encoding: gzip\r\n\r\nab", State::kBody, 200, "ab"},
      {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nTrailer: 1\r\n\r\n",
       State::kDone, 200, "abc", true},
      {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nabX\r\n", State::kDone, 200, "ab", false},
      {ok + "Transfer-Encoding: chunked\r\n\r\nzzz\r\n", State::kDone, 200, "", false},
      {ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", State::kDone, 200, "",
       false},
      {ok + "Transfer-Encoding: chunked\r\n\r\n\r\n", State::kDone, 200, "", false},
      // No HTTP/1.
      {"SSH-2.0-OpenSSH", State::kNotHttp},
      {"HTTQ", State::kNotHttp},
      {"HTTP/2 200\r\n", State::kNotHttp},
      {"HTTP/1.x 200\r\n", State::kNotHttp},
      {"HTTP/1.1 abc\r\n", State::kNotHttp},
      {"HTTP/1.1 2000\r\n", State::kNotHttp},
      {"HTTP/1.1 20\r\n", State::kNotHttp},
      {"HTTP/1.1 099 x\r\n\r\n", State::kNotHttp, 99},
      {"\r\n", State::kNotHttp},
  };
}

void Check(const Row& row, const AnswerParser& parser) {
  SCOPED_TRACE(row.bytes);
  EXPECT_EQ(parser.state(), row.state);
  EXPECT_EQ(parser.status(), row.status);
  EXPECT_EQ(parser.excerpt(), row.excerpt);
  EXPECT_EQ(parser.reusable(), row.reusable);
  EXPECT_EQ(parser.retry_after(), row.retry_after);
}

TEST(AnswerParser, TakesWholeAnswers) {
  AnswerParser parser;
  for (const Row& row : Rows()) {
    parser.Reset();
    parser.Take(row.bytes);
    Check(row, parser);
  }
}

TEST(AnswerParser, TakesAnswersByteByByte) {
  for (const Row& row : Rows()) {
    AnswerParser parser;
    for (const char& byte : row.bytes) parser.Take({&byte, 1});
    Check(row, parser);
  }
}

TEST(AnswerParser, EndsABodyWithTheConnection) {
  AnswerParser parser;
  parser.Take("HTTP/1.1 200 OK\r\n\r\nab");
  parser.End();
  EXPECT_EQ(parser.state(), State::kDone);
  EXPECT_FALSE(parser.reusable());
  parser.Reset();
  parser.Take("HTTP/1.1 200 OK\r\n");
  parser.End();
  EXPECT_EQ(parser.state(), State::kHead);
}

TEST(AnswerParser, BoundsHeadersWithoutKeepingThem) {
  AnswerParser parser;
  parser.Take("HTTP/1.1 200 OK\r\nX: ");
  for (size_t i = 0; i < kMaxHeaderBytes; ++i) parser.Take("x");
  EXPECT_EQ(parser.state(), State::kTooLarge);
  parser.Reset();
  for (int i = 0; i < 5'000; ++i) parser.Take("HTTP/1.1 103 Hint\r\n\r\n");
  EXPECT_EQ(parser.state(), State::kTooLarge);
}

TEST(AnswerParser, BoundsBodies) {
  AnswerParser parser;
  parser.Take("HTTP/1.1 200 OK\r\nContent-Length: 16384\r\n\r\n");
  parser.Take(std::string(kMaxBodyBytes, 'b'));
  EXPECT_TRUE(parser.reusable());
  EXPECT_EQ(parser.excerpt(), std::string(kMaxExcerptBytes, 'b'));
  for (const char* const head :
       {"Content-Length: 100000\r\n\r\n", "\r\n", "Transfer-Encoding: chunked\r\n\r\n100000\r\n"}) {
    parser.Reset();
    parser.Take(absl::StrCat("HTTP/1.1 200 OK\r\n", head));
    for (size_t i = 0; i < kMaxBodyBytes; i += 100) parser.Take(std::string(100, 'b'));
    EXPECT_EQ(parser.state(), State::kDone) << head;
    EXPECT_FALSE(parser.reusable());
    EXPECT_EQ(parser.excerpt(), std::string(kMaxExcerptBytes, 'b'));
  }
}

// Whatever comes, however it is cut: the same result, within the bounds.
TEST(AnswerParser, CutsMakeNoDifferenceToGarbledAnswers) {
  SeededRandom random(7);
  const std::vector<Row> rows = Rows();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = rows[random.Next() % rows.size()].bytes;
    bytes += rows[random.Next() % rows.size()].bytes;
    for (uint64_t changes = random.Next() % 4; changes > 0 && !bytes.empty(); --changes) {
      constexpr absl::string_view kBytes = "\r\n :0123456789abcHTP/\0\xff";
      bytes[random.Next() % bytes.size()] = kBytes[random.Next() % kBytes.size()];
    }
    AnswerParser whole;
    whole.Take(bytes);
    AnswerParser cut;
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = 1 + random.Next() % 9;
      cut.Take(absl::string_view(bytes).substr(at, size));
      at += size;
    }
    ASSERT_EQ(whole.state(), cut.state()) << bytes;
    ASSERT_EQ(whole.status(), cut.status()) << bytes;
    ASSERT_EQ(whole.excerpt(), cut.excerpt()) << bytes;
    ASSERT_EQ(whole.reusable(), cut.reusable()) << bytes;
    ASSERT_LE(whole.excerpt().size(), kMaxExcerptBytes);
  }
}

}  // namespace
}  // namespace webhookd
