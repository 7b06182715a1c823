#include "server/http/gzip.h"

#include <gtest/gtest.h>

#include <string>

#include "server/http/compression.h"

namespace webhookd {
namespace {

std::string Text(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) text += std::to_string(i * i);
  text.resize(size);
  return text;
}

TEST(Gunzip, GivesWhatGzipTook) {
  for (const size_t size : {0, 1, 1'000, 100'000, 3'000'000}) {
    const std::string text = Text(size);
    const absl::StatusOr<std::string> plain = Gunzip(Gzip(text), size);
    ASSERT_TRUE(plain.ok()) << plain.status();
    EXPECT_EQ(*plain, text);
  }
}

TEST(Gunzip, StopsAtTheLimit) {
  const std::string bomb = Gzip(std::string(100 << 20, '\0'));
  ASSERT_LT(bomb.size(), 1u << 20);
  EXPECT_EQ(Gunzip(bomb, 4 << 20).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Gunzip(Gzip("abc"), 2).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(Gunzip, RefusesWhatIsDamaged) {
  const std::string packed = Gzip(Text(1'000));
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_EQ(Gunzip(packed.substr(0, size), 10'000).status().code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
  EXPECT_FALSE(Gunzip(packed + "x", 10'000).ok());
  EXPECT_FALSE(Gunzip(packed + packed, 10'000).ok());
  std::string damaged = packed;
  damaged[packed.size() / 2] ^= 1;
  EXPECT_FALSE(Gunzip(damaged, 10'000).ok());
}

TEST(AcceptsGzip, WeighsWhatIsAccepted) {
  for (const char* accepted : {"gzip", "GZIP", "x-gzip", "deflate, gzip", "*", "gzip;q=0.1",
                               "br;q=1.0, gzip ; q=0.8, *;q=0", "gzip;q=1.000"}) {
    EXPECT_TRUE(AcceptsGzip(accepted)) << accepted;
  }
  for (const char* not_accepted : {"", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0",
                                   "gzip;q=0, *", "gzipped", "br", ";;,,", "gzip;q=x"}) {
    EXPECT_FALSE(AcceptsGzip(not_accepted)) << not_accepted;
  }
}

std::string Encoding(WebResponse response, bool accepts_gzip) {
  Compress(response, accepts_gzip);
  std::string told;
  for (const WebHeader& header : response.headers) {
    if (header.name == "Content-Encoding" || header.name == "Vary") told += header.value + " ";
  }
  return told;
}

TEST(Compress, PacksTextOfSomeSize) {
  const WebHeader json = {"Content-Type", "application/json"};
  const WebHeader image = {"Content-Type", "image/png"};
  EXPECT_EQ(Encoding({.headers = {json}, .body = Text(5'000)}, true), "Accept-Encoding gzip ");
  EXPECT_EQ(Encoding({.headers = {json}, .body = Text(5'000)}, false), "Accept-Encoding ");
  EXPECT_EQ(Encoding({.headers = {json}, .body = Text(500)}, true), "");
  EXPECT_EQ(Encoding({.headers = {image}, .body = Text(5'000)}, true), "");
  EXPECT_EQ(Encoding({.headers = {json, {"Content-Encoding", "gzip"}}, .body = Text(5'000)}, true),
            "gzip ");
}

}  // namespace
}  // namespace webhookd
