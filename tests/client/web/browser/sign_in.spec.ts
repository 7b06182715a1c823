import { expect, test } from "../support/fixtures";
import { password } from "../support/webhookd";

test("a wrong password is told, the right one leads to the list", async ({ page, client }) => {
  await client.create({ name: "alerts", url: "https://example.com/hook" });
  await page.goto("/det/webhooks");
  await expect(page).toHaveURL(/\/det\/login/);
  await page.getByLabel("Username").fill("admin");
  await page.getByLabel("Password").fill("wrong");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("invalid credentials");
  await expect(page.getByLabel("Password")).toBeFocused();
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/det\/webhooks$/);
  await expect(page.getByRole("link", { name: "alerts" })).toBeVisible();
});

test("an ended session leads back to where one was", async ({ signedIn: page, client }) => {
  const webhook = await client.create({ name: "alerts", url: "https://example.com/hook" });
  const path = `/det/webhooks/${webhook.id}?state=DELIVERY_STATE_FAILED`;
  await page.goto(path);
  await expect(page.getByRole("heading", { name: "alerts" })).toBeVisible();
  await page.context().clearCookies();
  await expect(page).toHaveURL(/\/det\/login/, { timeout: 20_000 });
  await expect(page.getByText("Your session has ended")).toBeVisible();
  await page.getByLabel("Username").fill("admin");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign In" }).click();
  await expect(page).toHaveURL(new RegExp(`${path.replace("?", "\\?")}$`));
  await expect(page.getByRole("heading", { name: "alerts" })).toBeVisible();
});

test("nobody is led out of the page after signing in", async ({ page }) => {
  await page.goto("/det/login?next=https://evil.example/det/webhooks");
  await page.getByLabel("Username").fill("admin");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign In" }).click();
  await expect(page).toHaveURL(/127\.0\.0\.1:\d+\/det\/webhooks$/);
});

test("signing out ends the session", async ({ signedIn: page }) => {
  await page.goto("/det/webhooks");
  await page.getByRole("button", { name: /Signed in as admin/ }).click();
  await page.getByRole("menuitem", { name: "Sign Out" }).click();
  await expect(page).toHaveURL(/\/det\/login$/);
  await page.goto("/det/webhooks");
  await expect(page).toHaveURL(/\/det\/login/);
});

test("the session's cookie is out of reach of scripts and of other sites", async ({ page }) => {
  await page.goto("/det/login");
  await page.getByLabel("Username").fill("admin");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign In" }).click();
  await expect(page).toHaveURL(/\/det\/webhooks$/);
  const cookie = (await page.context().cookies()).find(({ name }) => name === "webhookd_session");
  expect(cookie?.httpOnly).toBe(true);
  expect(["Lax", "Strict"]).toContain(cookie?.sameSite);
});
