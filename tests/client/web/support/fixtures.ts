// What every browser test has: a server, a receiver, and a page that is signed in.
import { test as base, type Page } from "@playwright/test";
import { Client } from "./client";
import { Receiver } from "./receiver";
import { Webhookd } from "./webhookd";

interface Shared {
  webhookd: Webhookd;
  receiver: Receiver;
}

interface Own {
  client: Client; // an administrator
  signedIn: Page; // as that administrator, at no page yet
  problems: string[]; // what the browser complained about; none is wanted
}

export const test = base.extend<Own, Shared>({
  webhookd: [
    async ({}, use) => {
      const webhookd = new Webhookd();
      try {
        await webhookd.start();
        const administrator = new Client(webhookd.url);
        await administrator.signIn();
        await administrator.call("PUT", "/admin/workspaces/1", { name: "Uncategorized" });
        await use(webhookd);
      } finally {
        await webhookd.discard();
      }
    },
    { scope: "worker" },
  ],
  receiver: [
    async ({}, use) => {
      const receiver = new Receiver();
      await receiver.start();
      await use(receiver);
      await receiver.stop();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ webhookd }, use) => {
    await use(webhookd.url);
  },
  client: async ({ webhookd }, use) => {
    const client = new Client(webhookd.url);
    await client.signIn();
    await client.deleteAll();
    await use(client);
  },
  problems: async ({}, use) => {
    await use([]);
  },
  page: async ({ page, problems }, use) => {
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      // Answers that are errors are part of the tests; the browser tells of each.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        problems.push(message.text());
      }
    });
    await use(page);
    base.expect(problems).toEqual([]);
  },
  signedIn: async ({ page, webhookd, client }, use) => {
    const token = await client.signIn();
    await page
      .context()
      .addCookies([{ name: "webhookd_session", value: token, url: webhookd.url }]);
    await use(page);
  },
});

export const expect = base.expect;
