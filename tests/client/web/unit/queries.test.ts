import { expect, test } from "vitest";
import type {
  Delivery,
  ListDeliveriesRequest,
  ListDeliveriesResponse,
} from "../../../../client/web/src/api/generated/webhookd/v1/delivery";
import { firstFilledPage } from "../../../../client/web/src/api/queries";

const request = { webhookId: 3, pageSize: 50 };

// Answers with these pages, one after another; each takes `ms`.
function serverOf(pages: ListDeliveriesResponse[], ms: number) {
  const asked: Partial<ListDeliveriesRequest>[] = [];
  let time = 0;
  const list = (page: Partial<ListDeliveriesRequest>) => {
    asked.push(page);
    time += ms;
    return Promise.resolve(pages[asked.length - 1]!);
  };
  return { asked, list, now: () => time };
}

const empty = (nextPageToken: string) => ({ deliveries: [], nextPageToken });
const filled = (nextPageToken: string) => ({
  deliveries: [{ id: "1" } as Delivery],
  nextPageToken,
});

test("a search goes on after empty pages until something is found", async () => {
  const { asked, list, now } = serverOf([empty("90"), empty("80"), filled("70")], 100);
  expect(await firstFilledPage(request, list, now)).toEqual(filled("70"));
  expect(asked).toEqual([
    request,
    { ...request, pageToken: "90" },
    { ...request, pageToken: "80" },
  ]);
});

test("a search ends where there is nothing left", async () => {
  const { asked, list, now } = serverOf([empty("90"), empty("")], 100);
  expect(await firstFilledPage(request, list, now)).toEqual(empty(""));
  expect(asked).toHaveLength(2);
});

test("a search does not take for ever", async () => {
  const pages = Array.from({ length: 99 }, (_, i) => empty(`${99 - i}`));
  const { asked, list, now } = serverOf(pages, 900);
  expect(await firstFilledPage(request, list, now)).toEqual(empty("97"));
  expect(asked).toHaveLength(3);
});
