// What will be sent, made by the server itself from the form as it stands.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api } from "../api/api";
import { WebhookType } from "../api/generated/determined/webhook/v1/webhook";
import { ApiError } from "../api/http";
import { triggerBadge } from "../lib/conditions";
import { formatBytes, prettyJson, utf8Bytes } from "../lib/format";
import type { SlackMessage } from "../lib/slack";
import { useSettled } from "../lib/useSettled";
import { triggerOf, webhookOf, type WebhookDraft } from "../lib/webhookForm";
import { texts } from "../texts";
import { Code } from "../ui/bits";
import { SlackView } from "../ui/SlackView";
import { errorText } from "../ui/toasts";

const words = texts.form;
const settleMs = 300;

interface Props {
  draft: WebhookDraft;
  valid: boolean;
  onRefused: (error: unknown) => void; // the server found what the form did not
}

export function Preview({ draft, valid, onRefused }: Props) {
  const settled = useSettled(draft, settleMs);
  const webhook = useMemo(() => webhookOf(settled), [settled]);
  const current = settled === draft;
  const preview = useQuery({
    queryKey: ["preview", webhook],
    queryFn: ({ signal }) => api.previewWebhook(webhook, signal),
    enabled: valid && current,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: Infinity,
    gcTime: 10_000,
  });
  const refusal = valid && current && preview.error instanceof ApiError ? preview.error : undefined;
  useEffect(() => {
    if (refusal?.status === 400) onRefused(refusal);
    // Once for each answer.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [refusal]);

  const [chosen, setChosen] = useState(0);
  const [raw, setRaw] = useState(false);
  const index = Math.min(chosen, Math.max(0, draft.triggers.length - 1));
  const body = preview.data?.bodies[index]?.body;
  const slack = draft.type === WebhookType.WEBHOOK_TYPE_SLACK;
  return (
    <section className="card form-section preview" aria-label={words.preview}>
      <div className="preview-head">
        <h2>{words.preview}</h2>
        {slack && (
          <div className="segments" role="group" aria-label={words.preview}>
            <button type="button" aria-pressed={!raw} onClick={() => setRaw(false)}>
              {words.previewMessage}
            </button>
            <button type="button" aria-pressed={raw} onClick={() => setRaw(true)}>
              {words.previewRaw}
            </button>
          </div>
        )}
      </div>
      {draft.triggers.length > 1 && (
        <select
          aria-label={words.previewFor}
          value={index}
          onChange={(event) => setChosen(Number(event.target.value))}
        >
          {draft.triggers.map((trigger, at) => (
            <option key={trigger.key} value={at}>
              {words.previewOf(`${at + 1}. ${triggerBadge(triggerOf(trigger)).label}`)}
            </option>
          ))}
        </select>
      )}
      {body === undefined ? (
        <p className="muted">{refusal ? errorText(refusal) : words.previewInvalid}</p>
      ) : (
        <>
          {slack && !raw ? (
            <SlackView message={JSON.parse(body) as SlackMessage} />
          ) : (
            <Code label={texts.test.body} text={prettyJson(body)} copied={body} />
          )}
          <p className="field-hint">
            {words.previewHint} <span className="numbers">{formatBytes(utf8Bytes(body))}</span>
          </p>
        </>
      )}
    </section>
  );
}
