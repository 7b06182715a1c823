// Runs one kind of tests of the page: node run.mjs check|unit|browser|screenshots [ARGUMENTS…]
//
// Installs the packages of the page and of its tests first, once for each package-lock.json. The
// browser tests need WEBHOOKD_BIN and a Chromium (CHROMIUM, /usr/bin/chromium by default).
import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { installPackages } from "../../../client/web/tools/packages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const web = resolve(here, "../../../client/web");

function step(folder, program, ...args) {
  const { status, error } = spawnSync(process.execPath, [join(folder, program), ...args], {
    cwd: folder,
    stdio: "inherit",
    env: { ...process.env, FORCE_COLOR: "0" },
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const playwright = "node_modules/@playwright/test/cli.js";
const prettier = "node_modules/prettier/bin/prettier.cjs";
const kinds = {
  check() {
    step(web, "tools/generate-types.mjs", "--check");
    step(web, "node_modules/typescript/bin/tsc", "--noEmit");
    step(here, "node_modules/typescript/bin/tsc", "--noEmit");
    step(web, prettier, "--check", "--log-level=warn", ".", here);
  },
  unit: (...args) => step(here, "node_modules/vitest/vitest.mjs", "run", ...args),
  browser: (...args) => step(here, playwright, "test", "--project=browser", ...args),
  screenshots: (...args) => step(here, playwright, "test", "--project=screenshots", ...args),
};

const [kind, ...args] = process.argv.slice(2);
if (kinds[kind] === undefined) {
  console.error(`usage: node run.mjs ${Object.keys(kinds).join("|")} [ARGUMENTS…]`);
  process.exit(2);
}
await installPackages(web);
await installPackages(here);
kinds[kind](...args);
