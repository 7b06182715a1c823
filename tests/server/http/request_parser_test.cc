#include "server/http/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/http/gzip.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using Step = RequestParser::Step;

RequestParser::Limits SmallLimits() {
  RequestParser::Limits limits;
  limits.max_header_bytes = 1'000;
  limits.max_headers = 10;
  limits.max_body_bytes = [](absl::string_view, absl::string_view path) {
    return path == "/large" ? 10'000 : 100;
  };
  return limits;
}

// What came of some bytes: the requests, and at the end "needs more" or the refusal's status.
std::vector<std::string> Outcome(absl::string_view bytes, size_t piece) {
  const RequestParser::Limits limits = SmallLimits();
  RequestParser parser(limits);
  std::vector<std::string> outcome;
  std::string waiting;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    waiting += std::string(bytes.substr(at, piece));
    absl::string_view input = waiting;
    Step step = Step::kHead;
    while (step == Step::kHead || step == Step::kRequest) {
      step = parser.Parse(input);
      if (step != Step::kRequest) continue;
      outcome.push_back(
          absl::StrCat(parser.head().method, " ", parser.head().path, " ", parser.body()));
      parser.NextRequest();
    }
    if (step == Step::kRefused) {
      outcome.push_back(absl::StrCat(parser.refusal().status));
      EXPECT_THAT(parser.refusal().message, testing::Not(testing::IsEmpty()));
      return outcome;
    }
    waiting.erase(0, waiting.size() - input.size());
  }
  outcome.push_back(waiting.empty() && parser.idle() ? "done" : "needs more");
  return outcome;
}

struct ParserCase {
  const char* name;
  std::string bytes;
  std::vector<std::string> outcome;
};

std::string Get(absl::string_view headers) {
  return absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\n", headers, "\r\n");
}
std::string Post(absl::string_view headers_and_body) {
  return absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\n", headers_and_body);
}
std::string Chunked(absl::string_view chunks) {
  return Post(absl::StrCat("Transfer-Encoding: chunked\r\n\r\n", chunks));
}

const std::vector<ParserCase>& Cases() {
  static const auto& cases = *new std::vector<ParserCase>{
      {"Nothing", "", {"done"}},
      {"Plain", Get(""), {"GET / ", "done"}},
      {"Two", Get("") + Get(""), {"GET / ", "GET / ", "done"}},
      {"EmptyLineBefore", "\r\n" + Get(""), {"GET / ", "done"}},
      {"EmptyLinesBefore", "\r\n\r\n\r\n" + Get(""), {"400"}},
      {"Unfinished", "GET / HTTP/1.1\r\nHost: a\r\n", {"needs more"}},
      {"Query", "GET /a/b?c=d&e HTTP/1.1\r\nHost: a\r\n\r\n", {"GET /a/b ", "done"}},
      {"QuestionInQuery", "GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n", {"GET /a ", "done"}},
      {"Http10WithoutHost", "GET / HTTP/1.0\r\n\r\n", {"GET / ", "done"}},
      {"OddMethod", "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", {"M-SEARCH / ", "done"}},
      {"OptionsOfAll", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", {"OPTIONS * ", "done"}},
      {"HostWithPort", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", {"GET / ", "done"}},
      {"EmptyHost", "GET / HTTP/1.1\r\nHost:\r\n\r\n", {"GET / ", "done"}},
      {"NoBlankAfterColon", Get("A:b\r\n"), {"GET / ", "done"}},
      {"TabInValue", Get("A: b\tc\r\n"), {"GET / ", "done"}},
      {"HighBytesInValue", Get("A: \xc3\xa9\r\n"), {"GET / ", "done"}},
      {"EmptyValue", Get("A:\r\n"), {"GET / ", "done"}},

      // Bodies
      {"Length", Post("Content-Length: 3\r\n\r\nabc"), {"POST / abc", "done"}},
      {"LengthZero", Post("Content-Length: 0\r\n\r\n"), {"POST / ", "done"}},
      {"LengthThenMore",
       Post("Content-Length: 3\r\n\r\nabc") + Get(""),
       {"POST / abc", "GET / ", "done"}},
      {"LengthUnfinished", Post("Content-Length: 3\r\n\r\nab"), {"needs more"}},
      {"Chunks", Chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), {"POST / abcde", "done"}},
      {"ChunksInHex", Chunked("00A\r\n0123456789\r\n0\r\n\r\n"), {"POST / 0123456789", "done"}},
      {"ChunkExtension", Chunked("1;a=b\r\nx\r\n0;c\r\n\r\n"), {"POST / x", "done"}},
      {"Trailers", Chunked("1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n"), {"POST / x", "done"}},
      {"ChunksThenMore", Chunked("1\r\nx\r\n0\r\n\r\n") + Get(""), {"POST / x", "GET / ", "done"}},
      {"Gzip",
       Post(absl::StrCat("Content-Encoding: gzip\r\nContent-Length: ", Gzip("hello").size(),
                         "\r\n\r\n", Gzip("hello"))),
       {"POST / hello", "done"}},
      {"LargeWhereAllowed",
       absl::StrCat("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n",
                    std::string(101, 'x')),
       {"POST /large " + std::string(101, 'x'), "done"}},

      // Lines
      {"BareLineFeeds", "GET / HTTP/1.1\nHost: a\n\n", {"400"}},
      {"BareLineFeedInHeaders", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", {"400"}},
      {"BareLineFeedAtTheEnd", "GET / HTTP/1.1\r\nHost: a\r\n\n\r\n\r\n", {"400"}},
      {"BareCarriageReturn", Get("A: b\rC: d\r\n"), {"400"}},
      {"FoldedLine", Get("A: b\r\n c\r\n"), {"400"}},
      {"FoldedWithTab", Get("A: b\r\n\tc\r\n"), {"400"}},
      {"FoldedFirst", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", {"400"}},
      {"NulInValue", Get(std::string("A: b\0c\r\n", 8)), {"400"}},
      {"NulInName", Get(std::string("A\0: b\r\n", 7)), {"400"}},
      {"DeleteInValue", Get("A: b\x7f\r\n"), {"400"}},

      // The request line
      {"NoTarget", "GET HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"NoVersion", "GET /\r\nHost: a\r\n\r\n", {"400"}},
      {"TwoBlanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"BlankInTarget", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"BlankBehindVersion", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", {"400"}},
      {"LeadingBlank", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"Tabs", "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"LowerCaseVersion", "GET / http/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"Http2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", {"505"}},
      {"Http09", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", {"505"}},
      {"Http12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", {"505"}},
      {"LongVersion", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", {"400"}},
      {"BadMethod", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"AbsoluteForm", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"AuthorityForm", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"AsteriskOfGet", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"RelativeTarget", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"Fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"HighBytesInTarget", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", {"400"}},
      {"TlsHello",
       std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15),
       {"400"}},

      // Header fields
      {"NoHost", "GET / HTTP/1.1\r\n\r\n", {"400"}},
      {"TwoHosts", Get("Host: a\r\n"), {"400"}},
      {"TwoHostsOfHttp10", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", {"400"}},
      {"ListOfHosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", {"400"}},
      {"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", {"400"}},
      {"HostWithUser", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", {"400"}},
      {"BlankBeforeColon", Get("A : b\r\n"), {"400"}},
      {"BlankBeforeColonOfLength", Post("Content-Length : 3\r\n\r\nabc"), {"400"}},
      {"NoColon", Get("A\r\n"), {"400"}},
      {"NoName", Get(": b\r\n"), {"400"}},
      {"BracketInName", Get("A(b): c\r\n"), {"400"}},
      {"HighByteInName", Get("A\xc3: c\r\n"), {"400"}},
      {"TooManyHeaders",
       Get("A:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\n"),
       {"431"}},
      {"TooLongHeaders", Get("A: " + std::string(1'000, 'x') + "\r\n"), {"431"}},
      {"TooLongUnfinished", "GET /" + std::string(1'000, 'x'), {"431"}},
      {"Expectation", Get("Expect: 200-ok\r\n"), {"417"}},

      // What request smuggling is made of
      {"LengthAndChunked",
       Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
       {"400"}},
      {"ChunkedAndLength",
       Post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
       {"400"}},
      {"TwoLengths", Post("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"), {"400"}},
      {"TwoEqualLengths", Post("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), {"400"}},
      {"ListOfLengths", Post("Content-Length: 3, 3\r\n\r\nabc"), {"400"}},
      {"LengthWithPlus", Post("Content-Length: +3\r\n\r\nabc"), {"400"}},
      {"LengthWithMinus", Post("Content-Length: -3\r\n\r\nabc"), {"400"}},
      {"LengthInHex", Post("Content-Length: 0x3\r\n\r\nabc"), {"400"}},
      {"LengthEmpty", Post("Content-Length: \r\n\r\n"), {"400"}},
      {"LengthWithBlank", Post("Content-Length: 1 0\r\n\r\n"), {"400"}},
      {"LengthOverflows", Post("Content-Length: 18446744073709551617\r\n\r\na"), {"400"}},
      {"LengthTooLarge", Post("Content-Length: 101\r\n\r\n"), {"413"}},
      {"CodingUnknown", Post("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), {"501"}},
      {"CodingIdentity", Post("Transfer-Encoding: identity\r\n\r\n"), {"501"}},
      {"CodingObscured", Post("Transfer-Encoding: xchunked\r\n\r\n"), {"501"}},
      {"CodingQuoted", Post("Transfer-Encoding: \"chunked\"\r\n\r\n"), {"501"}},
      {"CodingWithVerticalTab",
       Post("Transfer-Encoding: \x0b"
            "chunked\r\n\r\n"),
       {"400"}},
      {"CodingTwice",
       Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
       {"400"}},
      {"CodingTwiceInOne", Post("Transfer-Encoding: chunked, chunked\r\n\r\n"), {"501"}},
      {"CodingEmpty", Post("Transfer-Encoding:\r\n\r\n"), {"501"}},
      {"ChunkedInHttp10",
       "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       {"400"}},
      {"ChunkSizeEmpty", Chunked("\r\nabc\r\n0\r\n\r\n"), {"400"}},
      {"ChunkSizeWithPlus", Chunked("+3\r\nabc\r\n0\r\n\r\n"), {"400"}},
      {"ChunkSizeWithPrefix", Chunked("0x3\r\nabc\r\n0\r\n\r\n"), {"400"}},
      {"ChunkSizeNegative", Chunked("-1\r\nabc\r\n0\r\n\r\n"), {"400"}},
      {"ChunkSizeWithBlank", Chunked("3 \r\nabc\r\n0\r\n\r\n"), {"400"}},
      {"ChunkSizeLeadingBlank", Chunked(" 3\r\nabc\r\n0\r\n\r\n"), {"400"}},
      {"ChunkSizeOverflows", Chunked("10000000000000003\r\nabc\r\n0\r\n\r\n"), {"400"}},
      {"ChunkSizeTooLarge", Chunked("65\r\n"), {"413"}},
      {"ChunksTooLarge", Chunked("40\r\n" + std::string(64, 'x') + "\r\n40\r\n"), {"413"}},
      {"ChunkLineBareLineFeed", Chunked("3\nabc\r\n0\r\n\r\n"), {"400"}},
      {"ChunkLineTooLong", Chunked("3;" + std::string(300, 'x') + "\r\nabc"), {"400"}},
      {"ChunkLongerThanSize", Chunked("3\r\nabcd\r\n0\r\n\r\n"), {"400"}},
      {"ChunkEndBareLineFeed", Chunked("3\r\nabc\n0\r\n\r\n"), {"400"}},
      {"ChunkExtensionWithControl", Chunked("3;\x01\r\nabc\r\n0\r\n\r\n"), {"400"}},
      {"TrailerBareLineFeed", Chunked("0\r\nA: b\n\r\n"), {"400"}},
      {"TrailerWithoutColon", Chunked("0\r\nA\r\n\r\n"), {"400"}},
      {"TrailerFolded", Chunked("0\r\nA: b\r\n c\r\n\r\n"), {"400"}},
      {"TrailerTooLong", Chunked("0\r\nA: " + std::string(9'000, 'x') + "\r\n\r\n"), {"431"}},

      // Content-Encoding
      {"EncodingUnknown", Post("Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx"), {"415"}},
      {"EncodingTwice",
       Post("Content-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\nx"),
       {"415"}},
      {"EncodingRepeated",
       Post("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
       {"400"}},
      {"GzipBroken", Post("Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), {"400"}},
      {"GzipBomb",
       Post(absl::StrCat(
           "Content-Encoding: gzip\r\nContent-Length: ", Gzip(std::string(10'000, 'x')).size(),
           "\r\n\r\n", Gzip(std::string(10'000, 'x')))),
       {"413"}},
  };
  return cases;
}

class RequestParserTest : public testing::TestWithParam<ParserCase> {};

TEST_P(RequestParserTest, ReadsItAtOnceAndInPieces) {
  const ParserCase& row = GetParam();
  EXPECT_EQ(Outcome(row.bytes, std::max<size_t>(row.bytes.size(), 1)), row.outcome);
  for (const size_t piece : {1, 2, 3, 5, 7, 11}) {
    EXPECT_EQ(Outcome(row.bytes, piece), row.outcome) << "in pieces of " << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, RequestParserTest, testing::ValuesIn(Cases()),
                         [](const auto& info) { return std::string(info.param.name); });

RequestHead Parsed(absl::string_view head) {
  auto parsed = ParseRequestHead(head, 100);
  EXPECT_TRUE(std::holds_alternative<RequestHead>(parsed)) << std::get<Refusal>(parsed).message;
  return std::get<RequestHead>(parsed);
}

std::vector<std::string> Names(const RequestHead& head) {
  std::vector<std::string> names;
  for (const WebHeader& header : head.headers) names.push_back(header.name);
  return names;
}

TEST(ParseRequestHead, TellsWhatFollows) {
  EXPECT_TRUE(Parsed(Get("")).keep_alive);
  EXPECT_FALSE(Parsed(Get("Connection: close\r\n")).keep_alive);
  EXPECT_FALSE(Parsed(Get("Connection: keep-alive, Close\r\n")).keep_alive);
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(Parsed("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  EXPECT_TRUE(Parsed(Post("Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n")).expect_continue);
  EXPECT_TRUE(Parsed(Post("Transfer-Encoding: Chunked\r\n\r\n")).chunked);
  EXPECT_EQ(Parsed(Post("Content-Length: 007\r\n\r\n")).content_length, 7u);
  EXPECT_EQ(Parsed("GET /a?b=%20 HTTP/1.1\r\nHost: a\r\n\r\n").query, "b=%20");
}

TEST(ParseRequestHead, LeavesOutWhatIsForThisHop) {
  const RequestHead head = Parsed(
      Post("Connection: close, X-Hop, Host, Authorization, TE\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
           "TE: trailers\r\nUpgrade: h2c\r\nAuthorization: Bearer x\r\nContent-Encoding: gzip\r\n"
           "Proxy-Connection: close\r\nContent-Length: 3\r\nX-Other: 2\r\n\r\n"));
  EXPECT_THAT(Names(head), testing::ElementsAre("Host", "TE", "Authorization", "X-Other"));
}

TEST(ParseRequestHead, SaysWhatIsWrong) {
  EXPECT_THAT(std::get<Refusal>(ParseRequestHead("GET http://a/ HTTP/1.1\r\n\r\n", 1)).message,
              HasSubstr("invalid request target \"http://a/\": expected a path"));
  EXPECT_THAT(std::get<Refusal>(ParseRequestHead("G\x01T / HTTP/1.1\r\n\r\n", 1)).message,
              HasSubstr("G\\x01T"));
}

TEST(RequestParser, BytesThatDripCostTheirNumber) {
  RequestParser::Limits limits = SmallLimits();
  limits.max_header_bytes = 1 << 20;
  RequestParser parser(limits);
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::clock_t start = std::clock();
  for (int i = 0; i < 500'000; ++i) {
    bytes.push_back('x');
    absl::string_view input = bytes;
    ASSERT_EQ(parser.Parse(input), Step::kNeedMore);
    ASSERT_EQ(input.size(), bytes.size());
  }
  // Looking at all of them each time would take minutes of the processor, whoever else uses it.
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 20);
}

TEST(RequestParser, GivesTheMemoryOfABodyBack) {
  const RequestParser::Limits limits = SmallLimits();
  RequestParser stopped(limits);
  absl::string_view input = "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n";
  EXPECT_EQ(stopped.Parse(input), Step::kHead);
  const std::string body(10'000, 'b');
  input = absl::string_view(body).substr(1);
  EXPECT_EQ(stopped.Parse(input), Step::kNeedMore);
  EXPECT_GE(stopped.body().capacity(), 9'999u);
  RequestParser served = stopped;
  stopped.Stop();
  EXPECT_LT(stopped.body().capacity(), 100u);
  input = "b";
  EXPECT_EQ(served.Parse(input), Step::kRequest);
  served.NextRequest();
  EXPECT_LT(served.body().capacity(), 100u);
}

TEST(RequestParser, RefusesBodiesThatAreMostlyFraming) {
  RequestParser::Limits limits = SmallLimits();
  limits.max_body_bytes = [](absl::string_view, absl::string_view) { return 1 << 20; };
  RequestParser parser(limits);
  std::string bytes = Chunked("");
  for (int i = 0; i < 2'000; ++i) absl::StrAppend(&bytes, "1;", std::string(200, 'x'), "\r\ny\r\n");
  absl::string_view input = bytes;
  EXPECT_EQ(parser.Parse(input), Step::kHead);
  EXPECT_EQ(parser.Parse(input), Step::kRefused);
  EXPECT_EQ(parser.refusal().status, 400);
}

}  // namespace
}  // namespace webhookd
