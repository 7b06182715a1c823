import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import { stateTrigger } from "../support/client";

test("lists deliveries newest first and follows them", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  const webhook = await client.create({
    name: "followed",
    url: receiver.url("/ok"),
    triggers: [stateTrigger("COMPLETED"), stateTrigger("ERROR")],
  });
  await page.goto(`/det/webhooks/${webhook.id}`);
  await expect(page.getByRole("heading", { name: "No deliveries yet" })).toBeVisible();
  await client.report("COMPLETED");
  await client.report("ERROR");
  const rows = page.getByRole("row", { name: /Delivered/ });
  await expect(rows).toHaveCount(2);
  const ids = (await page.getByRole("rowheader").allTextContents()).map(Number);
  expect(ids).toEqual([...ids].sort((a, b) => b - a));
});

test("shows the attempts, the request, the answer and what to do", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  const webhook = await client.create({ name: "failing", url: receiver.url("/fail/shown") });
  const { eventId } = await client.report("COMPLETED");
  await client.deliveriesWhen(webhook.id, ([last]) => last?.attemptCount === 1);
  await page.goto(`/det/webhooks/${webhook.id}`);
  await page.getByRole("rowheader").getByRole("link").click();
  const panel = page.getByRole("region", { name: /^Delivery \d+$/ });
  await expect(panel).toBeFocused();
  await expect(panel).toContainText("Waiting");
  await expect(panel).toContainText(eventId);
  await expect(panel.getByRole("img", { name: /Timeline of 1 attempt/ })).toBeVisible();
  await expect(panel).toContainText("The receiver failed");
  await expect(panel).toContainText("Check the receiver's log");
  await expect(panel).toContainText("the receiver is being restarted");
  await expect(panel).toContainText("X-Determined-AI-Signature-Timestamp");
  await expect(panel).toContainText('"name": "cifar10_pytorch_const"');
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
});

const scrolled = (page: Page): Promise<number> => page.evaluate(() => window.scrollY);

test("opening one leaves the list where it is, and closing it leads back to its row", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  const webhook = await client.create({ name: "many", url: receiver.url("/ok") });
  for (let i = 0; i < 30; i++) await client.report("COMPLETED");
  const all = await client.deliveriesWhen(webhook.id, ({ length }) => length === 30);
  const id = all[12]!.id;
  const row = page.getByRole("rowheader", { name: id }).getByRole("link");
  const panel = page.getByRole("region", { name: `Delivery ${id}` });
  for (const { width, height } of [
    { width: 1440, height: 700 },
    { width: 768, height: 800 },
    { width: 360, height: 780 },
  ]) {
    const beside = width >= 1180;
    await page.setViewportSize({ width, height });
    await page.goto(`/det/webhooks/${webhook.id}`);
    await row.scrollIntoViewIfNeeded();
    const before = await scrolled(page);
    const closings = [
      () => page.keyboard.press("Escape"),
      () => panel.getByRole("link", { name: "Close" }).click(),
      () => page.goBack(),
    ];
    for (const close of closings) {
      await row.click();
      await expect(panel).toBeFocused();
      await expect(panel.getByRole("heading", { name: `Delivery ${id}` })).toBeInViewport();
      await expect(panel).toContainText("thanks");
      if (beside) expect(await scrolled(page), `${width} px`).toBe(before);
      await close();
      await expect(panel).toBeHidden();
      await expect(row, `${width} px`).toBeFocused();
      await expect(row).toBeInViewport();
    }
  }
});

test("another page of the list is read from its top", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  const webhook = await client.create({ name: "paged", url: receiver.url("/ok"), disabled: true });
  for (let i = 0; i < 60; i++) await client.report("COMPLETED");
  await page.goto(`/det/webhooks/${webhook.id}`);
  await page.getByRole("button", { name: "Older" }).click();
  await expect(page.getByRole("rowheader")).toHaveCount(10);
  await expect(page.getByRole("heading", { name: "Deliveries" })).toBeInViewport();
  await expect(page.getByRole("region", { name: "Deliveries" })).toBeFocused();
  await page.getByRole("button", { name: "Newest" }).click();
  await expect(page.getByRole("rowheader")).toHaveCount(50);
  await expect(page.getByRole("heading", { name: "Deliveries" })).toBeInViewport();
});

test("what waits for a webhook that is disabled is not said to be sent", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  const webhook = await client.create({ name: "waits", url: receiver.url("/fail/waits") });
  await client.report("COMPLETED");
  const [last] = await client.deliveriesWhen(webhook.id, ([last]) => last?.attemptCount === 1);
  await page.goto(`/det/webhooks/${webhook.id}`);
  const row = page.getByRole("row", { name: /Waiting/ });
  await expect(row).toContainText("next attempt");
  await client.call("PATCH", `/webhooks/${webhook.id}`, { disabled: true });
  await expect(row).not.toContainText("next attempt");
  await row.getByRole("link").click();
  const panel = page.getByRole("region", { name: `Delivery ${last?.id}` });
  await expect(panel).toContainText("Waiting until the webhook is enabled");
  await expect(panel).not.toContainText("Next attempt");
  await panel.getByRole("button", { name: "Redeliver" }).click();
  await expect(page.getByText("is sent again once the webhook is enabled")).toBeVisible();
});

test("redelivers one", async ({ signedIn: page, client, receiver }) => {
  const webhook = await client.create({ name: "flaky", url: receiver.url("/flaky/1/redelivered") });
  await client.report("COMPLETED");
  const [delivery] = await client.deliveriesWhen(webhook.id, ([last]) => last?.attemptCount === 1);
  await page.goto(`/det/webhooks/${webhook.id}/deliveries/${delivery?.id}`);
  await page.getByRole("button", { name: "Redeliver" }).click();
  await expect(page.getByText(`Delivery ${delivery?.id} is sent again`)).toBeVisible();
  const panel = page.getByRole("region", { name: `Delivery ${delivery?.id}` });
  await expect(panel.locator(".panel-state")).toContainText("Delivered");
  await expect(panel.getByRole("img", { name: /Timeline of 2 attempts/ })).toBeVisible();
  await panel.getByRole("button", { name: "Attempt 1" }).click();
  await expect(panel).toContainText("not yet");
});

test("filters stay in the address bar", async ({ signedIn: page, client, receiver }) => {
  const webhook = await client.create({ name: "filtered", url: receiver.url("/ok") });
  const { eventId } = await client.report("COMPLETED");
  await client.report("COMPLETED");
  await client.deliveriesWhen(
    webhook.id,
    (all) => all.length === 2 && all.every(({ state }) => state === "DELIVERY_STATE_DELIVERED"),
  );
  await page.goto(`/det/webhooks/${webhook.id}`);
  const rows = page.getByRole("rowheader");
  await expect(rows).toHaveCount(2);
  await page.getByLabel("State").selectOption("Failed");
  await expect(page).toHaveURL(/state=DELIVERY_STATE_FAILED/);
  await expect(
    page.getByRole("heading", { name: "No deliveries match the filters" }),
  ).toBeVisible();
  await page.getByLabel("State").selectOption("Delivered");
  await page.getByLabel("Time").selectOption("Last hour");
  await expect(page).toHaveURL(/since=1h/);
  await expect(rows).toHaveCount(2);
  const event = page.getByLabel("Event ID or its beginning");
  const none = page.getByRole("heading", { name: "No deliveries match the filters" });
  for (const [typed, count] of [
    [eventId.slice(0, 4), 2],
    ["nobody's", 0],
    [eventId, 1],
  ] as const) {
    await event.fill(typed);
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL((url) => url.searchParams.get("event") === typed);
    await expect(rows).toHaveCount(count);
    await expect(none).toBeVisible({ visible: count === 0 });
  }
  await page.reload();
  await expect(rows).toHaveCount(1);
  await page.getByLabel("Time").selectOption("From … before …");
  await page.getByLabel("Before", { exact: true }).fill("2020-01-01T00:00");
  await expect(
    page.getByRole("heading", { name: "No deliveries match the filters" }),
  ).toBeVisible();
  await page.getByLabel("From", { exact: true }).fill("2021-01-01T00:00"); // later than "Before"
  await expect(none).toBeVisible();
  await page.getByRole("button", { name: "Clear Filters" }).click();
  await expect(rows).toHaveCount(2);
  await page.goto(`/det/webhooks/${webhook.id}?state=NONSENSE`);
  await expect(rows).toHaveCount(2);
});

test("a webhook that is not there is told", async ({ signedIn: page }) => {
  for (const id of ["999999", "nonsense"]) {
    await page.goto(`/det/webhooks/${id}`);
    await expect(page.getByRole("heading", { name: /Webhook .* not found/ })).toBeVisible();
  }
  await page.goto("/det/nowhere");
  await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
});

test("a disabled webhook says since when and can be enabled", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  const webhook = await client.create({ name: "paused", url: receiver.url("/ok") });
  await client.call("PATCH", `/webhooks/${webhook.id}`, { disabled: true });
  await client.report("COMPLETED");
  await page.goto(`/det/webhooks/${webhook.id}`);
  await expect(page.getByText(/Disabled (now|.* ago)/)).toBeVisible();
  await expect(page.getByRole("row", { name: /Skipped/ })).toBeVisible();
  await page.getByRole("button", { name: "Enable", exact: true }).click();
  await expect(page.getByText(/Disabled (now|.* ago)/)).toBeHidden();
});
