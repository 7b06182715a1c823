#include "server/gateway/route_table.h"

#include <gmock/gmock.h>
#include <google/api/annotations.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/gateway/path_template.h"
#include "tests/server/gateway/gateway_test.pb.h"
#include "tests/server/gateway/rows.h"

namespace webhookd {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::ServiceDescriptor;
using ::testing::HasSubstr;

TEST(PathTemplate, IsTakenApartAsItsTableSays) {
  for (const Row& row : ReadRows("path_templates.json")) {
    SCOPED_TRACE(row.Text("template"));
    const absl::StatusOr<PathTemplate> path = PathTemplate::Parse(row.Text("template"));
    if (row.Has("error")) {
      EXPECT_EQ(path.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(path.status().message()), HasSubstr(row.Text("error")));
      continue;
    }
    ASSERT_TRUE(path.ok()) << path.status();
    EXPECT_EQ(path->Shape(), row.Text("shape"));
    EXPECT_EQ(path->verb, row.Text("verb"));
    std::vector<std::string> variables;
    for (const PathTemplate::Variable& variable : path->variables) {
      variables.push_back(
          absl::StrCat(variable.field_path, " ", variable.begin, " ", variable.end));
    }
    EXPECT_EQ(variables, row.Texts("variables"));
  }
}

// A service with a method for each rule, all of them from Kinds to Kinds.
const ServiceDescriptor* ServiceOf(const std::vector<std::string>& rules, DescriptorPool& pool,
                                   bool client_streams = false) {
  FileDescriptorProto file;
  file.set_name("bad.proto");
  file.set_package("webhookd.bad");
  file.set_syntax("proto3");
  file.add_dependency("tests/server/gateway/gateway_test.proto");
  auto& service = *file.add_service();
  service.set_name("Service");
  for (const std::string& rule : rules) {
    auto& method = *service.add_method();
    method.set_name(absl::StrCat("Method", service.method_size() - 1));
    method.set_input_type(".webhookd.sample.Kinds");
    method.set_output_type(".webhookd.sample.Kinds");
    method.set_client_streaming(client_streams);
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        rule, method.mutable_options()->MutableExtension(google::api::http)));
  }
  return pool.BuildFile(file)->service(0);
}

TEST(RouteTable, RefusesRulesAsItsTableSays) {
  sample::Kinds::descriptor();
  for (const Row& row : ReadRows("route_rules.json")) {
    SCOPED_TRACE(row.Text("name"));
    DescriptorPool pool(DescriptorPool::generated_pool());
    const auto table =
        RouteTable::Create({ServiceOf(row.Texts("rules"), pool)}, GatewayProfile::kDetermined);
    if (row.Text("error").empty()) {
      EXPECT_TRUE(table.ok()) << table.status();
    } else {
      EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(table.status().message()), HasSubstr(row.Text("error")));
    }
  }
}

TEST(RouteTable, RefusesAPathVariableForAStreamOfRequests) {
  sample::Kinds::descriptor();
  DescriptorPool pool(DescriptorPool::generated_pool());
  const auto table = RouteTable::Create(
      {ServiceOf({R"(post: "/v1/{string_value}" body: "*")"}, pool, /*client_streams=*/true)},
      GatewayProfile::kDetermined);
  EXPECT_THAT(std::string(table.status().message()),
              HasSubstr("a path variable cannot fill a stream of requests"));
}

TEST(RouteTable, RefusesConflictsBetweenServices) {
  sample::Kinds::descriptor();
  DescriptorPool pool(DescriptorPool::generated_pool());
  const ServiceDescriptor* const service = ServiceOf({R"(get: "/v1/a")"}, pool);
  EXPECT_FALSE(RouteTable::Create({service, service}, GatewayProfile::kDetermined).ok());
}

TEST(RouteTable, FindsValuesInThePathItself) {
  const auto table = RouteTable::Create(
      {sample::Kinds::descriptor()->file()->FindServiceByName("Routes")}, GatewayProfile::kV2);
  ASSERT_TRUE(table.ok()) << table.status();
  const std::string path = "/v1/shelves/5/books/a/b:read";
  const RouteTable::Found found = (*table)->Find("GET", path);
  ASSERT_EQ(found.outcome, RouteTable::Found::Outcome::kRoute);
  ASSERT_EQ(found.values.size(), 1);
  EXPECT_EQ(found.values[0], "shelves/5/books/a/b");
  EXPECT_EQ(found.values[0].data(), path.data() + 4);
}

}  // namespace
}  // namespace webhookd
