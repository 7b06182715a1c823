import { expect, test } from "../support/fixtures";
import { stateTrigger } from "../support/client";

test("creates a webhook", async ({ signedIn: page, client, receiver }) => {
  await page.goto("/det/webhooks");
  await page.getByRole("link", { name: "New Webhook" }).first().click();
  await page.getByRole("textbox", { name: "Name" }).fill("slack alerts");
  await page.getByLabel("URL").fill(receiver.url("/ok"));
  await page.getByLabel(/^Slack/).check();
  await page.getByRole("button", { name: "Errored" }).click();
  await page.getByRole("button", { name: "Create Webhook" }).click();
  await expect(page.getByText("Webhook “slack alerts” created")).toBeVisible();
  await expect(page).toHaveURL(/\/det\/webhooks$/);
  await expect(page.getByRole("row", { name: /slack alerts/ })).toBeVisible();
  const [webhook] = await client.webhooks();
  expect(webhook).toMatchObject({
    name: "slack alerts",
    webhookType: "WEBHOOK_TYPE_SLACK",
    mode: "WEBHOOK_MODE_WORKSPACE",
  });
  expect(webhook?.workspaceId ?? 0).toBe(0);
  expect(webhook?.triggers.map(({ condition }) => condition)).toEqual([
    { state: "COMPLETED" },
    { state: "ERRORED" },
  ]);
});

test("leaves the name to the server", async ({ signedIn: page, client }) => {
  await page.goto("/det/webhooks/new");
  await page.getByLabel("URL").fill("https://example.com/hook");
  await expect(page.getByRole("region", { name: "Preview" }).first()).toContainText("event_type");
  await page.getByRole("button", { name: "Create Webhook" }).click();
  await expect(page).toHaveURL(/\/det\/webhooks$/);
  const [webhook] = await client.webhooks();
  expect(webhook?.name).not.toBe("");
  await expect(page.getByText(`Webhook “${webhook?.name}” created`)).toBeVisible();
  await page.goto(`/det/webhooks/${webhook?.id}/edit`);
  await page.getByRole("textbox", { name: "Name" }).fill("");
  await page.getByRole("button", { name: "Save Changes" }).click();
  await expect(page.getByText("Enter a name")).toBeVisible();
});

test("creates every kind of trigger", async ({ signedIn: page, client }) => {
  await page.goto("/det/webhooks/new");
  await page.getByRole("textbox", { name: "Name" }).fill("all kinds");
  await page.getByLabel("URL").fill("https://example.com/hook");
  await page.getByRole("button", { name: "Task log" }).click();
  await page.getByLabel("Regular expression").fill("CUDA out of memory");
  await page.getByRole("button", { name: "Metric" }).click();
  await page.getByLabel("Metric", { exact: true }).fill("validation_loss");
  await page.getByLabel("Threshold").fill("0.9");
  await page.getByText("More conditions").click();
  await page.getByLabel("Reports in a row").fill("3");
  await page.getByLabel("Fires").selectOption("once per trial");
  await page.getByRole("button", { name: "Custom" }).click();
  await expect(page.getByText("A custom trigger needs specific experiments.")).toBeVisible();
  await expect(page.getByLabel(/Specific experiments/)).toBeChecked();
  await page.getByRole("button", { name: "Create Webhook" }).click();
  await expect(page.getByRole("row", { name: /all kinds/ })).toContainText("validation_loss > 0.9");
  await expect(page.getByRole("row", { name: /all kinds/ })).toContainText("TASKLOG");
  await expect(page.getByRole("row", { name: /all kinds/ })).toContainText("CUSTOM");
  const [webhook] = await client.webhooks();
  expect(webhook?.mode).toBe("WEBHOOK_MODE_SPECIFIC");
  expect(webhook?.triggers.map(({ condition }) => condition)).toEqual([
    { state: "COMPLETED" },
    { regex: "CUDA out of memory" },
    { metric: "validation_loss", operator: ">", threshold: 0.9, for_steps: 3, once_per: "trial" },
    {},
  ]);
});

test("says what is wrong as one types", async ({ signedIn: page, client }) => {
  await client.create({ name: "taken", url: "https://example.com/hook" });
  await page.goto("/det/webhooks/new");
  const url = page.getByLabel("URL");
  await url.fill("ftp://example.com");
  await expect(page.getByText("must begin with http:// or https://")).toBeVisible();
  await expect(url).toHaveAttribute("aria-invalid", "true");
  await url.fill("https://user:secret@example.com");
  await expect(page.getByText("must not contain a user name or password")).toBeVisible();
  await url.fill("https://example.com/hook");
  await expect(url).not.toHaveAttribute("aria-invalid", "true");
  await page.getByRole("textbox", { name: "Name" }).fill("taken");
  await expect(page.getByText("Another webhook in this workspace has this name")).toBeVisible();
  await page.getByRole("textbox", { name: "Name" }).fill("");
  await url.fill("");
  await page.getByRole("button", { name: "Create Webhook" }).click();
  await expect(page.getByText("Enter the URL to call")).toBeVisible();
  await expect(url).toBeFocused();
  await page.getByRole("button", { name: "Remove trigger 1" }).click();
  await expect(page.getByText("Add at least one trigger")).toBeVisible();
  expect(await client.webhooks()).toHaveLength(1);
});

test("shows at the field what only the server knows", async ({ signedIn: page }) => {
  await page.goto("/det/webhooks/new");
  await page.getByRole("textbox", { name: "Name" }).fill("metadata");
  await page.getByLabel("URL").fill("http://169.254.169.254/latest");
  await page.getByRole("button", { name: "Create Webhook" }).click();
  await expect(page.getByLabel("URL")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText(/is not allowed/).first()).toBeVisible();
});

test("tries a regular expression on sample lines with the server's RE2", async ({
  signedIn: page,
}) => {
  await page.goto("/det/webhooks/new");
  await page.getByRole("button", { name: "Task log" }).click();
  const regex = page.getByLabel("Regular expression");
  await page
    .getByLabel("Sample lines")
    .fill("step 1\nRuntimeError: CUDA out of memory\nfin — mémoire 3");
  await regex.fill("(?i)cuda .* memory");
  await expect(page.getByText("1 of 3 lines match")).toBeVisible();
  await expect(page.locator("mark")).toHaveText("CUDA out of memory");
  await regex.fill("m.moire");
  await expect(page.locator("mark")).toHaveText("mémoire");
  await regex.fill("(?=look)"); // JavaScript knows it, RE2 does not
  await expect(regex).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText(/not a valid pattern/)).toBeVisible();
});

test("previews what will be sent", async ({ signedIn: page }) => {
  await page.goto("/det/webhooks/new");
  await page.getByRole("textbox", { name: "Name" }).fill("previewed");
  await page.getByLabel("URL").fill("https://example.com/hook");
  const preview = page.getByRole("region", { name: "Preview" }).first();
  await expect(preview).toContainText('"event_type": "EXPERIMENT_STATE_CHANGE"');
  await page.getByLabel(/^Slack/).check();
  await expect(preview).toContainText("Your experiment completed successfully");
  await preview.getByRole("button", { name: "JSON" }).click();
  await expect(preview).toContainText('"blocks"');
});

test("sends a test before it is saved", async ({ signedIn: page, client, receiver }) => {
  await page.goto("/det/webhooks/new");
  await page.getByRole("textbox", { name: "Name" }).fill("tested first");
  await page.getByLabel("URL").fill(receiver.url("/refuse/first"));
  await page.getByRole("button", { name: "Send a Test First" }).click();
  await expect(page.getByText("The test failed")).toBeVisible();
  await expect(page.getByText("no such hook")).toBeVisible();
  await page.getByLabel("URL").fill(receiver.url("/ok/first"));
  await page.getByRole("button", { name: "Send a Test First" }).click();
  await expect(page.getByText("The receiver confirmed the test")).toBeVisible();
  expect(receiver.received.filter(({ path }) => path === "/ok/first")).toHaveLength(1);
  expect(receiver.received.find(({ path }) => path === "/ok/first")?.authentic).toBe(true);
  expect(await client.webhooks()).toHaveLength(0);
});

test("edits a webhook", async ({ signedIn: page, client }) => {
  const webhook = await client.create({
    name: "old name",
    url: "https://example.com/old",
    triggers: [stateTrigger("COMPLETED"), stateTrigger("CANCELED")],
    maxInFlight: 4,
  });
  await page.goto("/det/webhooks");
  await page.getByRole("button", { name: "Actions for old name" }).click();
  await page.getByRole("menuitem", { name: "Edit Webhook" }).click();
  await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("old name");
  await expect(page.getByLabel("Concurrent requests")).toHaveValue("4");
  await page.getByRole("textbox", { name: "Name" }).fill("new name");
  await page.getByLabel("URL").fill("https://example.com/new");
  await page.getByLabel("Concurrent requests").fill("");
  await page.getByRole("button", { name: "Remove trigger 2" }).click();
  await page.getByRole("button", { name: "Save Changes" }).click();
  await expect(page.getByText("Webhook “new name” saved")).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`/det/webhooks/${webhook.id}$`));
  const [saved] = await client.webhooks();
  expect(saved).toMatchObject({ name: "new name", url: "https://example.com/new" });
  expect(saved?.maxInFlight ?? null).toBeNull();
  expect(saved?.triggers.map(({ id }) => id)).toEqual([webhook.triggers[0]?.id]);
});

test("chooses the word for a failed experiment", async ({ signedIn: page, client }) => {
  await page.goto("/det/webhooks/new");
  await page.getByRole("textbox", { name: "Name" }).fill("tuned on a master");
  await page.getByLabel("URL").fill("https://example.com/hook");
  await page.getByRole("button", { name: "Errored" }).click();
  await page.getByRole("button", { name: "Remove trigger 1" }).click();
  await page.getByText("Delivery options").click();
  const word = page.getByLabel("Word for a failed experiment");
  await expect(word.getByRole("option", { selected: true })).toHaveText("Server's default");
  await word.selectOption("ERROR");
  const preview = page.getByRole("region", { name: "Preview" }).first();
  await expect(preview).toContainText('"state": "ERROR"');
  await page.getByRole("button", { name: "Create Webhook" }).click();
  await expect(page).toHaveURL(/\/det\/webhooks$/);
  const [created] = await client.webhooks();
  expect(created?.errorState).toBe("ERROR");
  await page.goto(`/det/webhooks/${created?.id}`);
  await expect(page.getByRole("region", { name: "About this webhook" })).toContainText(
    "Failed experimentERROR",
  );
  await page.getByRole("link", { name: "Edit Webhook" }).click();
  await expect(word).toHaveValue("ERROR");
  await word.selectOption("Server's default");
  await page.getByRole("button", { name: "Save Changes" }).click();
  await expect(page.getByText("saved")).toBeVisible();
  const [saved] = await client.webhooks();
  expect(saved?.errorState ?? null).toBeNull();
});

test("does not lose what was typed without asking", async ({ signedIn: page }) => {
  await page.goto("/det/webhooks/new");
  await page.getByRole("textbox", { name: "Name" }).fill("unsaved");
  page.once("dialog", (dialog) => void dialog.dismiss());
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("unsaved");
  page.once("dialog", (dialog) => void dialog.accept());
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect(page).toHaveURL(/\/det\/webhooks$/);
});
