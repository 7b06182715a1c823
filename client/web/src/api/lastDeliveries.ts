// The newest delivery of each webhook on screen.
import { useQueries } from "@tanstack/react-query";
import type { Webhook } from "./generated/determined/webhook/v1/webhook";
import type { Delivery } from "./generated/webhookd/v1/delivery";
import { queries } from "./queries";

// `known` is what came with the list; without it, each webhook of `shown` is asked for.
export function useLastDeliveries(
  shown: readonly Webhook[],
  known: readonly Delivery[] | undefined,
): Map<number, Delivery> {
  const results = useQueries({
    queries:
      known === undefined
        ? shown.map((webhook) => queries.deliveries({ webhookId: webhook.id, pageSize: 1 }))
        : [],
  });
  if (known !== undefined) return new Map(known.map((delivery) => [delivery.webhookId, delivery]));
  return new Map(
    results.flatMap(({ data }) =>
      (data?.deliveries ?? []).map((delivery) => [delivery.webhookId, delivery]),
    ),
  );
}
