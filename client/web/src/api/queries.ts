// What the page knows of the server, kept fresh while one looks. Every change to webhooks or
// deliveries ends in `refresh`, so that what is shown follows at once.
import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";
import { api } from "./api";
import {
  DeliveryState,
  type ListDeliveriesRequest,
  type ListDeliveriesResponse,
} from "./generated/webhookd/v1/delivery";
import { ApiError } from "./http";

const second = 1000;

// Reading thousands of webhooks every few seconds would serve nobody.
function listInterval(count: number): number {
  return count <= 500 ? 5 * second : 30 * second;
}

const moving: readonly DeliveryState[] = [
  DeliveryState.DELIVERY_STATE_PENDING,
  DeliveryState.DELIVERY_STATE_IN_FLIGHT,
];

export function isMoving(state: DeliveryState): boolean {
  return moving.includes(state);
}

const searchTime = 2 * second;

// A call looks at so many deliveries and no more, so a page may be empty and others follow. Goes on
// until there is something to show, but not for long.
export async function firstFilledPage(
  request: Partial<ListDeliveriesRequest>,
  list: (request: Partial<ListDeliveriesRequest>) => Promise<ListDeliveriesResponse>,
  now: () => number = () => performance.now(),
): Promise<ListDeliveriesResponse> {
  const end = now() + searchTime;
  let page = await list(request);
  while (page.deliveries.length === 0 && page.nextPageToken && now() < end) {
    page = await list({ ...request, pageToken: page.nextPageToken });
  }
  return page;
}

export const queries = {
  me: () =>
    queryOptions({
      queryKey: ["me"],
      queryFn: async ({ signal }) => (await api.me(signal)).user!,
      staleTime: 60 * second,
    }),
  master: () =>
    queryOptions({
      queryKey: ["master"],
      queryFn: ({ signal }) => api.master(signal),
      staleTime: Infinity,
    }),
  masterConfig: () =>
    queryOptions({
      queryKey: ["master-config"],
      queryFn: ({ signal }) => api.masterConfig(signal),
      staleTime: 60 * second,
    }),
  permissions: () =>
    queryOptions({
      queryKey: ["permissions"],
      queryFn: ({ signal }) => api.permissions(signal),
      staleTime: 60 * second,
    }),
  workspaces: () =>
    queryOptions({
      queryKey: ["workspaces"],
      queryFn: ({ signal }) => api.workspaces(signal),
      staleTime: 60 * second,
    }),
  webhooks: () =>
    queryOptions({
      queryKey: ["webhooks"],
      queryFn: ({ signal }) => api.webhooks(signal),
      refetchInterval: (query) => listInterval(query.state.data?.webhooks.length ?? 0),
    }),
  webhook: (id: number) =>
    queryOptions({
      queryKey: ["webhook", id],
      queryFn: async ({ signal }) => (await api.webhook(id, signal)).webhook!,
      refetchInterval: 5 * second,
    }),
  deliveries: (request: Partial<ListDeliveriesRequest>) =>
    queryOptions({
      queryKey: ["deliveries", request],
      queryFn: ({ signal }) => firstFilledPage(request, (page) => api.deliveries(page, signal)),
      placeholderData: keepPreviousData,
      refetchInterval: (query) => {
        const { deliveries = [], nextPageToken } = query.state.data ?? {};
        // Searching far back every few seconds would serve nobody either.
        if (nextPageToken && deliveries.length < (request.pageSize ?? 0)) return 30 * second;
        return deliveries.some((delivery) => isMoving(delivery.state)) ? 2 * second : 5 * second;
      },
    }),
  delivery: (id: string) =>
    queryOptions({
      queryKey: ["delivery", id],
      queryFn: ({ signal }) => api.delivery(id, signal),
      refetchInterval: (query) => {
        const state = query.state.data?.delivery?.state;
        return state !== undefined && isMoving(state) ? 2 * second : 10 * second;
      },
    }),
};

// Reads again whatever a change of webhooks or deliveries may have touched.
export function refresh(client: QueryClient): Promise<void> {
  return Promise.all(
    ["webhooks", "webhook", "deliveries", "delivery"].map((key) =>
      client.invalidateQueries({ queryKey: [key] }),
    ),
  ).then(() => undefined);
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: "always", // the server may be on this very machine
        staleTime: second,
        // An answer stays an answer; a server that is gone is asked until it is back.
        retry: (failures, error) => !(error instanceof ApiError) && failures < 2,
        retryDelay: second,
        refetchOnWindowFocus: true,
      },
      mutations: { networkMode: "always" },
    },
  });
}
