// The pictures of docs/screenshots, drawn from a server with webhooks as a team would have them.
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { stateTrigger } from "../support/client";
import { expect, test } from "../support/fixtures";

const folder = fileURLToPath(new URL("../../../../docs/screenshots", import.meta.url));

async function settle(page: Page): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(0, 0);
}

test("draw", async ({ signedIn: page, client, receiver }) => {
  test.setTimeout(180_000);
  await page.setViewportSize({ width: 1280, height: 760 });
  const regex = {
    triggerType: "TRIGGER_TYPE_TASK_LOG",
    condition: { regex: "CUDA out of memory" },
  };
  const metric = {
    triggerType: "TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED",
    condition: { metric: "validation_loss", operator: ">", threshold: 0.9 },
  };
  const completed = stateTrigger("COMPLETED");
  const errored = stateTrigger("ERROR");
  const slack = { webhookType: "WEBHOOK_TYPE_SLACK" as never };
  const ci = await client.create({
    name: "ci-status",
    url: receiver.url("/ok/ci"),
    triggers: [completed, errored],
  });
  await client.create({
    name: "slack-training",
    url: receiver.url("/ok/slack"),
    triggers: [completed, errored],
    ...slack,
  });
  await client.create({
    name: "oom-detector",
    url: receiver.url("/ok/oom"),
    triggers: [regex as never],
    ...slack,
  });
  await client.create({
    name: "loss-watch",
    url: receiver.url("/ok/loss"),
    triggers: [metric as never],
    workspaceId: 1,
  });
  const flaky = await client.create({
    name: "nightly-report",
    url: receiver.url("/flaky/2/report"),
  });
  const gone = await client.create({
    name: "old-dashboard",
    url: receiver.url("/gone/dashboard"),
    triggers: [errored],
  });
  await client.create({ name: "archive", url: receiver.url("/fail/archive"), triggers: [errored] });
  for (let i = 0; i < 3; i++) await client.report(i === 1 ? "ERROR" : "COMPLETED", { id: 41 + i });
  await client.deliveriesWhen(ci.id, (all) => all.filter((d) => d.finishedAt).length === 3);
  await client.deliveriesWhen(gone.id, (all) => all.some(({ lastStatus }) => lastStatus === 410));
  const deliveries = await client.deliveriesWhen(flaky.id, (all) =>
    all.every(({ attemptCount }) => attemptCount > 0),
  );
  // The first ones fail; sent again now and then, one of them shows several attempts.
  const shown = deliveries.at(-1)!;
  await client.call("POST", `/deliveries/${shown.id}/redeliver`, {});
  await client.deliveriesWhen(flaky.id, (all) =>
    all.some((d) => d.id === shown.id && d.state === "DELIVERY_STATE_DELIVERED"),
  );

  await page.goto("/det/webhooks");
  await expect(page.getByRole("row", { name: /old-dashboard/ })).toContainText("410");
  await settle(page);
  await page.screenshot({ path: `${folder}/webhooks.png` });

  await page.getByRole("button", { name: "Actions for old-dashboard" }).click();
  await page.getByRole("menuitem", { name: "Test Webhook" }).click();
  await expect(page.getByText("The test failed")).toBeVisible();
  await settle(page);
  await page.screenshot({ path: `${folder}/test-webhook.png` });

  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`/det/webhooks/${flaky.id}/deliveries/${shown.id}`);
  await expect(page.getByRole("img", { name: /Timeline/ })).toBeVisible();
  await settle(page);
  await page.screenshot({ path: `${folder}/delivery.png` });

  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/det/webhooks/new");
  await page.getByRole("textbox", { name: "Name" }).fill("gpu-alerts");
  await page.getByRole("textbox", { name: "URL" }).fill(receiver.url("/ok/alerts"));
  await page.getByLabel(/^Slack/).check();
  await page.getByRole("button", { name: "Task log" }).click();
  await page.getByLabel("Regular expression").fill("CUDA out of memory");
  await page
    .getByLabel("Sample lines")
    .fill("step 1200 loss 0.31\nRuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB");
  await expect(page.getByText("1 of 2 lines match")).toBeVisible();
  await expect(page.getByRole("region", { name: "Preview" })).toContainText(
    "completed successfully",
  );
  await page.evaluate(() => window.scrollTo(0, 0));
  await settle(page);
  await page.screenshot({ path: `${folder}/new-webhook.png` });

  page.on("dialog", (dialog) => void dialog.accept()); // leaves the form
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 360, height: 760 });
  await page.goto("/det/webhooks");
  await expect(page.getByText("slack-training")).toBeVisible();
  await settle(page);
  await page.screenshot({ path: `${folder}/phone.png` });
});
