#include "server/http/static_file.h"

#include <gtest/gtest.h>

#include <string>

#include "server/http/gzip.h"

namespace webhookd {
namespace {

std::string Header(const WebResponse& response, const std::string& name) {
  for (const WebHeader& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

WebRequest Get(const std::string& accept_encoding, const std::string& if_none_match) {
  return {.method = "GET",
          .headers = {{"Accept-Encoding", accept_encoding}, {"If-None-Match", if_none_match}}};
}

TEST(StaticFile, IsSentPackedToThoseWhoAccept) {
  const std::string text(1'000, 'x');
  const StaticFile file("text/css", text, StaticFile::Caching::kImmutable);
  const WebResponse plain = file.Answer(Get("", ""));
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.body, text);
  EXPECT_EQ(Header(plain, "Content-Type"), "text/css");
  EXPECT_EQ(Header(plain, "Content-Encoding"), "");
  EXPECT_EQ(Header(plain, "Vary"), "Accept-Encoding");
  EXPECT_EQ(Header(plain, "Cache-Control"), "public, max-age=31536000, immutable");
  const WebResponse packed = file.Answer(Get("gzip", ""));
  EXPECT_EQ(*Gunzip(packed.body, 10'000), text);
  EXPECT_EQ(Header(packed, "Content-Encoding"), "gzip");
  EXPECT_NE(Header(packed, "ETag"), Header(plain, "ETag"));
}

TEST(StaticFile, IsNotSentAgain) {
  const StaticFile file("text/css", std::string(1'000, 'x'), StaticFile::Caching::kRevalidate);
  const std::string tag = Header(file.Answer(Get("", "")), "ETag");
  for (const std::string& known : {tag, "W/" + tag, "\"a\", " + tag, std::string("*")}) {
    const WebResponse response = file.Answer(Get("", known));
    EXPECT_EQ(response.status, 304) << known;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(Header(response, "ETag"), tag);
    EXPECT_EQ(Header(response, "Cache-Control"), "no-cache");
  }
  EXPECT_EQ(file.Answer(Get("", "\"a\"")).status, 200);
  EXPECT_EQ(file.Answer(Get("gzip", tag)).status, 200);
}

TEST(StaticFile, SmallFilesAreNotPacked) {
  const StaticFile file("text/plain", "x", StaticFile::Caching::kImmutable);
  const WebResponse response = file.Answer(Get("gzip", ""));
  EXPECT_EQ(response.body, "x");
  EXPECT_EQ(Header(response, "Vary"), "");
}

}  // namespace
}  // namespace webhookd
