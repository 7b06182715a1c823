// The form of a webhook: what is typed, whether it is valid by the server's rules, and the webhook
// that it stands for.
import { State } from "../api/generated/determined/experiment/v1/experiment";
import {
  type Trigger,
  TriggerType,
  type Webhook,
  WebhookMode,
  WebhookType,
} from "../api/generated/determined/webhook/v1/webhook";
import { texts } from "../texts";
import { isKeptExactly, utf8Bytes } from "./format";

export interface TriggerDraft {
  key: number; // tells drafts apart on screen
  id: number; // of the trigger it was made from; 0 for a new one
  type: TriggerType;
  state: string;
  regex: string;
  metric: string;
  operator: string;
  threshold: string;
  group: string;
  forSteps: string;
  hysteresis: string;
  cooldown: string;
  oncePer: string;
}

// The word for a failed experiment's state in bodies; "" for the server's.
export const errorStates = ["", "ERRORED", "ERROR"] as const;
export type ErrorState = (typeof errorStates)[number];

export interface WebhookDraft {
  name: string;
  url: string;
  workspaceId: number | null;
  type: WebhookType;
  mode: WebhookMode;
  triggers: TriggerDraft[];
  maxInFlight: string;
  maxRate: string;
  errorState: ErrorState;
  skipTls: boolean;
}

// Problems by field: "name", "url", "triggers", "triggers[0]", "triggers[0].regex", ….
export type Problems = Record<string, string>;

const statePrefix = "STATE_";
const payloadNames: Record<string, string> = { ERROR: "ERRORED" }; // as receivers see it

// What a state trigger can wait for, the usual ones first.
export const stateNames: readonly string[] = (() => {
  const names = Object.values(State)
    .filter((state) => state !== State.STATE_UNSPECIFIED)
    .map((state) => state.slice(statePrefix.length))
    .map((name) => payloadNames[name] ?? name);
  const usual = ["COMPLETED", "ERRORED"];
  return [...usual, ...names.filter((name) => !usual.includes(name))];
})();

export const operators: readonly string[] = ["<", "<=", ">", ">="];

let nextKey = 1;

export function newTrigger(type: TriggerType, state = "COMPLETED"): TriggerDraft {
  return {
    key: nextKey++,
    id: 0,
    type,
    state,
    regex: "",
    metric: "",
    operator: ">",
    threshold: "",
    group: "",
    forSteps: "",
    hysteresis: "",
    cooldown: "",
    oncePer: "",
  };
}

export function emptyDraft(workspaceId: number | null): WebhookDraft {
  return {
    name: "",
    url: "",
    workspaceId,
    type: WebhookType.WEBHOOK_TYPE_DEFAULT,
    mode: WebhookMode.WEBHOOK_MODE_WORKSPACE,
    triggers: [newTrigger(TriggerType.TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE)],
    maxInFlight: "",
    maxRate: "",
    errorState: "",
    skipTls: false,
  };
}

function draftOfTrigger(trigger: Trigger): TriggerDraft {
  const condition = trigger.condition ?? {};
  const text = (name: string): string =>
    condition[name] === undefined ? "" : String(condition[name]);
  const state = text("state");
  return {
    ...newTrigger(trigger.triggerType, payloadNames[state] ?? state),
    id: trigger.id,
    regex: text("regex"),
    metric: text("metric"),
    operator: text("operator") || ">",
    threshold: text("threshold"),
    group: text("group"),
    forSteps: text("for_steps"),
    hysteresis: text("hysteresis"),
    cooldown: text("cooldown_seconds"),
    oncePer: text("once_per"),
  };
}

export function draftOf(webhook: Webhook): WebhookDraft {
  return {
    name: webhook.name,
    url: webhook.url,
    workspaceId: webhook.workspaceId || null,
    type: webhook.webhookType,
    mode: webhook.mode,
    triggers: webhook.triggers.map(draftOfTrigger),
    maxInFlight: webhook.maxInFlight == null ? "" : String(webhook.maxInFlight),
    maxRate: webhook.maxRequestsPerSecond == null ? "" : String(webhook.maxRequestsPerSecond),
    errorState: errorStates.find((word) => word === webhook.errorState) ?? "",
    skipTls: webhook.skipTlsVerification ?? false,
  };
}

// Custom triggers need experiments that name the webhook.
export function effectiveMode(draft: WebhookDraft): WebhookMode {
  return draft.triggers.some(({ type }) => type === TriggerType.TRIGGER_TYPE_CUSTOM)
    ? WebhookMode.WEBHOOK_MODE_SPECIFIC
    : draft.mode;
}

function conditionOf(draft: TriggerDraft): Record<string, unknown> {
  switch (draft.type) {
    case TriggerType.TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE:
      return { state: draft.state };
    case TriggerType.TRIGGER_TYPE_TASK_LOG:
      return { regex: draft.regex };
    case TriggerType.TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED:
      return {
        metric: draft.metric,
        operator: draft.operator,
        threshold: Number(draft.threshold),
        ...(draft.group && { group: draft.group }),
        ...(draft.forSteps.trim() && { for_steps: Number(draft.forSteps) }),
        ...(draft.hysteresis.trim() && { hysteresis: Number(draft.hysteresis) }),
        ...(draft.cooldown.trim() && { cooldown_seconds: Number(draft.cooldown) }),
        ...(draft.oncePer && { once_per: draft.oncePer }),
      };
    default:
      return {};
  }
}

export function triggerOf(draft: TriggerDraft): Trigger {
  return { id: draft.id, triggerType: draft.type, condition: conditionOf(draft), webhookId: 0 };
}

export function webhookOf(draft: WebhookDraft): Partial<Webhook> {
  return {
    name: draft.name,
    url: draft.url.trim(),
    ...(draft.workspaceId !== null && { workspaceId: draft.workspaceId }),
    webhookType: draft.type,
    mode: effectiveMode(draft),
    triggers: draft.triggers.map(triggerOf),
    ...(draft.maxInFlight.trim() && { maxInFlight: Number(draft.maxInFlight) }),
    ...(draft.maxRate.trim() && { maxRequestsPerSecond: Number(draft.maxRate) }),
    ...(draft.errorState && { errorState: draft.errorState }),
    ...(draft.skipTls && { skipTlsVerification: true }),
  };
}

const words = texts.validation;

// A new webhook may leave its name to the server.
function nameProblem(name: string, isNew: boolean): string | undefined {
  const bytes = utf8Bytes(name);
  if (bytes === 0) return isNew ? undefined : words.nameMissing;
  if (bytes > 255) return words.nameLong(bytes);
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return words.nameControl;
  return undefined;
}

function urlProblem(typed: string): string | undefined {
  const url = typed.trim();
  const bytes = utf8Bytes(url);
  if (bytes === 0) return words.urlMissing;
  if (bytes > 2048) return words.urlLong(bytes);
  if (!/^https?:\/\//i.test(url)) return words.urlScheme;
  // eslint-disable-next-line no-control-regex
  if (/[\s\\\u0000-\u001f\u007f]/.test(url)) return words.urlSpace;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return /:\d{5,}(\/|\?|$)/.test(url) ? words.urlPort : words.urlInvalid;
  }
  if (parsed.username !== "" || parsed.password !== "") return words.urlCredentials;
  if (parsed.port === "0") return words.urlPort;
  return undefined;
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function checkNumber(
  text: string,
  fits: (value: number) => boolean,
  problem: string,
): string | undefined {
  if (text.trim() === "") return undefined;
  return isNumber(text) && fits(Number(text)) ? undefined : problem;
}

function triggerProblems(draft: TriggerDraft): Problems {
  const problems: Record<string, string | undefined> = {};
  if (draft.type === TriggerType.TRIGGER_TYPE_TASK_LOG) {
    const bytes = utf8Bytes(draft.regex);
    if (bytes === 0) problems.regex = words.regexMissing;
    else if (bytes > 1024) problems.regex = words.regexLong(bytes);
  }
  if (draft.type === TriggerType.TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED) {
    const bytes = utf8Bytes(draft.metric);
    if (bytes === 0) problems.metric = words.metricMissing;
    else if (bytes > 255) problems.metric = words.metricLong;
    if (draft.threshold.trim() === "") problems.threshold = words.numberMissing;
    else if (!isNumber(draft.threshold)) problems.threshold = words.numberInvalid;
    else if (!isKeptExactly(draft.threshold)) {
      problems.threshold = words.numberRounded(BigInt(Number(draft.threshold)).toString());
    }
    problems.forSteps = checkNumber(
      draft.forSteps,
      (value) => Number.isInteger(value) && value >= 1 && value <= 1_000_000,
      words.forSteps,
    );
    problems.hysteresis = isKeptExactly(draft.hysteresis)
      ? checkNumber(draft.hysteresis, (value) => value >= 0, words.hysteresis)
      : words.numberRounded(BigInt(Number(draft.hysteresis)).toString());
    problems.cooldown = checkNumber(
      draft.cooldown,
      (value) => value >= 0 && value <= 31_536_000,
      words.cooldown,
    );
  }
  return withoutUndefined(problems);
}

function withoutUndefined(problems: Record<string, string | undefined>): Problems {
  return Object.fromEntries(
    Object.entries(problems).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

// The server's rules as far as they need no server; it judges again when the webhook is saved.
export function validate(draft: WebhookDraft, isNew: boolean): Problems {
  const problems: Record<string, string | undefined> = {
    name: nameProblem(draft.name, isNew),
    url: urlProblem(draft.url),
    maxInFlight: checkNumber(
      draft.maxInFlight,
      (value) => Number.isInteger(value) && value >= 1 && value <= 1000,
      words.maxInFlight,
    ),
    maxRate: checkNumber(draft.maxRate, (value) => value > 0 && value <= 100_000, words.maxRate),
  };
  if (draft.triggers.length === 0) problems.triggers = words.triggersMissing;
  if (draft.triggers.length > 100) problems.triggers = words.triggersMany;
  const seen = new Map<string, number>();
  draft.triggers.forEach((trigger, index) => {
    const own = triggerProblems(trigger);
    for (const [field, problem] of Object.entries(own)) {
      problems[`triggers[${index}].${field}`] = problem;
    }
    if (Object.keys(own).length > 0) return;
    const same = JSON.stringify([trigger.type, conditionOf(trigger)]);
    const first = seen.get(same);
    if (first === undefined) seen.set(same, index);
    else problems[`triggers[${index}]`] = words.triggerRepeated(first + 1);
  });
  return withoutUndefined(problems);
}

const serverFields: readonly [RegExp, (match: RegExpMatchArray) => string][] = [
  [/^triggers\[(\d+)\]\.condition\.regex\b/, ([, index]) => `triggers[${index}].regex`],
  [/^triggers\[(\d+)\]\.condition\.metric\b/, ([, index]) => `triggers[${index}].metric`],
  [/^triggers\[(\d+)\]\.condition\.threshold\b/, ([, index]) => `triggers[${index}].threshold`],
  [/^triggers\[(\d+)\]\.condition\.for_steps\b/, ([, index]) => `triggers[${index}].forSteps`],
  [/^triggers\[(\d+)\]\.condition\.hysteresis\b/, ([, index]) => `triggers[${index}].hysteresis`],
  [
    /^triggers\[(\d+)\]\.condition\.cooldown_seconds\b/,
    ([, index]) => `triggers[${index}].cooldown`,
  ],
  [/^triggers\[(\d+)\]/, ([, index]) => `triggers[${index}]`],
  [/^triggers\b/, () => "triggers"],
  [/^name\b/, () => "name"],
  [/^url\b/, () => "url"],
  [/^max_in_flight\b/, () => "maxInFlight"],
  [/^max_requests_per_second\b/, () => "maxRate"],
];

// The field that a message of the server is about; none if it is about no single one.
export function fieldOfMessage(message: string): string | undefined {
  for (const [pattern, field] of serverFields) {
    const match = message.match(pattern);
    if (match !== null) return field(match);
  }
  return /already (exists|has)|name .*taken/.test(message) ? "name" : undefined;
}
