// What people, receivers and experiments write never widens a page: not with one long word, on a phone,
// a tablet or a desktop.
import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";

const long = (count: number): string => "x".repeat(count);

// Elements that reach beyond the window, or beyond what holds them without being scrollable.
async function expectNothingWider(page: Page, what: string): Promise<void> {
  const wide = await page.evaluate(() => {
    const found: string[] = [];
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > limit) found.push("the page");
    for (const element of document.querySelectorAll("body *")) {
      const style = getComputedStyle(element);
      if (element.closest(".visually-hidden, svg, .skip, thead") !== null) continue;
      if (element.getBoundingClientRect().right > limit + 1 && !element.closest(".table-box"))
        found.push(`${element.tagName}.${element.className} is outside`);
      const clips = style.overflowX !== "visible" || style.display === "inline";
      if (!clips && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
        found.push(`${element.tagName}.${element.className} holds ${element.scrollWidth} px`);
    }
    return found;
  });
  expect(wide, what).toEqual([]);
}

for (const width of [360, 768, 1440]) {
  test(`${width} px hold long texts`, async ({ signedIn: page, client, receiver }) => {
    test.setTimeout(180_000);
    await page.setViewportSize({ width, height: 800 });
    const metric = {
      triggerType: "TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED",
      condition: { metric: long(255), operator: ">", threshold: 1.5e300 },
    };
    const log = { triggerType: "TRIGGER_TYPE_TASK_LOG", condition: { regex: long(1000) } };
    const completed = {
      triggerType: "TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE",
      condition: { state: "COMPLETED" },
    };
    const triggers = [completed, metric, log] as never;
    const webhook = await client.create({
      name: long(255),
      url: receiver.url(`/refuse/long/${long(1900)}`),
      triggers,
      workspaceId: 1,
    });
    const paused = await client.create({
      name: `p${long(254)}`,
      url: receiver.url("/ok"),
      triggers,
      disabled: true,
    });
    await client.report("COMPLETED", { name: long(2000), projectName: long(500) });
    const [skipped] = await client.deliveriesWhen(paused.id, (all) => all.length === 1);
    const [failed] = await client.deliveriesWhen(webhook.id, ([last]) => last?.attemptCount === 1);

    await page.goto("/det/webhooks");
    await expect(page.getByRole("rowheader")).toHaveCount(2);
    await expectNothingWider(page, "list");

    // No attempt was made: only the body is shown.
    await page.goto(`/det/webhooks/${paused.id}/deliveries/${skipped?.id}`);
    const panel = page.getByRole("region", { name: `Delivery ${skipped?.id}` });
    await expect(panel).toContainText("No attempts were made");
    await expect(panel).toContainText("xxxx");
    await expectNothingWider(page, "delivery without attempts");

    await page.goto(`/det/webhooks/${webhook.id}/deliveries/${failed?.id}`);
    await expect(page.getByText("What to do:")).toBeVisible();
    await page.getByText("How the receiver verifies the signature").click();
    await expectNothingWider(page, "delivery");

    await page.goto(`/det/webhooks/${webhook.id}`);
    await expect(page.getByRole("rowheader")).toHaveCount(1);
    await expectNothingWider(page, "webhook");
    await page.getByRole("button", { name: "Test Webhook" }).click();
    await expect(page.getByText("The test failed")).toBeVisible();
    await page.getByText("How the receiver verifies the signature").click();
    await expectNothingWider(page, "test");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Delete Webhook" }).click();
    await expect(page.getByRole("alertdialog")).toContainText("waiting");
    await expectNothingWider(page, "delete");
    await page.keyboard.press("Escape");

    await page.goto(`/det/webhooks/${webhook.id}/edit`);
    await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue(long(255));
    await expect(page.getByRole("region", { name: "Preview" }).first()).toContainText("xxxx");
    await expectNothingWider(page, "edit");
    await page.getByRole("textbox", { name: "URL" }).fill("http://169.254.169.254/" + long(1000));
    await page.getByRole("button", { name: "Save Changes" }).click();
    await expect(page.getByText(/is not allowed/).first()).toBeVisible();
    await expectNothingWider(page, "edit that is refused");
    page.once("dialog", (dialog) => void dialog.accept());

    const message = long(3000);
    await page.route("**/api/v1/deliveries*", (route) =>
      route.fulfill({ status: 500, json: { message } }),
    );
    await page.goto(`/det/webhooks/${webhook.id}`);
    await expect(page.getByText(message)).toBeVisible();
    await expectNothingWider(page, "what could not be loaded");
    await page.goto(`/det/webhooks/${webhook.id}/deliveries/${"1".repeat(400)}`);
    await expect(page.getByRole("heading", { name: /^Delivery 1/ })).toBeVisible();
    await expectNothingWider(page, "delivery that is not there");
    await page.goto(`/det/webhooks/${"1".repeat(400)}`);
    await expect(page.getByRole("heading", { name: /Webhook .* not found/ })).toBeVisible();
    await expectNothingWider(page, "webhook that is not there");
  });
}
