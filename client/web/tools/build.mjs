// Builds the page and writes it as a C++ source, for CMake: node tools/build.mjs OUTPUT.cc CACHE
//
// CACHE is a folder that all build folders share: a page that was built from the same sources is not
// built again.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { installPackages, run, withLock } from "./packages.mjs";

const here = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const [output, cache] = process.argv.slice(2).map((path) => resolve(path));
if (!output || !cache) {
  console.error("usage: node tools/build.mjs OUTPUT.cc CACHE");
  process.exit(2);
}

const contentTypes = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

function listFiles(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => listFiles(join(path, name)));
}

function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    hash
      .update(`${relative(here, path)}\0`)
      .update(readFileSync(path))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

async function buildPage() {
  const sources = ["index.html", "package-lock.json", "src", "tsconfig.json", "vite.config.ts"];
  const built = join(cache, hashOf(sources.flatMap((name) => listFiles(join(here, name)))));
  if (existsSync(built)) return built;
  await installPackages(here);
  await withLock(join(cache, "lock"), () => {
    if (existsSync(built)) return;
    const scratch = mkdtempSync(join(cache, "building-"));
    run(
      here,
      process.execPath,
      "node_modules/vite/bin/vite.js",
      "build",
      "--outDir",
      scratch,
      "--emptyOutDir",
    );
    renameSync(scratch, built);
  });
  return built;
}

// A C++ string literal; bytes that need it in octal, which unlike hex ends after three digits.
function literal(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 4096) {
    let line = "";
    for (const byte of bytes.subarray(at, at + 4096)) {
      const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c && byte !== 0x3f;
      line += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
    }
    lines.push(`    "${line}"`);
  }
  return lines.length === 0 ? '    ""' : lines.join("\n");
}

function sourceOf(folder) {
  const files = listFiles(folder).map((path) => {
    const name = relative(folder, path);
    const type = contentTypes[extname(name)];
    if (type === undefined)
      throw new Error(`${name}: tools/build.mjs knows no content type for it`);
    const packed = gzipSync(readFileSync(path), { level: 9 });
    return `    {"${name}", "${type}",\n     absl::string_view(\n${literal(packed)},\n     ${packed.length})},\n`;
  });
  return `// Written by client/web/tools/build.mjs.
#include "server/page/page_files.h"

namespace webhookd {

const std::vector<PageFile>& PageFiles() {
  static const std::vector<PageFile>& files = *new std::vector<PageFile>{
${files.join("")}  };
  return files;
}

}  // namespace webhookd
`;
}

mkdirSync(cache, { recursive: true });
const text = sourceOf(await buildPage());
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, text);
