import { api } from "./api";
import { DeliveryState } from "./generated/webhookd/v1/delivery";

const pageSize = 1000;

// How many deliveries of a webhook wait to be sent, or are at least known to.
export async function countWaiting(
  webhookId: number,
  signal: AbortSignal,
): Promise<{ count: number; more: boolean }> {
  const pages = await Promise.all(
    [DeliveryState.DELIVERY_STATE_PENDING, DeliveryState.DELIVERY_STATE_IN_FLIGHT].map((state) =>
      api.deliveries({ webhookId, state, pageSize }, signal),
    ),
  );
  return {
    count: pages.reduce((sum, page) => sum + page.deliveries.length, 0),
    more: pages.some((page) => page.nextPageToken !== ""),
  };
}
