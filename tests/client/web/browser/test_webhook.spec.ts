import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "../support/fixtures";
import { signingKey } from "../support/webhookd";

test("shows what was sent, what came back and how to verify it", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  await client.create({ name: "tested", url: receiver.url("/ok/tested") });
  await page.goto("/det/webhooks");
  await page.getByRole("button", { name: "Actions for tested" }).click();
  await page.getByRole("menuitem", { name: "Test Webhook" }).click();
  const dialog = page.getByRole("dialog", { name: "Test “tested”" });
  await expect(dialog.getByText("The receiver confirmed the test")).toBeVisible();
  await expect(dialog).toContainText(/HTTP 200 · took .*ms/);
  await expect(dialog).toContainText("thanks");
  const [request] = receiver.received.filter(({ path }) => path === "/ok/tested");
  expect(request?.authentic).toBe(true);
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"]) {
    await expect(
      dialog.getByRole("term").filter({ hasText: new RegExp(`^${name}$`, "i") }),
    ).toBeVisible();
    await expect(dialog).toContainText(String(request?.headers[name]));
  }
  await dialog.getByText("How the receiver verifies the signature").click();
  await expect(dialog).toContainText(
    String(request?.headers["x-determined-ai-signature-timestamp"]),
  );
  await expect(dialog).toContainText(String(request?.headers["x-determined-ai-signature"]));
  await expect(dialog).toContainText("Set by DET_WEBHOOKS_SIGNING_KEY");
  await expect(dialog).not.toContainText(signingKey);
  await dialog.getByRole("button", { name: "Show Key" }).click();
  await expect(dialog).toContainText(signingKey);
  await dialog.getByRole("button", { name: "Test Again" }).click();
  await expect
    .poll(() => receiver.received.filter(({ path }) => path === "/ok/tested").length)
    .toBe(2);
});

test("a failed test is impossible to miss and says what to do", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  await client.create({ name: "refused", url: receiver.url("/refuse") });
  await client.create({ name: "nobody there", url: "http://127.0.0.1:1/hook" });
  await page.goto("/det/webhooks");
  await page.getByRole("button", { name: "Actions for refused" }).click();
  await page.getByRole("menuitem", { name: "Test Webhook" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("The test failed")).toBeVisible();
  await expect(dialog).toContainText("The receiver rejected the request");
  await expect(dialog).toContainText("no such hook");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await page.getByRole("button", { name: "Actions for nobody there" }).click();
  await page.getByRole("menuitem", { name: "Test Webhook" }).click();
  await expect(dialog.getByText("The test failed")).toBeVisible();
  await expect(dialog).toContainText("The connection failed");
  await expect(dialog).toContainText(
    "Check that the receiver is running and listening on this port",
  );
});

test("a failed test promises nothing that holds for deliveries only", async ({
  signedIn: page,
  client,
  receiver,
}) => {
  for (const path of ["/fail/test", "/gone/test"]) {
    const webhook = await client.create({ name: `test of ${path}`, url: receiver.url(path) });
    await page.goto(`/det/webhooks/${webhook.id}`);
    await page.getByRole("button", { name: "Test Webhook" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByText("The test failed")).toBeVisible();
    await expect(dialog).not.toContainText(/tried again|disable/);
    expect(receiver.received.filter((request) => request.path === path)).toHaveLength(1);
    const [again] = await client.webhooks();
    expect(again?.disabled ?? false).toBe(false);
    await client.deleteAll();
  }
});

test("the receiver of the documentation accepts the test", async ({ signedIn: page, client }) => {
  const program = resolve("../../end_to_end/receiver.py");
  const receiver = spawn("python3", ["-B", program, "--key", signingKey, "--port", "0"]);
  try {
    const url = await new Promise<string>((done) =>
      createInterface(receiver.stdout).on("line", (line) => {
        const match = /^listening on (\S+)/.exec(line);
        if (match?.[1] !== undefined) done(match[1]);
      }),
    );
    await client.create({ name: "documented", url });
    await page.goto("/det/webhooks");
    await page.getByRole("button", { name: "Actions for documented" }).click();
    await page.getByRole("menuitem", { name: "Test Webhook" }).click();
    await expect(page.getByText("The receiver confirmed the test")).toBeVisible();
  } finally {
    receiver.kill();
  }
});
