import { expect, test } from "../support/fixtures";
import { stateTrigger } from "../support/client";

const url = "https://example.com/hook";

test("without webhooks it says so", async ({ signedIn: page, client }) => {
  await client.deleteAll();
  await page.goto("/det/webhooks");
  await expect(page.getByRole("heading", { name: "No Webhooks Registered" })).toBeVisible();
  await expect(page.getByRole("link", { name: "New Webhook" }).first()).toBeVisible();
});

test("shows what each webhook is", async ({ signedIn: page, client }) => {
  await client.create({
    name: "everything",
    url: "https://hooks.slack.com/services/T/B/X",
    webhookType: "WEBHOOK_TYPE_SLACK" as never,
    triggers: [stateTrigger("COMPLETED"), stateTrigger("ERROR")],
  });
  await client.create({ name: "of a workspace", url, workspaceId: 1 });
  await page.goto("/det/webhooks");
  const row = page.getByRole("row", { name: /everything/ });
  await expect(row).toContainText("Global");
  await expect(row).toContainText("Completed");
  await expect(row).toContainText("Errored");
  await expect(row).toContainText("Slack");
  await expect(row).toContainText("https://hooks.slack.com/services/T/B/X");
  await expect(row).toContainText("none yet");
  await expect(page.getByRole("row", { name: /of a workspace/ })).toContainText("Uncategorized");
});

test("search, filter, sort and page are kept in the address bar", async ({
  signedIn: page,
  client,
}) => {
  for (let i = 1; i <= 30; i++) {
    await client.create({
      name: `hook ${i}`,
      url: `https://example.com/${i % 2 ? "odd" : "even"}/${i}`,
      ...(i <= 3 && { workspaceId: 1 }),
    });
  }
  await page.goto("/det/webhooks");
  const names = page.getByRole("rowheader");
  await expect(names).toHaveCount(25);
  await expect(names.first()).toHaveText("hook 1"); // 2 before 10: sorted as people count
  await expect(page.getByText("1–25 of 30")).toBeVisible();
  await page.getByRole("button", { name: "Next page" }).click();
  await expect(page).toHaveURL(/page=2/);
  await expect(names).toHaveCount(5);

  await page.getByRole("button", { name: "Name" }).click();
  await expect(page).toHaveURL(/desc=true/);
  await expect(names.first()).toHaveText("hook 30");

  await page.getByRole("searchbox").fill("odd");
  await expect(page).toHaveURL(/q=odd/);
  await expect(names).toHaveCount(15);
  await page.reload();
  await expect(names).toHaveCount(15);
  await expect(page.getByRole("searchbox")).toHaveValue("odd");
  await expect(names.first()).toHaveText("hook 29");

  await page.getByLabel("Workspace").selectOption("Uncategorized");
  await expect(names).toHaveText(["hook 3", "hook 1"]);
  await page.getByLabel("Workspace").selectOption("Global only");
  await expect(names).toHaveCount(13);

  await names.first().getByRole("link").click();
  await page.getByRole("main").getByRole("link", { name: "Webhooks" }).click();
  await expect(names).toHaveCount(13);

  await page.getByRole("searchbox").fill("nothing like it");
  await expect(page.getByRole("heading", { name: "No matching webhooks" })).toBeVisible();
  await page.getByRole("button", { name: "Clear Filters" }).click();
  await expect(names).toHaveCount(25);
});

test("follows changes that others make, without flicker", async ({ signedIn: page, client }) => {
  const first = await client.create({ name: "first", url });
  await page.goto("/det/webhooks");
  const row = page.getByRole("row", { name: /first/ });
  await row.evaluate((element) => element.setAttribute("data-seen", "yes"));
  await client.create({ name: "second", url });
  await expect(page.getByRole("row", { name: /second/ })).toBeVisible();
  await expect(row).toHaveAttribute("data-seen", "yes");
  await client.call("DELETE", `/webhooks/${first.id}`);
  await expect(row).toBeHidden();
});

test("copies the name", async ({ signedIn: page, client, webhookd }) => {
  await page
    .context()
    .grantPermissions(["clipboard-read", "clipboard-write"], { origin: webhookd.url });
  await client.create({ name: "to be copied", url });
  await page.goto("/det/webhooks");
  await page.getByRole("button", { name: "Actions for to be copied" }).click();
  await page.getByRole("menuitem", { name: "Copy Webhook Name" }).click();
  await expect(page.getByText("Copied “to be copied”")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("to be copied");
});

test("a webhook that was disabled says why and can be enabled", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  const webhook = await client.create({ name: "retired", url: receiver.url("/gone") });
  await client.report("COMPLETED");
  await client.deliveriesWhen(webhook.id, (all) =>
    all.some(({ lastStatus }) => lastStatus === 410),
  );
  await page.goto("/det/webhooks");
  const row = page.getByRole("row", { name: /retired/ });
  await expect(row).toContainText("Disabled");
  await expect(row).toContainText("410");
  await row.getByRole("button", { name: "Enable retired" }).click();
  await expect(page.getByText("“retired” is enabled")).toBeVisible();
  await expect(page.getByRole("main")).toBeFocused(); // the button is gone
  await expect(row).not.toContainText("Disabled");
});

test("shows the last delivery's outcome", async ({ signedIn: page, client, receiver }) => {
  const good = await client.create({ name: "good", url: receiver.url("/ok") });
  const bad = await client.create({ name: "bad", url: receiver.url("/fail") });
  await client.report("COMPLETED");
  await client.deliveriesWhen(good.id, ([last]) => last?.state === "DELIVERY_STATE_DELIVERED");
  await client.deliveriesWhen(bad.id, ([last]) => last?.attemptCount === 1);
  await page.goto("/det/webhooks");
  await expect(page.getByRole("row", { name: /good/ })).toContainText(/Delivered.*(now|ago)/);
  await expect(page.getByRole("row", { name: /bad/ })).toContainText("Waiting");
  await page.getByRole("link", { name: /Delivered/ }).click();
  await expect(page).toHaveURL(new RegExp(`/det/webhooks/${good.id}/deliveries/\\d+$`));
});

test("asks before it deletes and tells what is lost", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  const webhook = await client.create({ name: "doomed", url: receiver.url("/fail") });
  await client.report("COMPLETED");
  await client.deliveriesWhen(webhook.id, ([last]) => last?.attemptCount === 1);
  await page.goto("/det/webhooks");
  await page.getByRole("button", { name: "Actions for doomed" }).click();
  await page.getByRole("menuitem", { name: "Delete Webhook" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog).toContainText("1 delivery is waiting and will be canceled");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  expect(await client.webhooks()).toHaveLength(1);

  await page.getByRole("button", { name: "Actions for doomed" }).click();
  await page.getByRole("menuitem", { name: "Delete Webhook" }).click();
  await dialog.getByRole("button", { name: "Delete Webhook" }).click();
  await expect(page.getByText(/“doomed” deleted; 1 waiting delivery canceled/)).toBeVisible();
  await expect(page.getByRole("heading", { name: "No Webhooks Registered" })).toBeVisible();
});

test("works by keyboard alone", async ({ signedIn: page, client }) => {
  await client.create({ name: "by keyboard", url });
  await page.goto("/det/webhooks");
  await expect(page.getByRole("row", { name: /by keyboard/ })).toBeVisible();
  await page.getByRole("button", { name: "Actions for by keyboard" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Copy Webhook Name" })).toBeFocused();
  await page.keyboard.press("End");
  await expect(page.getByRole("menuitem", { name: "Delete Webhook" })).toBeFocused();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("alertdialog");
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Actions for by keyboard" })).toBeFocused();

  // Another page has the focus, and not the window's beginning.
  await page.getByRole("link", { name: "by keyboard" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "by keyboard" })).toBeVisible();
  await expect(page.getByRole("main")).toBeFocused();
});
