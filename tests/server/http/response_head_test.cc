#include "server/http/response_head.h"

#include <gtest/gtest.h>

#include <string>

#include "server/http/cors.h"
#include "server/http/refusal_response.h"

namespace webhookd {
namespace {

constexpr char kDate[] = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr char kAlways[] = "X-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\n\r\n";

std::string Head(const WebResponse& response, ResponseFraming framing = {}) {
  framing.date = kDate;
  std::string out;
  AppendResponseHead(response, framing, out);
  return out;
}

TEST(ResponseHead, HasStatusDateAndFraming) {
  EXPECT_EQ(Head({.headers = {{"Content-Type", "text/plain"}}}, {.content_length = 3}),
            std::string("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                        "Content-Type: text/plain\r\nContent-Length: 3\r\n") +
                kAlways);
  EXPECT_EQ(Head({.status = 404}, {.keep_alive = false, .chunked = true}),
            std::string("HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                        "Transfer-Encoding: chunked\r\nConnection: close\r\n") +
                kAlways);
  EXPECT_EQ(Head({.status = 299}, {.http10 = true}),
            std::string("HTTP/1.1 299 Unknown\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                        "Connection: keep-alive\r\n") +
                kAlways);
}

TEST(ResponseHead, AHandlersHeaderNeverBecomesAnother) {
  const std::string plain = Head({});
  for (const WebHeader& header : {
           WebHeader{"A", "b\r\nC: d"},
           {"A", "b\nC: d"},
           {"A", "b\rC"},
           {"A", std::string(1, '\0')},
           {"A\r\nB", "c"},
           {"A: b", "c"},
           {"", "c"},
           {"A ", "c"},
           {"A", "\x7f"},
           // Ours to set
           {"content-length", "5"},
           {"Transfer-Encoding", "chunked"},
           {"Connection", "close"},
           {"Date", "today"},
           {"Keep-Alive", "1"},
           {"X-Frame-Options", "DENY"},
           {"x-content-type-options", "x"},
       }) {
    EXPECT_EQ(Head({.headers = {header}}), plain) << header.name << ": " << header.value;
  }
}

TEST(ResponseHead, AStatusThatIsNoneIsAnError) {
  EXPECT_EQ(Head({.status = 99}).substr(0, 12), "HTTP/1.1 500");
  EXPECT_EQ(Head({.status = 100}).substr(0, 12), "HTTP/1.1 500");
  EXPECT_EQ(Head({.status = 1000}).substr(0, 12), "HTTP/1.1 500");
}

TEST(HttpDate, IsThatOfTheRfc) { EXPECT_EQ(HttpDate(absl::FromUnixSeconds(784111777)), kDate); }

TEST(DeterminedRefusal, IsJson) {
  EXPECT_EQ(DeterminedRefusal(413, 8, "a \"b\" \\ \n").body,
            "{\"error\":{\"code\":8,\"reason\":\"ResourceExhausted\",\"error\":\"a \\\"b\\\" "
            "\\\\ \\n\"}}");
}

std::string Text(const WebHeaders& headers) {
  std::string text;
  for (const WebHeader& header : headers) text += header.name + "=" + header.value + ";";
  return text;
}

TEST(CorsPolicy, AllowsOnlyWhatIsConfigured) {
  const CorsPolicy none({});
  const CorsPolicy one({"https://a.example"});
  const CorsPolicy any({"*"});
  const WebHeaders from_a = {{"Origin", "https://a.example"}};
  const WebHeaders from_b = {{"origin", "https://b.example"}};
  EXPECT_EQ(Text(none.HeadersFor(from_a)), "");
  EXPECT_EQ(Text(one.HeadersFor(from_a)),
            "Vary=Origin;Access-Control-Allow-Origin=https://a.example;"
            "Access-Control-Allow-Credentials=true;");
  EXPECT_EQ(Text(one.HeadersFor(from_b)), "Vary=Origin;");
  EXPECT_EQ(Text(one.HeadersFor({})), "Vary=Origin;");
  EXPECT_EQ(Text(any.HeadersFor(from_b)), "Vary=Origin;Access-Control-Allow-Origin=*;");
}

TEST(CorsPolicy, AnswersPreflights) {
  const CorsPolicy policy({"https://a.example"});
  RequestHead head;
  head.method = "OPTIONS";
  head.headers = {{"Origin", "https://a.example"},
                  {"Access-Control-Request-Method", "PATCH"},
                  {"Access-Control-Request-Headers", "authorization"}};
  const absl::optional<WebResponse> response = policy.Preflight(head);
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 204);
  EXPECT_EQ(Text(response->headers),
            "Vary=Origin;Access-Control-Allow-Origin=https://a.example;"
            "Access-Control-Allow-Credentials=true;"
            "Access-Control-Allow-Methods=GET, HEAD, POST, PUT, PATCH, DELETE;"
            "Access-Control-Allow-Headers=authorization;Access-Control-Max-Age=600;");
  EXPECT_FALSE(CorsPolicy({}).Preflight(head).has_value());
  EXPECT_FALSE(CorsPolicy({"https://b.example"}).Preflight(head).has_value());
  head.headers.erase(head.headers.begin() + 1);
  EXPECT_FALSE(policy.Preflight(head).has_value());
}

}  // namespace
}  // namespace webhookd
