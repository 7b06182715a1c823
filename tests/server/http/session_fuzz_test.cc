#include <gtest/gtest.h>

#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "server/http/gzip.h"
#include "server/http/http_server.h"
#include "server/http/request_parser.h"
#include "tests/server/http/fake_handler.h"
#include "tests/server/http/http_connection.h"

// Random and damaged requests, the same in every run.
namespace webhookd {
namespace {

using Dice = std::mt19937;

size_t Throw(Dice& dice, size_t sides) { return dice() % sides; }

std::string Seed(Dice& dice) {
  const std::string packed = Gzip("some text, some text, some text");
  const std::vector<std::string> seeds = {
      "GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "HEAD /x HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip;q=0.5, *\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n"
      "T: v\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
      absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: ",
                   packed.size(), "\r\n\r\n", packed),
      "OPTIONS * HTTP/1.1\r\nHost: a\r\nOrigin: b\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X\r\nX: y\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 10),
  };
  return seeds[Throw(dice, seeds.size())];
}

// Some requests in a row, with some damage.
std::string Input(Dice& dice) {
  std::string input;
  for (size_t i = 1 + Throw(dice, 3); i > 0; --i) input += Seed(dice);
  static constexpr const char* kPieces[] = {"\r\n",
                                            "\n",
                                            "\r",
                                            "\0",
                                            " ",
                                            "\t",
                                            ":",
                                            ";",
                                            "0",
                                            "ffff",
                                            "-1",
                                            "\xff",
                                            "Host:",
                                            "HTTP",
                                            "chunked",
                                            ",",
                                            "\r\n ",
                                            "gzip",
                                            "99999999999999999999",
                                            "Content-Length: 3\r\n"};
  for (size_t i = Throw(dice, 6); i > 0; --i) {
    const size_t at = Throw(dice, input.size() + 1);
    switch (Throw(dice, 5)) {
      case 0:
        input.insert(at, kPieces[Throw(dice, std::size(kPieces))]);
        break;
      case 1:
        input.erase(at, 1 + Throw(dice, 8));
        break;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(dice());
        break;
      case 3:
        input.resize(at);
        break;
      default:
        input.insert(at, input.substr(Throw(dice, input.size() + 1), Throw(dice, 40)));
        break;
    }
  }
  return input;
}

RequestParser::Limits SmallLimits() {
  RequestParser::Limits limits;
  limits.max_header_bytes = 2'000;
  limits.max_headers = 16;
  limits.max_body_bytes = [](absl::string_view, absl::string_view) { return 1'000; };
  return limits;
}

// What the parser makes of `input` in pieces of `sizes` bytes.
std::string Outcome(const std::string& input, const std::function<size_t()>& size) {
  const RequestParser::Limits limits = SmallLimits();
  RequestParser parser(limits);
  std::string outcome;
  std::string waiting;
  for (size_t at = 0; at < input.size();) {
    const size_t piece = size();
    waiting += input.substr(at, piece);
    at += piece;
    absl::string_view rest = waiting;
    RequestParser::Step step = RequestParser::Step::kHead;
    while (step == RequestParser::Step::kHead || step == RequestParser::Step::kRequest) {
      step = parser.Parse(rest);
      if (step != RequestParser::Step::kRequest) continue;
      EXPECT_LE(parser.body().size(), 1'000u);
      absl::StrAppend(&outcome, parser.head().method, " ", parser.head().path, " ", parser.body(),
                      "\n");
      parser.NextRequest();
    }
    if (step == RequestParser::Step::kRefused) return outcome + "refused";
    waiting.erase(0, waiting.size() - rest.size());
  }
  return outcome;
}

TEST(RequestParserFuzz, PiecesDoNotMatter) {
  Dice dice(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::string input = Input(dice);
    const std::string whole = Outcome(input, [&] { return input.size(); });
    EXPECT_EQ(Outcome(input, [&] { return 1 + Throw(dice, 20); }), whole)
        << absl::CHexEscape(input);
    EXPECT_EQ(Outcome(input, [] { return 1; }), whole) << absl::CHexEscape(input);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(SessionFuzz, EveryInputEndsInAnswersAndAClose) {
  FakeHandler handler;
  const auto server = HttpServer::Create({}, handler, RealClock());
  ASSERT_TRUE(server.ok());
  Dice dice(2);
  for (int i = 0; i < 2'000; ++i) {
    const std::string input = Input(dice);
    HttpConnection connection((*server)->port());
    ASSERT_TRUE(connection.connected());
    const size_t half = Throw(dice, input.size() + 1);
    connection.Send(input.substr(0, half));
    connection.Send(input.substr(half));
    if (Throw(dice, 10) == 0) {
      connection.Reset();
      continue;
    }
    connection.FinishSending();
    bool ended = false;
    const std::string answers = connection.ReadToEnd(&ended);
    ASSERT_TRUE(ended) << absl::CHexEscape(input);
    if (!answers.empty()) {
      EXPECT_EQ(answers.substr(0, 9), "HTTP/1.1 ") << absl::CHexEscape(input);
    }
  }
  HttpConnection connection((*server)->port());
  EXPECT_TRUE(connection.Ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").has_value());
}

}  // namespace
}  // namespace webhookd
