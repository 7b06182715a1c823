// What the server is asked for and may not know yet, and what is done instead.
import type { TestWebhookResponse } from "./generated/determined/api/v1/webhook";
import type { Webhook } from "./generated/determined/webhook/v1/webhook";
import type { Delivery } from "./generated/webhookd/v1/delivery";
import { api } from "./api";
import { ApiError, call } from "./http";

export interface PreviewedBody {
  eventType: string;
  body: string;
}

export interface SentHeader {
  name: string;
  value: string;
}

export interface LastDeliveries {
  lastDeliveries?: Delivery[];
}

export interface RequestHeaders {
  requestHeaders?: SentHeader[];
}

export interface KeySource {
  signingKeySource?: string;
}

// Whether the server has no such RPC.
export function isUnknown(error: unknown): boolean {
  return error instanceof ApiError && error.status === 501;
}

// The bodies that a webhook would send, one for each trigger. Nothing is stored or sent.
export const previewWebhook = (webhook: Partial<Webhook>, signal: AbortSignal) =>
  call<{ bodies: PreviewedBody[] }>("/webhooks/preview", {
    method: "POST",
    body: { webhook },
    signal,
  });

// Tests a webhook that is not saved. A server that cannot is given it for as long as the test takes,
// disabled, so that no event is sent to it.
export async function tryWebhook(webhook: Partial<Webhook>): Promise<TestWebhookResponse> {
  try {
    return await call<TestWebhookResponse>("/webhooks/try", { method: "POST", body: { webhook } });
  } catch (error) {
    if (!isUnknown(error)) throw error;
  }
  const suffix = ` (test ${Date.now().toString(36)})`;
  const name = `${[...(webhook.name ?? "")].slice(0, 50).join("")}${suffix}`;
  const { webhook: stored } = await api.postWebhook({ ...webhook, name, disabled: true });
  try {
    return await api.testWebhook(stored!.id);
  } finally {
    await api.deleteWebhook(stored!.id);
  }
}
