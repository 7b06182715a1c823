#include "server/auth/access_table.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace webhookd {
namespace {

constexpr auto kPublic = AccessRule::Check::kPublic;
constexpr auto kCluster = AccessRule::Check::kCluster;
constexpr auto kPerObject = AccessRule::Check::kPerObject;

constexpr auto kNone = Permission::kNone;
constexpr auto kView = Permission::kViewWebhooks;
constexpr auto kEdit = Permission::kEditWebhooks;
constexpr auto kAssign = Permission::kAssignRoles;
constexpr auto kReport = Permission::kReport;
constexpr auto kConfig = Permission::kViewMasterConfig;
constexpr auto kAdministrate = Permission::kAdministrate;

// clang-format off
constexpr AccessRule kRules[] = {
    // method                                                  check       permission     ingest read
    {"determined.api.v1.Determined.Login",                     kPublic,    kNone,         true,  true},
    {"determined.api.v1.Determined.GetMaster",                 kPublic,    kNone,         true,  true},
    {"determined.api.v1.Determined.GetTelemetry",              kPublic,    kNone,         true,  true},
    {"determined.api.v1.Determined.Logout",                    kCluster,   kNone,         true,  true},
    {"determined.api.v1.Determined.CurrentUser",               kCluster,   kNone,         true,  true},
    {"determined.api.v1.Determined.GetMe",                     kCluster,   kNone,         true,  true},
    {"determined.api.v1.Determined.GetPermissionsSummary",     kCluster,   kNone,         true,  true},
    {"determined.api.v1.Determined.GetUsers",                  kCluster,   kNone,         false, true},
    {"determined.api.v1.Determined.GetWorkspaces",             kPerObject, kView,         false, true},
    {"determined.api.v1.Determined.GetWorkspace",              kPerObject, kView,         false, true},
    {"determined.api.v1.Determined.GetMasterConfig",           kCluster,   kConfig,       false, false},
    {"determined.api.v1.Determined.GetWebhook",                kPerObject, kView,         false, true},
    {"determined.api.v1.Determined.GetWebhooks",               kPerObject, kView,         false, true},
    {"determined.api.v1.Determined.PostWebhook",               kPerObject, kEdit,         false, false},
    {"determined.api.v1.Determined.PatchWebhook",              kPerObject, kEdit,         false, false},
    {"determined.api.v1.Determined.DeleteWebhook",             kPerObject, kEdit,         false, false},
    {"determined.api.v1.Determined.TestWebhook",               kPerObject, kEdit,         false, false},
    {"determined.api.v1.Determined.PostWebhookEventData",      kPerObject, kView,         true,  false},
    {"determined.api.v1.Determined.PostTaskLogs",              kCluster,   kReport,       true,  false},

    {"webhookd.v1.EventService.ReportExperimentState",         kCluster,   kReport,       true,  false},
    {"webhookd.v1.EventService.ReportTaskLogs",                kCluster,   kReport,       true,  false},
    {"webhookd.v1.EventService.ReportMetrics",                 kCluster,   kReport,       true,  false},
    {"webhookd.v1.EventService.PutExperiment",                 kCluster,   kReport,       true,  false},
    {"webhookd.v1.EventService.StreamEvents",                  kCluster,   kReport,       true,  false},

    {"webhookd.v1.DeliveryService.ListDeliveries",             kPerObject, kView,         false, true},
    {"webhookd.v1.DeliveryService.GetDelivery",                kPerObject, kView,         false, true},
    {"webhookd.v1.DeliveryService.RedeliverDelivery",          kPerObject, kEdit,         false, false},
    {"webhookd.v1.DeliveryService.ReplayDeliveries",           kPerObject, kEdit,         false, false},
    {"webhookd.v1.DeliveryService.CancelDelivery",             kPerObject, kEdit,         false, false},
    {"webhookd.v1.DeliveryService.ListEvents",                 kPerObject, kView,         false, true},
    {"webhookd.v1.DeliveryService.GetEvent",                   kPerObject, kView,         false, true},
    {"webhookd.v1.DeliveryService.DryRunTrigger",              kPerObject, kView,         false, true},
    {"webhookd.v1.DeliveryService.TestPattern",                kCluster,   kNone,         false, true},
    {"webhookd.v1.DeliveryService.PreviewWebhook",             kPerObject, kEdit,         false, false},
    {"webhookd.v1.DeliveryService.TryWebhook",                 kPerObject, kEdit,         false, false},

    {"webhookd.v1.AdminService.CreateUser",                    kCluster,   kAdministrate, false, false},
    {"webhookd.v1.AdminService.PatchUser",                     kCluster,   kAdministrate, false, false},
    {"webhookd.v1.AdminService.SetPassword",                   kPerObject, kNone,         false, false},
    {"webhookd.v1.AdminService.CreateToken",                   kCluster,   kAdministrate, false, false},
    {"webhookd.v1.AdminService.ListTokens",                    kCluster,   kAdministrate, false, true},
    {"webhookd.v1.AdminService.RevokeToken",                   kCluster,   kAdministrate, false, false},
    {"webhookd.v1.AdminService.PutWorkspace",                  kCluster,   kAdministrate, true,  false},
    {"webhookd.v1.AdminService.DeleteWorkspace",               kCluster,   kAdministrate, true,  false},
    {"webhookd.v1.AdminService.AssignRole",                    kPerObject, kAssign,       false, false},
    {"webhookd.v1.AdminService.RemoveRole",                    kPerObject, kAssign,       false, false},
    {"webhookd.v1.AdminService.ListRoleAssignments",           kPerObject, kAssign,       false, true},
    {"webhookd.v1.AdminService.ListAuditEntries",              kCluster,   kAdministrate, false, true},
};
// clang-format on

}  // namespace

std::span<const AccessRule> AccessRules() { return kRules; }

absl::StatusOr<AccessTable> AccessTable::Create(
    std::span<const AccessRule> rules,
    std::span<const google::protobuf::ServiceDescriptor* const> services) {
  absl::flat_hash_map<absl::string_view, const AccessRule*> by_name;
  std::vector<std::string> problems;
  for (const AccessRule& rule : rules) {
    if (!by_name.emplace(rule.method, &rule).second) {
      problems.push_back(absl::StrCat(rule.method, " has two rules"));
    }
  }
  AccessTable table;
  for (const google::protobuf::ServiceDescriptor* const service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      const google::protobuf::MethodDescriptor& method = *service->method(i);
      const auto it = by_name.find(method.full_name());
      if (it == by_name.end()) {
        problems.push_back(absl::StrCat(method.full_name(), " has no rule"));
        continue;
      }
      table.rules_.emplace(&method, it->second);
      by_name.erase(it);
    }
  }
  for (const auto& [name, rule] : by_name) {
    problems.push_back(absl::StrCat(name, " is not served"));
  }
  if (problems.empty()) return table;
  return absl::InternalError(absl::StrCat("who may call which RPC is not decided for all: ",
                                          absl::StrJoin(problems, "; ")));
}

}  // namespace webhookd
