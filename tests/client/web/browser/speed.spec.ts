import { expect, test } from "../support/fixtures";

const maxFirstLoadBytes = 250 * 1024;
const maxInteractiveMs = 1000;

test("the first load is small and quick, and kept for a year", async ({
  signedIn: page,
  client,
}) => {
  await client.create({ name: "quick", url: "https://example.com/hook" });
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const files = new Map<string, string>();
  let bytes = 0;
  session.on("Network.responseReceived", ({ requestId, response }) => {
    if (new URL(response.url).pathname.startsWith("/det")) files.set(requestId, response.url);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (files.has(requestId)) bytes += encodedDataLength;
  });
  const cached: string[] = [];
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.startsWith("/det/assets/"))
      cached.push(response.headers()["cache-control"] ?? "none");
    if (pathname === "/det/webhooks") {
      const policy = response.headers()["content-security-policy"] ?? "";
      expect(policy).toContain("script-src 'self'");
      expect(policy).not.toContain("unsafe");
    }
  });
  await page.goto("/det/webhooks");
  await expect(page.getByRole("row", { name: /quick/ })).toBeVisible();
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(maxFirstLoadBytes);
  expect(cached.length).toBeGreaterThan(0);
  for (const value of cached) expect(value).toContain("immutable");

  // Again, as everybody but a newcomer has it; the machine may be busy, so the best of five counts.
  const times: number[] = [];
  for (let run = 0; run < 5; run++) {
    const began = Date.now();
    await page.goto("/det/webhooks", { waitUntil: "commit" });
    await page.getByRole("button", { name: "Actions for quick" }).waitFor();
    times.push(Date.now() - began);
  }
  console.log(
    `first load ${(bytes / 1024).toFixed(0)} KB; interactive after ${times.join(", ")} ms`,
  );
  expect(Math.min(...times)).toBeLessThanOrEqual(maxInteractiveMs);
});

test("10,000 webhooks and 100,000 deliveries stay smooth", async ({ signedIn: page, client }) => {
  test.setTimeout(600_000);
  const inParallel = async (
    count: number,
    work: (i: number) => Promise<unknown>,
  ): Promise<void> => {
    let next = 0;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (next < count) await work(next++);
      }),
    );
  };
  // Disabled, so that its deliveries are recorded as skipped and nobody is called. A hundred lines of
  // one metric make a hundred deliveries of one report.
  const busy = await client.create({
    name: "busy",
    url: "https://example.com/hook",
    disabled: true,
    triggers: Array.from({ length: 100 }, (_, i) => ({
      triggerType: "TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED",
      condition: { metric: "loss", operator: ">", threshold: i },
    })) as never,
  });
  await inParallel(1000, (i) =>
    client.call("POST", "/events/metrics", {
      experiment: { id: i + 1, name: "e", trialId: i + 1, workspaceId: 1 },
      group: "training",
      stepsCompleted: 1,
      metrics: [{ name: "loss", value: 1000 }],
    }),
  );
  await inParallel(9_999, (i) =>
    client.create({ name: `hook ${i}`, url: `https://example.com/${i}` }),
  );

  await page.goto("/det/webhooks");
  await expect(page.getByText("1–25 of 10,000")).toBeVisible({ timeout: 30_000 });
  const search = page.getByRole("searchbox");
  let began = Date.now();
  await search.fill("hook 9998");
  await expect(page.getByText("1–1 of 1")).toBeVisible();
  const searched = Date.now() - began;
  await search.fill("");
  await expect(page.getByText("1–25 of 10,000")).toBeVisible();
  began = Date.now();
  await page.getByRole("button", { name: "URL" }).click();
  await expect(page).toHaveURL(/sort=url/);
  const sorted = Date.now() - began;

  await page.goto(`/det/webhooks/${busy.id}`);
  await expect(page.getByRole("rowheader")).toHaveCount(50);
  began = Date.now();
  for (let i = 0; i < 5; i++) {
    const first = await page.getByRole("rowheader").first().textContent();
    await page.getByRole("button", { name: "Older" }).click();
    await expect(page.getByRole("rowheader").first()).not.toHaveText(first ?? "");
  }
  const paged = (Date.now() - began) / 5;
  console.log(`search ${searched} ms, sort ${sorted} ms, a page of deliveries ${paged} ms`);
  expect(searched).toBeLessThanOrEqual(1000);
  expect(sorted).toBeLessThanOrEqual(1000);
  expect(paged).toBeLessThanOrEqual(1000);
  await page.goBack();
  await expect(page).toHaveURL(/at=/);
});
