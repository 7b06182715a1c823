// How an attempt ended, in words.
import type { Attempt } from "../api/generated/webhookd/v1/delivery";
import { texts } from "../texts";

export interface Advice {
  meaning: string;
  whatToDo: string;
  ofDelivery: string; // what it means for a delivery beside, but not for a test; may be empty
}

export function adviceFor(errorClass: string): Advice {
  const [meaning, whatToDo, ofDelivery = ""] =
    texts.errors[errorClass] ?? texts.unknownError(errorClass);
  return { meaning, whatToDo, ofDelivery };
}

export function isConfirmed(attempt: Pick<Attempt, "errorClass">): boolean {
  return attempt.errorClass === "";
}

// "HTTP 503", or "no answer".
export function answerLabel(status: number): string {
  return status === 0 ? texts.test.noAnswer : texts.test.answered(status);
}
