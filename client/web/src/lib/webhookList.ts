// The list of webhooks as the address bar asks for it: searched, filtered, sorted, a page of it.
import type { Webhook } from "../api/generated/determined/webhook/v1/webhook";
import type { Delivery } from "../api/generated/webhookd/v1/delivery";
import { texts } from "../texts";
import { isGlobal, modeLabel } from "./conditions";
import { timeMs } from "./format";
import type { ListSearch, SortColumn } from "./search";

export interface Row {
  webhook: Webhook;
  workspace: string; // name of its workspace, "Global" without one
  last: Delivery | undefined;
}

export const defaultPageSize = 25;

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function sortKey(row: Row, column: SortColumn): string {
  switch (column) {
    case "name":
      return row.webhook.name;
    case "workspace":
      return row.workspace;
    case "mode":
      return modeLabel(row.webhook);
    case "url":
      return row.webhook.url;
    case "type":
      return texts.types[row.webhook.webhookType];
    case "last":
      return "";
  }
}

function lastTime(row: Row): number {
  return timeMs(row.last?.createdAt) ?? 0;
}

// All rows in order. Costly for thousands of names, so filtering comes after it.
export function sortRows(rows: readonly Row[], { sort = "name", desc }: ListSearch): Row[] {
  const sorted = [...rows];
  if (sort === "last") sorted.sort((a, b) => lastTime(b) - lastTime(a));
  else {
    const keys = new Map(sorted.map((row) => [row, sortKey(row, sort)]));
    // Addresses are not for people, and plain comparison is many times faster.
    const compare =
      sort === "url" ? (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0) : collator.compare;
    sorted.sort((a, b) => compare(keys.get(a)!, keys.get(b)!) || a.webhook.id - b.webhook.id);
  }
  return desc ? sorted.reverse() : sorted;
}

export function filterRows(rows: readonly Row[], { q = "", workspace }: ListSearch): Row[] {
  const needle = q.trim().toLowerCase();
  return rows.filter(({ webhook }) => {
    if (workspace === "global" && !isGlobal(webhook)) return false;
    if (workspace !== undefined && workspace !== "global") {
      if (String(webhook.workspaceId) !== workspace) return false;
    }
    return (
      needle === "" ||
      webhook.name.toLowerCase().includes(needle) ||
      webhook.url.toLowerCase().includes(needle)
    );
  });
}

export interface Page<T> {
  items: T[];
  number: number; // from 1
  count: number;
  from: number; // of the first item, from 1
  total: number;
}

// A page of `rows`; the last one if there are not so many.
export function pageOf<T>(rows: readonly T[], number: number, size: number): Page<T> {
  const count = Math.max(1, Math.ceil(rows.length / size));
  const page = Math.min(Math.max(1, number), count);
  const start = (page - 1) * size;
  return {
    items: rows.slice(start, start + size),
    number: page,
    count,
    from: rows.length === 0 ? 0 : start + 1,
    total: rows.length,
  };
}
