#ifndef WEBHOOKD_SERVER_AUTH_ROLES_H_
#define WEBHOOKD_SERVER_AUTH_ROLES_H_

#include <cstdint>
#include <span>

#include "server/auth/permission.h"

namespace webhookd {

// Determined's roles, as far as they concern webhooks.
inline constexpr int32_t kClusterAdmin = 1;
inline constexpr int32_t kWorkspaceAdmin = 2;
inline constexpr int32_t kViewer = 4;
inline constexpr int32_t kEditor = 5;
inline constexpr int32_t kEditorRestricted = 7;
inline constexpr int32_t kEditorProjectRestricted = 9;

struct Role {
  int32_t id;
  const char* name;
  bool in_workspace;  // can be assigned in one workspace, not only everywhere
  std::span<const Permission> permissions;
};

// By id.
std::span<const Role> AllRoles();

// Null if there is none.
const Role* FindRole(int32_t role_id);

bool Allows(const Role& role, Permission permission);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_ROLES_H_
