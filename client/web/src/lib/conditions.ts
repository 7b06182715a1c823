// A trigger's condition in a few words.
import {
  type Trigger,
  TriggerType,
  type Webhook,
  WebhookMode,
} from "../api/generated/determined/webhook/v1/webhook";
import { texts } from "../texts";

export type BadgeTone = "success" | "danger" | "accent" | "neutral";

export interface TriggerBadge {
  label: string;
  detail: string; // the whole condition
  tone: BadgeTone;
}

// "STOPPING_ERROR" as "Stopping error".
export function stateLabel(state: string): string {
  const words = state.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function triggerBadge(trigger: Trigger): TriggerBadge {
  const condition = trigger.condition ?? {};
  switch (trigger.triggerType) {
    case TriggerType.TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE: {
      const state = String(condition.state ?? "");
      if (state === "COMPLETED")
        return { label: texts.badges.completed, detail: state, tone: "success" };
      if (state === "ERROR" || state === "ERRORED") {
        return { label: texts.badges.errored, detail: state, tone: "danger" };
      }
      return { label: stateLabel(state), detail: state, tone: "neutral" };
    }
    case TriggerType.TRIGGER_TYPE_TASK_LOG:
      return { label: texts.badges.taskLog, detail: String(condition.regex ?? ""), tone: "accent" };
    case TriggerType.TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED: {
      const label = `${condition.metric} ${condition.operator} ${condition.threshold}`;
      return { label, detail: JSON.stringify(condition), tone: "accent" };
    }
    case TriggerType.TRIGGER_TYPE_CUSTOM:
      return {
        label: texts.badges.custom,
        detail: texts.triggerTypes.TRIGGER_TYPE_CUSTOM,
        tone: "accent",
      };
    default:
      return { label: trigger.triggerType, detail: trigger.triggerType, tone: "neutral" };
  }
}

export function isGlobal(webhook: Pick<Webhook, "workspaceId">): boolean {
  return !webhook.workspaceId;
}

// As Determined's page has it: a webhook without a workspace that hears all is "Global".
export function modeLabel(webhook: Pick<Webhook, "workspaceId" | "mode">): string {
  if (webhook.mode === WebhookMode.WEBHOOK_MODE_SPECIFIC) return texts.modes[webhook.mode];
  return isGlobal(webhook) ? texts.modes.global : texts.modes[webhook.mode];
}
