// What is written into the address bar. Plain strings: /det/webhooks?q=slack&page=2.
import { DeliveryState } from "../api/generated/webhookd/v1/delivery";

export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

export const sortColumns = ["name", "workspace", "mode", "url", "type", "last"] as const;
export type SortColumn = (typeof sortColumns)[number];
export const pageSizes = [25, 50, 100] as const;

// The list of webhooks: what is searched, filtered, sorted by, and which page.
export interface ListSearch {
  q?: string | undefined;
  workspace?: string | undefined; // a number, or "global"
  sort?: SortColumn | undefined;
  desc?: true | undefined;
  page?: number | undefined; // from 1
  size?: number | undefined;
}

function oneOf<T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((known) => known === value);
}

function wholeNumber(value: unknown): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

// What the address bar may hold. A value that makes no sense becomes undefined, which hides it.
type Loose = Record<string, unknown>;

function text(value: unknown): string | undefined {
  return value === undefined || value === "" ? undefined : String(value);
}

export function validateListSearch(search: Loose): ListSearch {
  const size = wholeNumber(search.size);
  const page = wholeNumber(search.page);
  return {
    q: text(search.q),
    workspace: search.workspace === "global" ? "global" : text(wholeNumber(search.workspace)),
    sort: oneOf(sortColumns, search.sort),
    desc: search.desc === "true" || search.desc === true ? true : undefined,
    page: page === 1 ? undefined : page,
    size: pageSizes.find((known) => known === size),
  };
}

// The list as one last saw it in this tab, for links that lead back to it.
let lastListSearch: ListSearch = {};

export function rememberListSearch(search: ListSearch): void {
  lastListSearch = search;
}

export function rememberedListSearch(): ListSearch {
  return lastListSearch;
}

// The deliveries of a webhook: which ones, and which page (a token of the server's).
export interface DeliverySearch {
  state?: DeliveryState;
  since?: Since;
  from?: string; // with since "custom", as <input type="datetime-local"> has it
  before?: string;
  event?: string;
  at?: string;
}

export const sinceHours = { "1h": 1, "24h": 24, "7d": 168 } as const;
export type Since = keyof typeof sinceHours | "custom";
export const deliveryStates: readonly DeliveryState[] = Object.values(DeliveryState).filter(
  (state) => state !== DeliveryState.DELIVERY_STATE_UNSPECIFIED,
);
const sinceNames: readonly Since[] = ["1h", "24h", "7d", "custom"];

export function validateDeliverySearch(search: Loose): DeliverySearch {
  return {
    state: oneOf(deliveryStates, search.state),
    since: oneOf(sinceNames, search.since),
    from: search.since === "custom" ? text(search.from) : undefined,
    before: search.since === "custom" ? text(search.before) : undefined,
    event: text(search.event),
    at: text(search.at),
  };
}

// A path of this page to return to after signing in; nothing outside of it.
export function safeReturn(value: unknown): string | undefined {
  return typeof value === "string" && /^\/det\/(?!login)[^\\]*$/.test(value) ? value : undefined;
}
