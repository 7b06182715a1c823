import { expect, test } from "../support/fixtures";

test("a server that is gone is told, and all goes on when it is back", async ({
  signedIn: page,
  client,
  webhookd,
}) => {
  await client.create({ name: "still here", url: "https://example.com/hook" });
  await page.goto("/det/webhooks");
  await expect(page.getByRole("row", { name: /still here/ })).toBeVisible();
  await webhookd.stop();
  await expect(page.getByText("The server is not responding.")).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole("row", { name: /still here/ })).toBeVisible();
  await page.getByRole("button", { name: "Actions for still here" }).click();
  await page.getByRole("menuitem", { name: "Disable Webhook" }).click();
  await expect(page.getByText("“still here” could not be changed")).toBeVisible();
  await webhookd.start();
  await expect(page.getByText("What you see may be out of date")).toBeHidden({ timeout: 20_000 });
  await client.signIn();
  await client.create({ name: "after the restart", url: "https://example.com/hook" });
  await expect(page.getByRole("row", { name: /after the restart/ })).toBeVisible();
});

test("a slow network shows that something is under way", async ({ signedIn: page, client }) => {
  await client.create({ name: "slowly", url: "https://example.com/hook" });
  await page.route("**/api/v1/webhooks?*", async (route) => {
    await new Promise((done) => setTimeout(done, 1500));
    await route.continue();
  });
  await page.goto("/det/webhooks");
  await expect(page.getByText("Loading…")).toBeVisible();
  await expect(page.getByRole("row", { name: /slowly/ })).toBeVisible();
});

test("a failure of the server is told in its own words", async ({ signedIn: page, client }) => {
  await client.create({ name: "stubborn", url: "https://example.com/hook" });
  await page.route("**/api/v1/webhooks/*", (route) =>
    route.request().method() === "DELETE"
      ? route.fulfill({
          status: 429,
          json: { error: { code: 8, reason: "ResourceExhausted", error: "the disk is full" } },
        })
      : route.continue(),
  );
  await page.goto("/det/webhooks");
  await page.getByRole("button", { name: "Actions for stubborn" }).click();
  await page.getByRole("menuitem", { name: "Delete Webhook" }).click();
  await page.getByRole("button", { name: "Delete Webhook" }).click();
  await expect(page.getByText("“stubborn” could not be deleted")).toBeVisible();
  await expect(page.getByText("the disk is full")).toBeVisible();
});
