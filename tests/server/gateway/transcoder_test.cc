#include "server/gateway/transcoder.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/server/gateway/gateway_test.pb.h"
#include "tests/server/gateway/rows.h"

namespace webhookd {
namespace {

using ::google::protobuf::Message;
using ::testing::HasSubstr;

std::unique_ptr<Transcoder> MakeTranscoder(GatewayProfile profile) {
  absl::StatusOr<std::unique_ptr<Transcoder>> transcoder = Transcoder::Create(
      {sample::Kinds::descriptor()->file()->FindServiceByName("Routes")}, profile);
  EXPECT_TRUE(transcoder.ok()) << transcoder.status();
  return *std::move(transcoder);
}

// Runs `check` with each row of a table and a transcoder of each profile that the row is for.
template <typename Check>
void ForEachRow(absl::string_view file, const Check& check) {
  const std::unique_ptr<Transcoder> determined = MakeTranscoder(GatewayProfile::kDetermined);
  const std::unique_ptr<Transcoder> v2 = MakeTranscoder(GatewayProfile::kV2);
  for (const Row& row : ReadRows(file)) {
    for (const auto& [name, transcoder] :
         {std::pair{"determined", determined.get()}, std::pair{"v2", v2.get()}}) {
      if (row.Has("profile") && row.Text("profile") != name) continue;
      SCOPED_TRACE(absl::StrCat(row.Text("name"), " (", name, ")"));
      check(row, *transcoder);
    }
  }
}

WebRequest RequestOf(const Row& row) {
  WebRequest request;
  request.method = row.Has("method") ? row.Text("method") : "GET";
  request.path = row.Text("path");
  request.query = row.Text("query");
  for (auto& [name, value] : row.Pairs("headers")) request.headers.push_back({name, value});
  request.body = row.Text("body");
  return request;
}

void ExpectError(const Row& row, const WebResponse& response) {
  EXPECT_EQ(response.status, row.Number("status")) << response.body;
  EXPECT_THAT(response.body, HasSubstr(row.Text("error")));
  if (row.Has("code")) {
    EXPECT_THAT(response.body, HasSubstr(absl::StrCat("\"code\":", row.Number("code"), ",")));
  }
  EXPECT_EQ(FindHeader(response.headers, "Content-Type"), "application/json");
}

void ExpectCall(const Row& row, TranscodedCall& call) {
  EXPECT_EQ(call.method().name(), row.Text("rpc"));
  const std::string& type = call.method().input_type()->full_name();
  if (call.request != nullptr) {
    EXPECT_EQ(TextOf(*call.request), TextOf(*MessageOf(type, row.Text("request"))));
    return;
  }
  ASSERT_NE(call.requests, nullptr);
  for (const std::string& text : row.Texts("requests")) {
    const absl::StatusOr<std::unique_ptr<Message>> message = call.requests->Next();
    ASSERT_TRUE(message.ok()) << message.status();
    ASSERT_NE(*message, nullptr);
    EXPECT_EQ(TextOf(**message), TextOf(*MessageOf(type, text)));
  }
  const absl::StatusOr<std::unique_ptr<Message>> end = call.requests->Next();
  EXPECT_EQ(end.status().message(), row.Text("stream_error"));
  if (end.ok()) {
    EXPECT_EQ(*end, nullptr);
  }
}

TEST(Transcoder, UnderstandsRequestsAsItsTableSays) {
  ForEachRow("requests.json", [](const Row& row, const Transcoder& transcoder) {
    absl::variant<TranscodedCall, WebResponse> result = transcoder.Transcode(RequestOf(row));
    if (auto* response = absl::get_if<WebResponse>(&result)) {
      if (row.Has("status")) {
        ExpectError(row, *response);
      } else {
        ADD_FAILURE() << response->status << " " << response->body;
      }
      return;
    }
    auto& call = absl::get<TranscodedCall>(result);
    if (row.Has("status")) {
      ADD_FAILURE() << "taken for " << call.route->Name() << " with "
                    << (call.request == nullptr ? "" : TextOf(*call.request));
      return;
    }
    ExpectCall(row, call);
  });
}

absl::Status StatusOf(const Row& row, const char* name) {
  const auto& pair = row.value()[name];
  return absl::Status(static_cast<absl::StatusCode>(pair[0].GetInt()), pair[1].GetString());
}

// What a row's RPC answers, as a response over HTTP: of a stream the whole.
WebResponse Answer(const Row& row, const Transcoder& transcoder, const TranscodedCall& call) {
  const std::string& type = call.method().output_type()->full_name();
  if (row.Has("error")) return transcoder.RenderError(StatusOf(row, "error"), call.form);
  if (row.Has("refusal"))
    return transcoder.RenderStreamRefusal(call.form, StatusOf(row, "refusal"));
  if (row.Has("response")) return transcoder.Render(call, *MessageOf(type, row.Text("response")));
  WebResponse response = transcoder.StreamHead(call);
  for (const std::string& text : row.Texts("items")) {
    response.body += transcoder.RenderStreamItem(call, *MessageOf(type, text));
  }
  if (row.Has("stream_error")) {
    response.body += transcoder.RenderStreamError(call, StatusOf(row, "stream_error"));
  }
  return response;
}

TEST(Transcoder, RendersResponsesAsItsTableSays) {
  ForEachRow("responses.json", [](const Row& row, const Transcoder& transcoder) {
    const absl::variant<TranscodedCall, WebResponse> result = transcoder.Transcode(RequestOf(row));
    ASSERT_TRUE(absl::holds_alternative<TranscodedCall>(result))
        << absl::get<WebResponse>(result).body;
    const WebResponse response = Answer(row, transcoder, absl::get<TranscodedCall>(result));
    EXPECT_EQ(response.status, row.Number("status", 200));
    EXPECT_EQ(response.body, row.Text("body"));
    EXPECT_EQ(FindHeader(response.headers, "Content-Type"),
              row.Has("content_type") ? row.Text("content_type") : "application/json");
    if (row.Has("challenge")) {
      const auto challenge = FindHeader(response.headers, "WWW-Authenticate");
      EXPECT_EQ(challenge.has_value(), row.value()["challenge"].IsString());
      if (challenge.has_value()) {
        EXPECT_EQ(*challenge, row.Text("challenge"));
      }
    }
  });
}

TEST(Transcoder, ReadsMetadataAndTimeout) {
  const std::unique_ptr<Transcoder> transcoder = MakeTranscoder(GatewayProfile::kDetermined);
  const absl::variant<TranscodedCall, WebResponse> result =
      transcoder->Transcode({.method = "GET",
                             .path = "/v1/watch",
                             .headers = {{"Grpc-Timeout", "5S"}, {"Authorization", "Bearer t"}},
                             .peer_address = "192.0.2.1"});
  ASSERT_TRUE(absl::holds_alternative<TranscodedCall>(result));
  const CallMetadata& metadata = absl::get<TranscodedCall>(result).metadata;
  EXPECT_EQ(metadata.timeout, absl::Seconds(5));
  EXPECT_EQ(metadata.Find("grpcgateway-authorization"), "Bearer t");
  EXPECT_EQ(metadata.Find("x-forwarded-for"), "192.0.2.1");
  EXPECT_EQ(metadata.Find("x-user-token"), absl::nullopt);
}

TEST(Transcoder, ListsItsRoutesInOrder) {
  const std::unique_ptr<Transcoder> transcoder = MakeTranscoder(GatewayProfile::kDetermined);
  EXPECT_EQ(transcoder->routes().routes().front()->Name(),
            "GET /v1/kinds of webhookd.sample.Routes.Get");
  EXPECT_EQ(transcoder->routes().routes().back()->Name(),
            "POST /v1/chat of webhookd.sample.Routes.Chat");
}

}  // namespace
}  // namespace webhookd
