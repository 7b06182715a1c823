import { defineConfig } from "@playwright/test";

// The browser is the distribution's own; none is downloaded.
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  projects: [
    { name: "browser", testDir: "browser" },
    // Draws the pictures of docs/screenshots; not a test.
    { name: "screenshots", testDir: "screenshots" },
  ],
  outputDir: process.env.PAGE_TEST_OUTPUT ?? "../../../build/page-tests",
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: [["line"]],
  use: {
    browserName: "chromium",
    launchOptions: { executablePath, args: ["--no-sandbox"] },
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    screenshot: "only-on-failure",
  },
});
