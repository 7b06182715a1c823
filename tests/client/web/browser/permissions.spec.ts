import { expect, test } from "../support/fixtures";
import { Client } from "../support/client";

test("who may only look is shown nothing else", async ({ page, client, webhookd }) => {
  const webhook = await client.create({ name: "for all", url: "https://example.com/hook" });
  await client.create({ name: "of a workspace", url: "https://example.com/hook", workspaceId: 1 });
  await client.report("COMPLETED");
  const other = new Client(webhookd.url);
  const token = await other.signIn("determined");
  for (const path of ["/webhooks/preview", "/webhooks/try"]) {
    await expect(other.call("POST", path, { webhook })).rejects.toThrow(/403/);
  }
  await page.context().addCookies([{ name: "webhookd_session", value: token, url: webhookd.url }]);
  await page.goto("/det/webhooks");
  await expect(page.getByRole("row", { name: /for all/ })).toContainText("not visible to you");
  await expect(page.getByRole("row", { name: /of a workspace/ })).toBeHidden();
  await expect(page.getByRole("link", { name: "New Webhook" })).toBeHidden();
  await page.getByRole("button", { name: "Actions for for all" }).click();
  await expect(page.getByRole("menuitem")).toHaveText(["Copy Webhook Name"]);
  await page.keyboard.press("Escape");

  await page.goto("/det/webhooks/new");
  await expect(page.getByText("You do not have permission to create webhooks")).toBeVisible();
  await expect(page.getByText(/Ask an administrator/)).toBeVisible();
  await page.goto(`/det/webhooks/${webhook.id}/edit`);
  await expect(page.getByText(/You do not have permission to change “for all”/)).toBeVisible();
  await page.goto(`/det/webhooks/${webhook.id}`);
  await expect(page.getByRole("heading", { name: "for all" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Test Webhook" })).toBeHidden();
  // It has deliveries, of which this user is shown none.
  await expect(
    page.getByRole("heading", { name: "You do not have permission to view its deliveries" }),
  ).toBeVisible();
  await expect(page.getByText("No deliveries yet")).toBeHidden();
});

test("who may not even look is told whom to ask", async ({ signedIn: page }) => {
  await page.route("**/api/v1/webhooks*", (route) =>
    route.fulfill({
      status: 403,
      json: {
        error: { code: 7, reason: "PermissionDenied", error: "access denied: VIEW_WEBHOOKS" },
      },
    }),
  );
  await page.goto("/det/webhooks");
  await expect(
    page.getByRole("heading", { name: "You do not have permission to view webhooks" }),
  ).toBeVisible();
  await expect(page.getByText("access denied: VIEW_WEBHOOKS")).toBeVisible();
  await expect(page.getByText(/Ask an administrator/)).toBeVisible();
});
