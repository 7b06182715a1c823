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
  await expect(panel.getByRole("img", { name: /Time line of 1 attempt/ })).toBeVisible();
  await expect(panel).toContainText("The receiver failed");
  await expect(panel).toContainText("Look into the receiver's log");
  await expect(panel).toContainText("the receiver is being restarted");
  await expect(panel).toContainText("X-Determined-AI-Signature-Timestamp");
  await expect(panel).toContainText('"name": "cifar10_pytorch_const"');
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
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
  await expect(panel.getByRole("img", { name: /Time line of 2 attempts/ })).toBeVisible();
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
    page.getByRole("heading", { name: "No delivery matches the filters" }),
  ).toBeVisible();
  await page.getByLabel("State").selectOption("Delivered");
  await page.getByLabel("Time").selectOption("Last hour");
  await expect(page).toHaveURL(/since=1h/);
  await expect(rows).toHaveCount(2);
  await page.getByLabel("A whole event_id").fill(eventId);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`event=${eventId}`));
  await expect(rows).toHaveCount(1);
  await page.reload();
  await expect(rows).toHaveCount(1);
  await page.getByLabel("Time").selectOption("From … before …");
  await page.getByLabel("Before", { exact: true }).fill("2020-01-01T00:00");
  await expect(
    page.getByRole("heading", { name: "No delivery matches the filters" }),
  ).toBeVisible();
  await page.getByRole("button", { name: "Clear Filters" }).click();
  await expect(rows).toHaveCount(2);
});

test("a webhook that is not there is told", async ({ signedIn: page }) => {
  for (const id of ["999999", "nonsense"]) {
    await page.goto(`/det/webhooks/${id}`);
    await expect(page.getByRole("heading", { name: /There is no webhook/ })).toBeVisible();
  }
  await page.goto("/det/nowhere");
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
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
