#include "server/auth/roles.h"

#include <algorithm>

namespace webhookd {
namespace {

constexpr Permission kAll[] = {Permission::kViewWebhooks,     Permission::kEditWebhooks,
                               Permission::kAssignRoles,      Permission::kReport,
                               Permission::kViewMasterConfig, Permission::kAdministrate};
constexpr Permission kEditAndAssign[] = {Permission::kViewWebhooks, Permission::kEditWebhooks,
                                         Permission::kAssignRoles};
constexpr Permission kEdit[] = {Permission::kViewWebhooks, Permission::kEditWebhooks};
constexpr Permission kView[] = {Permission::kViewWebhooks};

constexpr Role kRoles[] = {
    {kClusterAdmin, "ClusterAdmin", false, kAll},
    {kWorkspaceAdmin, "WorkspaceAdmin", true, kEditAndAssign},
    {kViewer, "Viewer", true, kView},
    {kEditor, "Editor", true, kEdit},
    {kEditorRestricted, "EditorRestricted", true, kEdit},
    {kEditorProjectRestricted, "EditorProjectRestricted", true, kEdit},
};

}  // namespace

std::span<const Role> AllRoles() { return kRoles; }

const Role* FindRole(int32_t role_id) {
  for (const Role& role : kRoles) {
    if (role.id == role_id) return &role;
  }
  return nullptr;
}

bool Allows(const Role& role, Permission permission) {
  return permission == Permission::kNone ||
         std::find(role.permissions.begin(), role.permissions.end(), permission) !=
             role.permissions.end();
}

}  // namespace webhookd
