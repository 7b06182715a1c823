// What the caller may do. Only decides what is shown: the server refuses the rest by itself.
import { useQuery } from "@tanstack/react-query";
import type { GetPermissionsSummaryResponse } from "./generated/determined/api/v1/rbac";
import { PermissionType } from "./generated/determined/rbac/v1/rbac";
import type { User } from "./generated/determined/user/v1/user";
import type { Workspace } from "./generated/determined/workspace/v1/workspace";
import { queries } from "./queries";

export interface Permissions {
  // Whether everything that decides is known yet.
  ready: boolean;
  // Create, change, test and delete webhooks of a workspace; of none: global ones.
  canEdit(workspaceId: number | null | undefined): boolean;
  // See what a webhook of a workspace was told of. Everybody sees global webhooks, but not the events
  // of all workspaces.
  canViewEvents(workspaceId: number | null | undefined): boolean;
  // Whether there is any place to create a webhook in.
  canCreate: boolean;
  // The signing key is in the master's configuration.
  canSeeConfig: boolean;
}

interface Knowledge {
  me: User | undefined;
  summary: GetPermissionsSummaryResponse | undefined;
  workspaces: Workspace[];
  rbac: boolean;
}

export function judge({ me, summary, workspaces, rbac }: Knowledge): Omit<Permissions, "ready"> {
  const holds = (permission: PermissionType, workspaceId: number | null | undefined): boolean => {
    const roles = new Set(
      summary?.roles
        .filter((role) => role.permissions.some(({ id }) => id === permission))
        .map((role) => role.roleId),
    );
    return (summary?.assignments ?? []).some(
      (assignment) =>
        roles.has(assignment.roleId) &&
        (assignment.scopeCluster ||
          (workspaceId != null && assignment.scopeWorkspaceIds.includes(workspaceId))),
    );
  };
  const admin = !rbac && me?.admin === true;
  const canEdit = (workspaceId: number | null | undefined): boolean =>
    admin ||
    holds(PermissionType.PERMISSION_TYPE_EDIT_WEBHOOKS, workspaceId) ||
    (!rbac &&
      workspaceId != null &&
      workspaces.some((workspace) => workspace.id === workspaceId && workspace.userId === me?.id));
  return {
    canEdit,
    canViewEvents: (workspaceId) =>
      admin || !!workspaceId || holds(PermissionType.PERMISSION_TYPE_VIEW_WEBHOOKS, null),
    canCreate: canEdit(null) || workspaces.some((workspace) => canEdit(workspace.id)),
    canSeeConfig: admin || holds(PermissionType.PERMISSION_TYPE_VIEW_MASTER_CONFIG, null),
  };
}

export function usePermissions(): Permissions {
  const me = useQuery(queries.me());
  const summary = useQuery(queries.permissions());
  const workspaces = useQuery(queries.workspaces());
  const master = useQuery(queries.master());
  return {
    ready: !me.isPending && !summary.isPending && !workspaces.isPending && !master.isPending,
    ...judge({
      me: me.data,
      summary: summary.data,
      workspaces: workspaces.data ?? [],
      rbac: master.data?.rbacEnabled ?? false,
    }),
  };
}
