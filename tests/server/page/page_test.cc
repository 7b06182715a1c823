#include "server/page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "server/http/gzip.h"
#include "server/page/page_files.h"

namespace webhookd {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

WebRequest Get(const std::string& path, WebHeaders headers = {}) {
  WebRequest request;
  request.method = "GET";
  request.path = path;
  request.headers = std::move(headers);
  return request;
}

std::string Header(const WebResponse& response, absl::string_view name) {
  for (const WebHeader& header : response.headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return "";
}

class PageTest : public testing::Test {
 protected:
  WebResponse Serve(const WebRequest& request) {
    const absl::optional<WebResponse> response = ServePageFrom(files_, request);
    EXPECT_TRUE(response.has_value()) << request.path;
    return response.value_or(WebResponse());
  }

  const std::string index_ = Gzip("<!doctype html><p>the page</p>");
  const std::string script_ = Gzip(std::string(4096, 'x'));
  const std::vector<PageFile> files_ = {
      {"index.html", "text/html; charset=utf-8", index_},
      {"assets/index-1.js", "text/javascript; charset=utf-8", script_},
  };
};

TEST_F(PageTest, SendsTheRootToThePage) {
  const WebResponse response = Serve(Get("/"));
  EXPECT_EQ(response.status, 301);
  EXPECT_EQ(Header(response, "Location"), "/det");
}

TEST_F(PageTest, IsServedAtEveryPathBelowDet) {
  for (const char* path : {"/det", "/det/", "/det/webhooks", "/det/webhooks/3/deliveries/12",
                           "/det/login", "/det/index.html"}) {
    const WebResponse response = Serve(Get(path));
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body, "<!doctype html><p>the page</p>") << path;
    EXPECT_EQ(Header(response, "Content-Type"), "text/html; charset=utf-8") << path;
    EXPECT_EQ(Header(response, "Cache-Control"), "no-cache") << path;
  }
}

TEST_F(PageTest, LeavesOtherRequestsAlone) {
  for (const char* path : {"/api/v1/webhooks", "/details", "/info", "/healthz", "/detx/webhooks"}) {
    EXPECT_FALSE(ServePageFrom(files_, Get(path)).has_value()) << path;
  }
  WebRequest post = Get("/det/webhooks");
  post.method = "POST";
  EXPECT_FALSE(ServePageFrom(files_, post).has_value());
}

TEST_F(PageTest, FilesAreKeptForAYear) {
  const WebResponse response = Serve(Get("/det/assets/index-1.js"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, std::string(4096, 'x'));
  EXPECT_EQ(Header(response, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(Header(response, "Content-Type"), "text/javascript; charset=utf-8");
}

TEST_F(PageTest, FilesArePackedForThoseWhoAcceptIt) {
  const WebResponse response =
      Serve(Get("/det/assets/index-1.js", {{"Accept-Encoding", "gzip, deflate, br"}}));
  EXPECT_EQ(Header(response, "Content-Encoding"), "gzip");
  EXPECT_EQ(Header(response, "Vary"), "Accept-Encoding");
  const absl::StatusOr<std::string> plain = Gunzip(response.body, 1 << 20);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(*plain, std::string(4096, 'x'));
}

TEST_F(PageTest, AKnownVersionIsNotSentAgain) {
  const std::string tag = Header(Serve(Get("/det/webhooks")), "ETag");
  ASSERT_FALSE(tag.empty());
  const WebResponse again = Serve(Get("/det/webhooks", {{"If-None-Match", tag}}));
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_NE(Header(again, "Content-Security-Policy"), "");
}

TEST_F(PageTest, AFileOfAnotherVersionIsMissing) {
  const WebResponse response = Serve(Get("/det/assets/index-0.js"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(Header(response, "Cache-Control"), "no-store");
}

TEST_F(PageTest, ThePolicyAllowsNothingInlineAndNothingFromElsewhere) {
  for (const char* path : {"/det/webhooks", "/det/assets/index-1.js", "/det/assets/index-0.js"}) {
    EXPECT_THAT(Header(Serve(Get(path)), "Content-Security-Policy"),
                AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"),
                      HasSubstr("frame-ancestors 'self'"), Not(HasSubstr("unsafe")),
                      Not(HasSubstr("http")), Not(HasSubstr("*"))))
        << path;
  }
}

TEST(Page, WithoutFilesSaysHowToBuildIt) {
  const absl::optional<WebResponse> response = ServePageFrom({}, Get("/det/webhooks"));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->body, HasSubstr("Node.js 18"));
}

TEST(Page, EveryFileOfThisProgramCanBeUnpacked) {
  for (const PageFile& file : PageFiles()) {
    const absl::StatusOr<std::string> content = Gunzip(file.packed, 16 << 20);
    ASSERT_TRUE(content.ok()) << file.path << ": " << content.status();
    EXPECT_FALSE(content->empty()) << file.path;
    const absl::optional<WebResponse> response = ServePage(Get("/det/" + std::string(file.path)));
    ASSERT_TRUE(response.has_value()) << file.path;
    EXPECT_EQ(response->body, *content) << file.path;
  }
}

}  // namespace
}  // namespace webhookd
