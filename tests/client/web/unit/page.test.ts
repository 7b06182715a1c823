import { describe, expect, test } from "vitest";
import { PermissionType } from "../../../../client/web/src/api/generated/determined/rbac/v1/rbac";
import { judge } from "../../../../client/web/src/api/permissions";
import { splitByBytes } from "../../../../client/web/src/lib/lineMatch";
import {
  parseSearch,
  safeReturn,
  stringifySearch,
  validateListSearch,
} from "../../../../client/web/src/lib/search";
import { shellCommand } from "../../../../client/web/src/lib/signature";
import { parseMarkup } from "../../../../client/web/src/lib/slack";
import { axisPosition, axisTicks } from "../../../../client/web/src/lib/timeline";
import { pageOf } from "../../../../client/web/src/lib/webhookList";

test("the shell's command quotes the body", () => {
  expect(shellCommand("1", "it's")).toContain(`'1,it'\\''s'`);
});

test("matches are cut out by bytes", () => {
  expect(splitByBytes("née à Köln", 5, 7)).toEqual(["née ", "à", " Köln"]);
});

test("Slack's markup is taken apart", () => {
  expect(parseMarkup("*Status*: a &lt;b&gt; <https://x.example/1|the run> `c` ```d\ne```")).toEqual(
    [
      { kind: "bold", text: "Status" },
      { kind: "text", text: ": a <b> " },
      { kind: "link", text: "the run", url: "https://x.example/1" },
      { kind: "text", text: " " },
      { kind: "code", text: "c" },
      { kind: "text", text: " " },
      { kind: "fence", text: "d\ne" },
    ],
  );
});

test("the time axis begins at 0, ends at 1 and grows", () => {
  const end = 86_400_000;
  const positions = [0, 1000, 60_000, 3_600_000, end].map((ms) => axisPosition(ms, end));
  expect(positions[0]).toBe(0);
  expect(positions.at(-1)).toBe(1);
  expect([...positions].sort((a, b) => a - b)).toEqual(positions);
  const ticks = axisTicks(end, 0.1);
  for (let i = 1; i < ticks.length; i++)
    expect(ticks[i]!.at - ticks[i - 1]!.at).toBeGreaterThanOrEqual(0.1);
});

describe("the address bar", () => {
  test("holds plain strings", () => {
    expect(stringifySearch({ q: "a b&c", page: 2, desc: undefined })).toBe("?q=a+b%26c&page=2");
    expect(parseSearch("?q=a+b%26c&page=2")).toEqual({ q: "a b&c", page: "2" });
  });
  test("is not believed", () => {
    const search = validateListSearch({
      page: "-3",
      size: "7",
      sort: "evil",
      desc: "maybe",
      workspace: "x",
    });
    expect(Object.values(search).filter((value) => value !== undefined)).toEqual([]);
  });
  test("leads nowhere else after signing in", () => {
    expect(safeReturn("/det/webhooks/3?state=x")).toBe("/det/webhooks/3?state=x");
    for (const evil of [
      "https://evil.example",
      "//evil.example",
      "/det/login",
      "/det\\evil",
      "/other",
      7,
    ]) {
      expect(safeReturn(evil)).toBeUndefined();
    }
  });
});

test("a page beyond the last is the last", () => {
  expect(pageOf([1, 2, 3], 9, 2)).toEqual({ items: [3], number: 2, count: 2, from: 3, total: 3 });
  expect(pageOf([], 1, 2)).toMatchObject({ items: [], number: 1, from: 0 });
});

describe("permissions", () => {
  const me = { id: 2, username: "u", admin: false } as never;
  const workspaces = [
    { id: 1, userId: 1 },
    { id: 2, userId: 2 },
  ] as never;
  const editor = {
    roles: [{ roleId: 5, permissions: [{ id: PermissionType.PERMISSION_TYPE_EDIT_WEBHOOKS }] }],
    assignments: [{ roleId: 5, scopeWorkspaceIds: [1], scopeCluster: false }],
  } as never;
  test("an owner edits the webhooks of their workspace", () => {
    const may = judge({ me, summary: undefined, workspaces, rbac: false });
    expect([may.canEdit(1), may.canEdit(2), may.canEdit(null), may.canCreate]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
  test("with roles only the roles count", () => {
    const may = judge({ me, summary: editor, workspaces, rbac: true });
    expect([may.canEdit(1), may.canEdit(2), may.canEdit(null), may.canCreate]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
  test("an administrator edits all", () => {
    const may = judge({
      me: { id: 1, admin: true } as never,
      summary: undefined,
      workspaces: [],
      rbac: false,
    });
    expect([may.canEdit(9), may.canEdit(null), may.canSeeConfig]).toEqual([true, true, true]);
  });
});
