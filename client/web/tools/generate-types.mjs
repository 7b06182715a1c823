// Writes src/api/generated from the proto files: the types of what the server's REST API takes and
// answers, in JSON. With --check it changes nothing and fails when what is there is out of date.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const protos = resolve(here, "../../proto");
const target = join(here, "src/api/generated");

// What the page uses; what these import comes along.
const roots = [
  "determined/api/v1/auth",
  "determined/api/v1/master",
  "determined/api/v1/rbac",
  "determined/api/v1/user",
  "determined/api/v1/webhook",
  "determined/api/v1/workspace",
  "webhookd/v1/delivery",
];
const options = [
  "onlyTypes=true",
  "useJsonWireFormat=true",
  "forceLong=string",
  "outputServices=none",
  "unrecognizedEnum=false",
];

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    })
    .sort();
}

function generate(folder) {
  execFileSync(
    "protoc",
    [
      `-I${protos}`,
      `--plugin=protoc-gen-ts_proto=${join(here, "node_modules/.bin/protoc-gen-ts_proto")}`,
      `--ts_proto_out=${folder}`,
      `--ts_proto_opt=${options.join(",")}`,
      ...roots.map((root) => `${root}.proto`),
    ],
    { cwd: protos, stdio: ["ignore", "inherit", "inherit"] },
  );
  // Only what a root reaches: the well-known types are plain JSON here and need no file.
  const files = new Map(
    listFiles(folder).map((path) => [
      relative(folder, path),
      // The version of protoc differs between machines and changes nothing.
      readFileSync(path, "utf8").replace(/^\/\/ versions:\n(\/\/ {3}.*\n)*/m, ""),
    ]),
  );
  const reached = new Map();
  const visit = (name) => {
    if (reached.has(name)) return;
    const text = files.get(name);
    reached.set(name, text);
    for (const [, path] of text.matchAll(/from "(\.[^"]+)"/g)) {
      visit(`${join(dirname(name), path)}.ts`);
    }
  };
  for (const root of roots) visit(`${root}.ts`);
  return reached;
}

const scratch = mkdtempSync(join(tmpdir(), "webhookd-types-"));
try {
  const fresh = generate(scratch);
  if (process.argv.includes("--check")) {
    const old = existsSync(target) ? listFiles(target).map((path) => relative(target, path)) : [];
    const stale = [...new Set([...old, ...fresh.keys()])].filter(
      (name) => !old.includes(name) || readFileSync(join(target, name), "utf8") !== fresh.get(name),
    );
    if (stale.length > 0) {
      console.error(
        `These files do not follow proto/ any more:\n  ${stale.join("\n  ")}\n` +
          "Run `npm run types` in client/web and commit what it writes.",
      );
      process.exitCode = 1;
    }
  } else {
    rmSync(target, { recursive: true, force: true });
    for (const [name, text] of fresh) {
      mkdirSync(dirname(join(target, name)), { recursive: true });
      writeFileSync(join(target, name), text);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
