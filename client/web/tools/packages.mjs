// Installs the packages of a folder, once for each package-lock.json, and runs programs in it.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Runs a program in `folder`. What it says is shown only when it fails.
export function run(folder, program, ...args) {
  try {
    execFileSync(program, args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
    });
  } catch (error) {
    console.error(error.stdout ?? "", error.stderr ?? "");
    console.error(`'${program} ${args.join(" ")}' failed in ${folder}; its messages are above.`);
    throw error;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

// Runs `work` while no other process does so with the same path. A lock whose owner died is broken.
export async function withLock(path, work) {
  for (;;) {
    try {
      mkdirSync(path);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const owner = existsSync(join(path, "pid")) ? readFileSync(join(path, "pid"), "utf8") : "";
      if (owner !== "" && !isRunning(Number(owner))) {
        rmSync(path, { recursive: true, force: true });
        continue;
      }
      await new Promise((done) => setTimeout(done, 200));
    }
  }
  try {
    writeFileSync(join(path, "pid"), String(process.pid));
    await work();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

// `npm ci` in `folder`, unless that was done for this package-lock.json. No package runs a script.
export async function installPackages(folder) {
  const wanted = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  const stamp = join(folder, "node_modules/.installed");
  const isInstalled = () => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
  if (isInstalled()) return;
  await withLock(join(folder, ".npm-lock"), () => {
    if (isInstalled()) return;
    run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
    writeFileSync(stamp, wanted);
  });
}
