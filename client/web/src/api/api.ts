// The RPCs that the page uses, by name. Types are generated from the proto files.
import type { CurrentUserResponse, LoginResponse } from "./generated/determined/api/v1/auth";
import type {
  GetMasterConfigResponse,
  GetMasterResponse,
} from "./generated/determined/api/v1/master";
import type { GetPermissionsSummaryResponse } from "./generated/determined/api/v1/rbac";
import type {
  DeleteWebhookResponse,
  GetWebhookResponse,
  GetWebhooksResponse,
  PatchWebhookResponse,
  PostWebhookResponse,
} from "./generated/determined/api/v1/webhook";
import type { GetWorkspacesResponse } from "./generated/determined/api/v1/workspace";
import type { PatchWebhook, Webhook } from "./generated/determined/webhook/v1/webhook";
import type { Workspace } from "./generated/determined/workspace/v1/workspace";
import type {
  GetDeliveryResponse,
  ListDeliveriesRequest,
  ListDeliveriesResponse,
  PreviewWebhookResponse,
  RedeliverDeliveryResponse,
  TestPatternResponse,
  TryWebhookResponse,
} from "./generated/webhookd/v1/delivery";
import { call } from "./http";

const workspacePage = 500;

export const api = {
  login: (username: string, password: string) =>
    call<LoginResponse>("/auth/login", {
      method: "POST",
      body: { username, password, isHashed: false },
    }),
  logout: () => call<object>("/auth/logout", { method: "POST" }),
  me: (signal: AbortSignal) => call<CurrentUserResponse>("/me", { signal }),
  master: (signal: AbortSignal) => call<GetMasterResponse>("/master", { signal }),
  masterConfig: (signal: AbortSignal) =>
    call<GetMasterConfigResponse>("/master/config", { signal }),
  permissions: (signal: AbortSignal) =>
    call<GetPermissionsSummaryResponse>("/permissions/summary", { signal }),

  async workspaces(signal: AbortSignal): Promise<Workspace[]> {
    const all: Workspace[] = [];
    for (;;) {
      const page = await call<GetWorkspacesResponse>("/workspaces", {
        query: { limit: workspacePage, offset: all.length },
        signal,
      });
      all.push(...page.workspaces);
      const total = page.pagination?.total ?? all.length;
      if (page.workspaces.length === 0 || all.length >= total) return all;
    }
  },

  webhooks: (signal: AbortSignal) =>
    call<GetWebhooksResponse>("/webhooks", {
      query: { withLastDeliveries: true },
      signal,
    }),
  webhook: (id: number, signal: AbortSignal) =>
    call<GetWebhookResponse>(`/webhooks/${id}`, { signal }),
  waitingDeliveries: async (id: number, signal: AbortSignal) => {
    const { waitingDeliveries } = await call<GetWebhookResponse>(`/webhooks/${id}`, {
      query: { withWaitingDeliveries: true },
      signal,
    });
    if (waitingDeliveries === undefined) throw new Error("the deliveries are not told");
    return Number(waitingDeliveries);
  },
  postWebhook: (webhook: Partial<Webhook>) =>
    call<PostWebhookResponse>("/webhooks", { method: "POST", body: webhook }),
  patchWebhook: (id: number, webhook: Partial<PatchWebhook>) =>
    call<PatchWebhookResponse>(`/webhooks/${id}`, { method: "PATCH", body: webhook }),
  deleteWebhook: (id: number) =>
    call<DeleteWebhookResponse>(`/webhooks/${id}`, { method: "DELETE" }),
  // Determined's call for it fails with what the receiver does.
  testWebhook: (id: number) =>
    call<TryWebhookResponse>("/webhooks/try", { method: "POST", body: { webhookId: id } }),
  // Of a webhook that need not exist; nothing is stored.
  previewWebhook: (webhook: Partial<Webhook>, signal: AbortSignal) =>
    call<PreviewWebhookResponse>("/webhooks/preview", {
      method: "POST",
      body: { webhook },
      signal,
    }),
  tryWebhook: (webhook: Partial<Webhook>) =>
    call<TryWebhookResponse>("/webhooks/try", { method: "POST", body: { webhook } }),

  deliveries: (request: Partial<ListDeliveriesRequest>, signal: AbortSignal) =>
    call<ListDeliveriesResponse>("/deliveries", { query: { ...request }, signal }),
  delivery: (id: string, signal: AbortSignal) =>
    call<GetDeliveryResponse>(`/deliveries/${encodeURIComponent(id)}`, { signal }),
  redeliver: (id: string) =>
    call<RedeliverDeliveryResponse>(`/deliveries/${encodeURIComponent(id)}/redeliver`, {
      method: "POST",
      body: {},
    }),

  testPattern: (regex: string, lines: string[], signal: AbortSignal) =>
    call<TestPatternResponse>("/events/test-pattern", {
      method: "POST",
      body: { regex, lines },
      signal,
    }),
};
