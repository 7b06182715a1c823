// The server's REST API, for what a test needs beside the page.
import type { Webhook } from "../../../../client/web/src/api/generated/determined/webhook/v1/webhook";
import type {
  Delivery,
  ListDeliveriesResponse,
} from "../../../../client/web/src/api/generated/webhookd/v1/delivery";
import { password } from "./webhookd";

type Draft = Pick<Webhook, "name" | "url"> & Partial<Webhook>;

export const stateTrigger = (state: string) =>
  ({ triggerType: "TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE", condition: { state } }) as never;

export class Client {
  private token = "";

  constructor(readonly base: string) {}

  async signIn(username = "admin", secret = password): Promise<string> {
    const { token } = await this.call<{ token: string }>("POST", "/auth/login", {
      username,
      password: secret,
    });
    this.token = token;
    return token;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.base}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  async create(webhook: Draft): Promise<Webhook> {
    const answer = await this.call<{ webhook: Webhook }>("POST", "/webhooks", {
      webhookType: "WEBHOOK_TYPE_DEFAULT",
      triggers: [stateTrigger("COMPLETED")],
      ...webhook,
    });
    return answer.webhook;
  }

  async webhooks(): Promise<Webhook[]> {
    return (await this.call<{ webhooks: Webhook[] }>("GET", "/webhooks")).webhooks;
  }

  async deleteAll(): Promise<void> {
    const webhooks = await this.webhooks();
    while (webhooks.length > 0) {
      const some = webhooks.splice(0, 50);
      await Promise.all(some.map(({ id }) => this.call("DELETE", `/webhooks/${id}`)));
    }
  }

  // Reports that an experiment changed its state.
  report(state: string, experiment: object = {}): Promise<{ eventId: string }> {
    return this.call("POST", "/events/experiment-state", {
      experiment: {
        id: 41,
        name: "cifar10_pytorch_const",
        state: `STATE_${state}`,
        slotsPerTrial: 2,
        resourcePool: "default",
        workspaceId: 1,
        workspaceName: "Uncategorized",
        projectId: 1,
        projectName: "Uncategorized",
        ...experiment,
      },
    });
  }

  // The deliveries of a webhook, newest first, once `holds` of them.
  async deliveriesWhen(
    webhookId: number,
    holds: (all: Delivery[]) => boolean,
  ): Promise<Delivery[]> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const { deliveries } = await this.call<ListDeliveriesResponse>(
        "GET",
        `/deliveries?webhookId=${webhookId}`,
      );
      if (holds(deliveries)) return deliveries;
      if (Date.now() > deadline) throw new Error(`deliveries are ${JSON.stringify(deliveries)}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}
