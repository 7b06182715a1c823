// axe finds nothing, on every page, in both themes, on a desktop and on a phone.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { stateTrigger } from "../support/client";
import { expect, test } from "../support/fixtures";

const widths = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 780 } };

async function check(page: Page, name: string): Promise<void> {
  // What fades in is judged once it is there.
  await page.evaluate(() =>
    Promise.all(
      document.getAnimations().map((animation) => animation.finished.catch(() => undefined)),
    ),
  );
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`),
    name,
  ).toEqual([]);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0);
}

for (const [width, viewport] of Object.entries(widths)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`${width}, ${colorScheme}`, async ({ page, client, webhookd, receiver }) => {
      test.setTimeout(180_000);
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto("/det/login");
      await page.getByRole("button", { name: "Sign In" }).click();
      await expect(page.getByText("Enter your username")).toBeVisible();
      await check(page, "sign in");

      const token = await client.signIn();
      await page
        .context()
        .addCookies([{ name: "webhookd_session", value: token, url: webhookd.url }]);
      await page.goto("/det/webhooks");
      await expect(page.getByRole("heading", { name: "No Webhooks Registered" })).toBeVisible();
      await check(page, "empty list");

      const good = await client.create({ name: "good", url: receiver.url("/ok") });
      const gone = await client.create({
        name: "gone",
        url: receiver.url("/gone"),
        triggers: [stateTrigger("COMPLETED"), stateTrigger("ERROR"), stateTrigger("CANCELED")],
      });
      const bad = await client.create({ name: "bad", url: receiver.url("/fail") });
      await client.report("COMPLETED");
      await client.deliveriesWhen(good.id, ([last]) => last?.state === "DELIVERY_STATE_DELIVERED");
      const [failing] = await client.deliveriesWhen(bad.id, ([last]) => last?.attemptCount === 1);
      await client.deliveriesWhen(gone.id, ([last]) => last?.lastStatus === 410);

      await page.goto("/det/webhooks");
      await expect(page.getByRole("row", { name: /gone/ })).toContainText("410");
      await expect(page.getByRole("row", { name: /good/ })).toContainText("Delivered");
      await check(page, "list");

      await page.getByRole("button", { name: "Actions for good" }).click();
      await expect(page.getByRole("menuitem").first()).toBeVisible();
      await check(page, "menu");
      await page.getByRole("menuitem", { name: "Test Webhook" }).click();
      await expect(page.getByText("The receiver confirmed the test")).toBeVisible();
      await page.getByText("How the receiver verifies the signature").click();
      await check(page, "test that succeeded");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Actions for bad" }).click();
      await page.getByRole("menuitem", { name: "Delete Webhook" }).click();
      await expect(page.getByRole("alertdialog")).toContainText("1 delivery is waiting");
      await check(page, "delete");

      await page.goto(`/det/webhooks/${gone.id}`);
      await expect(page.getByText("Matching events are recorded as skipped")).toBeVisible();
      await check(page, "webhook");

      await page.goto(`/det/webhooks/${bad.id}/deliveries/${failing?.id}`);
      await expect(page.getByText("What to do:")).toBeVisible();
      await check(page, "delivery");

      await page.goto("/det/webhooks/new");
      await page.getByLabel(/^Slack/).check();
      await page.getByRole("button", { name: "Task log" }).click();
      await page.getByLabel("Regular expression").fill("memory");
      await page.getByLabel("Sample lines").fill("out of memory\nall is well");
      await expect(page.getByText("1 of 2 lines match")).toBeVisible();
      await page.getByRole("button", { name: "Metric" }).click();
      await page.getByText("More conditions").click();
      await page.getByText("Delivery options").click();
      await page.getByRole("button", { name: "Create Webhook" }).click();
      await expect(page.getByText("Enter the URL to call")).toBeVisible();
      await check(page, "form with problems");
      await page.getByRole("textbox", { name: "Name" }).fill("previewed");
      await page.getByRole("textbox", { name: "URL" }).fill(receiver.url("/refuse"));
      await page.getByLabel("Metric", { exact: true }).fill("loss");
      await page.getByLabel("Threshold").fill("1");
      await expect(page.getByRole("region", { name: "Preview" })).toContainText(
        "completed successfully",
      );
      await page.getByRole("button", { name: "Send a Test First" }).click();
      await expect(page.getByText("The test failed")).toBeVisible();
      await check(page, "form with preview and test");

      await page.goto(`/det/webhooks/${good.id}/edit`);
      await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("good");
      await check(page, "edit");

      await page.goto("/det/webhooks/999999");
      await expect(page.getByRole("heading", { name: /Webhook .* not found/ })).toBeVisible();
      await check(page, "missing");
    });
  }
}
