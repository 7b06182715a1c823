#include "server/auth/access_table.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "determined/api/v1/api.pb.h"
#include "webhookd/v1/admin.pb.h"
#include "webhookd/v1/delivery.pb.h"
#include "webhookd/v1/ingest.pb.h"

namespace webhookd {
namespace {

using google::protobuf::ServiceDescriptor;
using ::testing::HasSubstr;

std::vector<const ServiceDescriptor*> Services() {
  const auto find = [](const char* name) {
    return google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
  };
  return {find("determined.api.v1.Determined"), find("webhookd.v1.EventService"),
          find("webhookd.v1.DeliveryService"), find("webhookd.v1.AdminService")};
}

TEST(AccessTable, HasARuleForEveryRpc) {
  const auto table = AccessTable::Create(AccessRules(), Services());
  ASSERT_TRUE(table.ok()) << table.status();
  for (const ServiceDescriptor* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      EXPECT_NE(table->Find(*service->method(i)), nullptr) << service->method(i)->full_name();
    }
  }
}

TEST(AccessTable, IsRefusedWhenARuleIsMissingDoubledOrOfNothing) {
  std::vector<AccessRule> rules(AccessRules().begin(), AccessRules().end());
  const AccessRule last = rules.back();
  rules.pop_back();
  absl::Status status = AccessTable::Create(rules, Services()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr(std::string(last.method) + " has no rule"));

  rules.push_back(last);
  rules.push_back(last);
  status = AccessTable::Create(rules, Services()).status();
  EXPECT_THAT(status.message(), HasSubstr(std::string(last.method) + " has two rules"));

  rules.back().method = "webhookd.v1.AdminService.NoRpc";
  status = AccessTable::Create(rules, Services()).status();
  EXPECT_THAT(status.message(), HasSubstr("webhookd.v1.AdminService.NoRpc is not served"));
}

TEST(AccessTable, LetsNobodyInButToSignInAndToLearnWhatTheServerIs) {
  std::vector<std::string> open;
  for (const AccessRule& rule : AccessRules()) {
    if (rule.check == AccessRule::Check::kPublic) open.push_back(rule.method);
  }
  EXPECT_THAT(open, ::testing::UnorderedElementsAre("determined.api.v1.Determined.Login",
                                                    "determined.api.v1.Determined.GetMaster",
                                                    "determined.api.v1.Determined.GetTelemetry"));
}

}  // namespace
}  // namespace webhookd
