import { describe, expect, test } from "vitest";
import {
  TriggerType,
  WebhookMode,
} from "../../../../client/web/src/api/generated/determined/webhook/v1/webhook";
import {
  draftOf,
  effectiveMode,
  emptyDraft,
  fieldOfMessage,
  newTrigger,
  validate,
  type WebhookDraft,
  webhookOf,
} from "../../../../client/web/src/lib/webhookForm";

const valid: WebhookDraft = { ...emptyDraft(null), name: "n", url: "https://example.com/hook" };

function problemOf(change: Partial<WebhookDraft>, field: string): string | undefined {
  return validate({ ...valid, ...change }, false)[field];
}

test("a valid draft has no problem", () => expect(validate(valid, true)).toEqual({}));

describe("url", () => {
  test.each([
    "http://example.com",
    "HTTPS://example.com:8443/a?b=c",
    "http://[::1]:9000/x",
    "http://例え.テスト/hook",
    "https://hooks.slack.com/services/T0/B0/x",
  ])("%s is taken", (url) => expect(problemOf({ url }, "url")).toBeUndefined());

  test.each([
    ["", "Enter the URL"],
    ["example.com", "must begin with"],
    ["ftp://example.com", "must begin with"],
    ["https://", "Not a valid URL"],
    ["https://u:p@example.com", "user name or password"],
    ["https://example.com/a b", "white space"],
    ["https://example.com\\x", "backslash"],
    ["https://example.com:70000/", "port"],
    ["https://example.com:0/", "port"],
    [`https://example.com/${"x".repeat(2048)}`, "2,048"],
  ])("%s: %s", (url, problem) => expect(problemOf({ url }, "url")).toContain(problem));
});

describe("name", () => {
  test("may be left to the server, but only at first", () => {
    expect(validate({ ...valid, name: "" }, true)).toEqual({});
    expect(validate({ ...valid, name: "" }, false).name).toBe("Enter a name");
  });
  test("counts bytes, not characters", () => {
    expect(problemOf({ name: "é".repeat(127) }, "name")).toBeUndefined();
    expect(problemOf({ name: "é".repeat(128) }, "name")).toContain("256 bytes");
  });
  test("has no control characters", () => {
    expect(problemOf({ name: "a\tb" }, "name")).toContain("control character");
    expect(problemOf({ name: "a\u0085b" }, "name")).toContain("control character");
  });
});

describe("triggers", () => {
  const state = TriggerType.TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE;
  test("must be there, and differ", () => {
    expect(problemOf({ triggers: [] }, "triggers")).toContain("at least one");
    const triggers = [
      newTrigger(state, "ERRORED"),
      newTrigger(state, "COMPLETED"),
      newTrigger(state, "ERRORED"),
    ];
    expect(problemOf({ triggers }, "triggers[2]")).toContain("trigger 1");
  });
  test("need an expression that fits", () => {
    const trigger = newTrigger(TriggerType.TRIGGER_TYPE_TASK_LOG);
    const of = (regex: string) =>
      problemOf({ triggers: [{ ...trigger, regex }] }, "triggers[0].regex");
    expect(of("")).toContain("Enter an expression");
    expect(of("x".repeat(1025))).toContain("1,024");
    expect(of("x")).toBeUndefined();
  });
  test("need a metric and numbers in their bounds", () => {
    const trigger = {
      ...newTrigger(TriggerType.TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED),
      metric: "loss",
      threshold: "1e-3",
    };
    const of = (change: object) =>
      Object.keys(validate({ ...valid, triggers: [{ ...trigger, ...change }] }, true));
    expect(of({})).toEqual([]);
    expect(of({ metric: "" })).toEqual(["triggers[0].metric"]);
    expect(of({ threshold: "abc" })).toEqual(["triggers[0].threshold"]);
    expect(of({ threshold: "Infinity" })).toEqual(["triggers[0].threshold"]);
    for (const kept of ["9007199254740992", "-9007199254740994", "9007199254740993.0", "1e300"]) {
      expect(of({ threshold: kept, hysteresis: kept.replace("-", "") })).toEqual([]);
    }
    // A double would make it …992, and the server refuses to store another number than was given.
    expect(of({ threshold: "9007199254740993" })).toEqual(["triggers[0].threshold"]);
    expect(of({ threshold: "-9007199254740993" })).toEqual(["triggers[0].threshold"]);
    expect(of({ hysteresis: "9007199254740993" })).toEqual(["triggers[0].hysteresis"]);
    expect(of({ forSteps: "1.5" })).toEqual(["triggers[0].forSteps"]);
    expect(of({ hysteresis: "-1" })).toEqual(["triggers[0].hysteresis"]);
    expect(of({ cooldown: "31536001" })).toEqual(["triggers[0].cooldown"]);
  });
  test("of kind custom force specific experiments", () => {
    const draft = { ...valid, triggers: [newTrigger(TriggerType.TRIGGER_TYPE_CUSTOM)] };
    expect(effectiveMode(draft)).toBe(WebhookMode.WEBHOOK_MODE_SPECIFIC);
    expect(webhookOf(draft).triggers?.[0]?.condition).toEqual({});
  });
});

test("a webhook survives the form", () => {
  const webhook = {
    id: 7,
    ...webhookOf({
      ...valid,
      workspaceId: 3,
      maxInFlight: "4",
      maxRate: "0.5",
      errorState: "ERROR",
      triggers: [
        {
          ...newTrigger(TriggerType.TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED),
          metric: "loss",
          operator: "<=",
          threshold: "0.25",
          group: "validation",
          forSteps: "3",
          hysteresis: "0.1",
          cooldown: "60",
          oncePer: "trial",
        },
      ],
    }),
  };
  expect(webhookOf(draftOf(webhook as never))).toEqual({ ...webhook, id: undefined });
  expect(webhook.errorState).toBe("ERROR");
  expect(webhookOf(valid)).not.toHaveProperty("errorState");
  expect(webhook.triggers?.[0]?.condition).toEqual({
    metric: "loss",
    operator: "<=",
    threshold: 0.25,
    group: "validation",
    for_steps: 3,
    hysteresis: 0.1,
    cooldown_seconds: 60,
    once_per: "trial",
  });
});

test("messages of the server find their field", () => {
  expect(fieldOfMessage('url "http://10.0.0.1/" is not allowed: …')).toBe("url");
  expect(fieldOfMessage("name is empty: give the webhook a name")).toBe("name");
  expect(fieldOfMessage('triggers[2].condition.regex "(" is not a valid pattern')).toBe(
    "triggers[2].regex",
  );
  expect(fieldOfMessage("triggers[1] fires for the same events as triggers[0]")).toBe(
    "triggers[1]",
  );
  expect(fieldOfMessage("the disk is full")).toBeUndefined();
});
