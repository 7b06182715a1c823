#include "server/openapi/api_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "server/openapi/documented_api.h"

namespace webhookd {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

const std::vector<std::string>& Services() {
  static const auto& services =
      *new std::vector<std::string>{"determined.api.v1.Determined", "webhookd.v1.EventService",
                                    "webhookd.v1.DeliveryService", "webhookd.v1.AdminService"};
  return services;
}

std::unique_ptr<ApiDocument> NewDocument(GatewayProfile profile = GatewayProfile::kDetermined) {
  absl::StatusOr<std::unique_ptr<ApiDocument>> document =
      ApiDocument::Create(Services(), "1.2.3", profile);
  EXPECT_TRUE(document.ok()) << document.status();
  return *std::move(document);
}

WebResponse Get(const ApiDocument& document, const std::string& path) {
  absl::optional<WebResponse> response = document.Serve({.method = "GET", .path = path});
  EXPECT_TRUE(response.has_value()) << path;
  return response.value_or(WebResponse());
}

Json OpenApi(const ApiDocument& document) {
  return Json::parse(Get(document, "/api/v1/openapi.json").body);
}

void CollectReferences(const Json& value, std::set<std::string>& references) {
  if (value.is_object() && value.contains("$ref")) references.insert(value["$ref"]);
  for (const Json& part : value) {
    if (part.is_structured()) CollectReferences(part, references);
  }
}

TEST(ApiDocument, DescribesEveryRouteOnce) {
  const Json document = OpenApi(*NewDocument());
  EXPECT_EQ(document["openapi"], "3.0.3");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  auto api = DocumentedApi::Create(Services(), GatewayProfile::kDetermined);
  ASSERT_TRUE(api.ok()) << api.status();
  size_t operations = 0;
  std::set<std::string> ids;
  std::set<std::string> shapes;
  for (const auto& [path, item] : document["paths"].items()) {
    const std::string shape = std::regex_replace(path, std::regex(R"(\{[^}]*\})"), "{}");
    EXPECT_TRUE(shapes.insert(shape).second) << path << " is there under two names";
    for (const Json& operation : item) {
      ++operations;
      EXPECT_TRUE(ids.insert(operation["operationId"]).second) << operation["operationId"];
      EXPECT_THAT(operation.value("description", ""), Not(IsEmpty())) << operation["operationId"];
    }
  }
  EXPECT_EQ(operations, (*api)->routes().routes().size());
}

TEST(ApiDocument, NamesEveryVariableOfAPathAsAParameter) {
  const Json document = OpenApi(*NewDocument());
  const std::regex variable(R"(\{([^}]*)\})");
  for (const auto& [path, item] : document["paths"].items()) {
    for (const Json& operation : item) {
      for (std::sregex_iterator it(path.begin(), path.end(), variable), end; it != end; ++it) {
        const Json parameters = operation.value("parameters", Json::array());
        EXPECT_TRUE(std::any_of(parameters.begin(), parameters.end(),
                                [&](const Json& parameter) {
                                  return parameter["in"] == "path" &&
                                         parameter["name"] == (*it)[1].str();
                                }))
            << path << " " << (*it)[1];
      }
    }
  }
}

TEST(ApiDocument, RefersOnlyToWhatItHas) {
  const Json document = OpenApi(*NewDocument());
  std::set<std::string> references;
  CollectReferences(document, references);
  EXPECT_GT(references.size(), 50u);
  for (const std::string& reference : references) {
    const Json::json_pointer pointer(reference.substr(1));
    EXPECT_TRUE(document.contains(pointer)) << reference;
  }
}

TEST(ApiDocument, TakesNamesFormsAndCommentsFromTheProtos) {
  const Json document = OpenApi(*NewDocument());
  const Json& webhook = document["components"]["schemas"]["determined.webhook.v1.Webhook"];
  EXPECT_EQ(webhook["properties"]["webhookType"]["allOf"][0]["$ref"],
            "#/components/schemas/determined.webhook.v1.WebhookType");
  EXPECT_EQ(webhook["properties"]["workspaceId"]["nullable"], true);
  EXPECT_EQ(webhook["properties"]["url"]["type"], "string");
  EXPECT_THAT(webhook["properties"]["url"]["description"].get<std::string>(), Not(IsEmpty()));
  const Json& delivery = document["components"]["schemas"]["webhookd.v1.Delivery"];
  EXPECT_EQ(delivery["properties"]["id"]["type"], "string");  // 64 bits
  EXPECT_EQ(delivery["properties"]["createdAt"]["format"], "date-time");
  const Json& type = document["components"]["schemas"]["determined.webhook.v1.WebhookType"];
  EXPECT_THAT(type["enum"].get<std::vector<std::string>>(),
              ::testing::Contains("WEBHOOK_TYPE_SLACK"));
}

TEST(ApiDocument, TellsErrorsInTheProfilesForm) {
  const auto error = [](GatewayProfile profile) {
    return OpenApi(*NewDocument(profile))["components"]["responses"]["Error"]["content"]
                                         ["application/json"]["schema"]["properties"];
  };
  EXPECT_TRUE(error(GatewayProfile::kDetermined)["error"]["properties"].contains("reason"));
  EXPECT_TRUE(error(GatewayProfile::kV2).contains("message"));
}

TEST(ApiDocument, ShowsPeopleAPageWhoseLinksLeadSomewhere) {
  const auto document = NewDocument();
  const WebResponse page = Get(*document, "/det/api");
  EXPECT_EQ(FindHeader(page.headers, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(*FindHeader(page.headers, "Content-Security-Policy")),
              HasSubstr("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(page.body, HasSubstr("/api/v1/webhooks/{id}/test"));
  std::set<std::string> ids;
  const std::regex id(R"re( id="([^"]*)")re");
  for (std::sregex_iterator it(page.body.begin(), page.body.end(), id), end; it != end; ++it) {
    EXPECT_TRUE(ids.insert((*it)[1]).second) << (*it)[1] << " is there twice";
  }
  const std::regex link(R"re( href="#([^"]*)")re");
  for (std::sregex_iterator it(page.body.begin(), page.body.end(), link), end; it != end; ++it) {
    EXPECT_TRUE(ids.contains((*it)[1])) << (*it)[1];
  }
}

TEST(ApiDocument, LeavesOtherRequestsToOthers) {
  const auto document = NewDocument();
  EXPECT_FALSE(document->Serve({.method = "POST", .path = "/det/api"}).has_value());
  EXPECT_FALSE(document->Serve({.method = "GET", .path = "/det/webhooks"}).has_value());
  EXPECT_FALSE(document->Serve({.method = "GET", .path = "/api/v1/webhooks"}).has_value());
}

TEST(DocumentedApi, RefusesAServiceThatItDoesNotKnow) {
  const auto api = DocumentedApi::Create({"webhookd.v1.NoService"}, GatewayProfile::kV2);
  EXPECT_EQ(api.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(api.status().message(), HasSubstr("webhookd.v1.NoService"));
}

}  // namespace
}  // namespace webhookd
