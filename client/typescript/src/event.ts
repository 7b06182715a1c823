import { fromJsonString } from "@bufbuild/protobuf";
import { type Event, EventSchema } from "./gen/webhookd/v1/event_pb.js";

export type { Event };

/** The typed body of a webhook of type Default. Verify first. Fields that this version does not know are passed over. */
export function parseEvent(body: Uint8Array): Event {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return fromJsonString(EventSchema, text, { ignoreUnknownFields: true });
  } catch (error) {
    throw new TypeError(`the body is not an event: ${(error as Error).message}`, { cause: error });
  }
}
