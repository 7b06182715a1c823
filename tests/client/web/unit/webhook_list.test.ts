import { describe, expect, test } from "vitest";
import type { Webhook } from "../../../../client/web/src/api/generated/determined/webhook/v1/webhook";
import { filterRows, type Row, sortRows } from "../../../../client/web/src/lib/webhookList";

function row(id: number, name: string, more: Partial<Webhook> & { last?: string } = {}): Row {
  const { last, ...webhook } = more;
  return {
    webhook: {
      id,
      name,
      url: `https://example.com/${id}`,
      mode: "WEBHOOK_MODE_WORKSPACE",
      webhookType: "WEBHOOK_TYPE_DEFAULT",
      triggers: [],
      ...webhook,
    } as Webhook,
    workspace: webhook.workspaceId ? `w${webhook.workspaceId}` : "Global",
    last: last ? ({ createdAt: last } as Row["last"]) : undefined,
  };
}

const rows = [
  row(1, "hook 10", { workspaceId: 2, last: "2026-01-02T00:00:00Z" }),
  row(2, "Hook 9", { url: "https://b.example" }),
  row(3, "élan", { workspaceId: 1, last: "2026-01-03T00:00:00Z" }),
];
const ids = (selected: readonly Row[]): number[] => selected.map(({ webhook }) => webhook.id);

describe("rows", () => {
  test("are sorted by name as people do it", () => {
    expect(ids(sortRows(rows, {}))).toEqual([3, 2, 1]);
    expect(ids(sortRows(rows, { desc: true }))).toEqual([1, 2, 3]);
  });
  test("are sorted by other columns", () => {
    expect(ids(sortRows(rows, { sort: "url" }))).toEqual([2, 1, 3]);
    expect(ids(sortRows(rows, { sort: "workspace" }))).toEqual([2, 3, 1]);
    expect(ids(sortRows(rows, { sort: "last" }))).toEqual([3, 1, 2]);
  });
  test("are found by name and URL in any case", () => {
    expect(ids(filterRows(rows, { q: "HOOK" }))).toEqual([1, 2]);
    expect(ids(filterRows(rows, { q: "b.exam" }))).toEqual([2]);
    expect(ids(filterRows(rows, { q: " hook 9 " }))).toEqual([2]);
  });
  test("are filtered by workspace", () => {
    expect(ids(filterRows(rows, { workspace: "global" }))).toEqual([2]);
    expect(ids(filterRows(rows, { workspace: "2" }))).toEqual([1]);
  });
});
