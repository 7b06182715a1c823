// One delivery: its attempts as a picture and as a list, what was sent and what came back.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api } from "../api/api";
import {
  type Attempt,
  DeliveryState,
  type GetDeliveryResponse,
} from "../api/generated/webhookd/v1/delivery";
import { usePermissions } from "../api/permissions";
import { queries, refresh } from "../api/queries";
import { triggerBadge } from "../lib/conditions";
import {
  durationMs,
  formatDateTime,
  formatDuration,
  formatShortTime,
  prettyJson,
  timeMs,
} from "../lib/format";
import { adviceFor, answerLabel, isConfirmed } from "../lib/outcome";
import { texts } from "../texts";
import { Ago, Badge, Code, CopyButton, Loading, StateLabel, useNow } from "../ui/bits";
import { Button } from "../ui/Button";
import { RequestView, ResponseView, SignatureView } from "../ui/Exchange";
import { Failure } from "../ui/Failure";
import { Icon } from "../ui/Icon";
import { Timeline } from "../ui/Timeline";
import { toastError, toastSuccess } from "../ui/toasts";

const words = texts.delivery;

export function DeliveryPanel() {
  const { webhookId, deliveryId } = useParams({
    from: "/shell/webhooks/$webhookId/deliveries/$deliveryId",
  });
  const search = useSearch({ from: "/shell/webhooks/$webhookId" });
  const navigate = useNavigate();
  const delivery = useQuery(queries.delivery(deliveryId));
  const panel = useRef<HTMLElement>(null);
  const head = useRef<HTMLElement>(null);
  useEffect(() => {
    // To see a whole panel, a browser would scroll past the list. Only its head must be in sight.
    panel.current?.focus({ preventScroll: true });
    const { top, bottom } = head.current!.getBoundingClientRect();
    if (top < 0 || bottom > window.innerHeight) panel.current?.scrollIntoView({ block: "start" });
  }, [deliveryId]);

  const close = (): void =>
    void navigate({
      to: "/webhooks/$webhookId",
      params: { webhookId },
      search,
      resetScroll: false,
    });

  return (
    <section
      className="panel"
      aria-label={words.title(deliveryId)}
      tabIndex={-1}
      ref={panel}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <header className="panel-head" ref={head}>
        <h2>{words.title(deliveryId)}</h2>
        <Link
          to="/webhooks/$webhookId"
          params={{ webhookId }}
          search={search}
          resetScroll={false}
          className="button button-quiet"
          aria-label={texts.close}
        >
          <Icon name="cross" />
        </Link>
      </header>
      {delivery.data ? (
        <Details key={deliveryId} data={delivery.data} />
      ) : delivery.isPending ? (
        <Loading />
      ) : (
        <Failure error={delivery.error} onRetry={() => void delivery.refetch()} />
      )}
    </section>
  );
}

function Details({ data }: { data: GetDeliveryResponse }) {
  const delivery = data.delivery!;
  const queryClient = useQueryClient();
  const permissions = usePermissions();
  const webhook = useQuery(queries.webhook(delivery.webhookId));
  const trigger = webhook.data?.triggers.find(({ id }) => id === delivery.triggerId);
  // What waits for a webhook that is disabled is not sent when it is due.
  const paused =
    webhook.data?.disabled === true && delivery.state === DeliveryState.DELIVERY_STATE_PENDING;
  const next = paused ? undefined : delivery.nextAttemptAt;
  const [chosen, setChosen] = useState<number>(); // number of an attempt; the latest if none
  const attempt = data.attempts.find(({ number }) => number === chosen) ?? data.attempts.at(-1);

  const redeliver = useMutation({
    mutationFn: () => api.redeliver(delivery.id),
    onSuccess: async () => {
      setChosen(undefined);
      await refresh(queryClient);
      toastSuccess(
        (webhook.data?.disabled ? texts.toasts.redeliveredLater : texts.toasts.redelivered)(
          delivery.id,
        ),
      );
    },
    onError: (error) => toastError(texts.toasts.redeliverFailed(delivery.id), error),
  });

  return (
    <div className="panel-body">
      <div className="panel-state">
        <div>
          <StateLabel state={delivery.state} />
          <p className="muted">{paused ? words.paused : texts.stateMeanings[delivery.state]}</p>
        </div>
        {webhook.data && permissions.canEdit(webhook.data.workspaceId) && (
          <Button icon="redo" busy={redeliver.isPending} onClick={() => redeliver.mutate()}>
            {redeliver.isPending ? words.redelivering : words.redeliver}
          </Button>
        )}
      </div>
      <dl className="facts">
        <dt>{words.event}</dt>
        <dd>
          <code className="break">{delivery.eventId}</code>
          <CopyButton text={delivery.eventId} label={words.event} />
        </dd>
        <dt>{words.eventType}</dt>
        <dd>{delivery.eventType}</dd>
        {trigger && (
          <>
            <dt>{words.trigger}</dt>
            <dd>
              <Badge tone={triggerBadge(trigger).tone} title={triggerBadge(trigger).detail}>
                {triggerBadge(trigger).label}
              </Badge>
            </dd>
          </>
        )}
        <dt>{words.created}</dt>
        <dd className="numbers">
          {formatDateTime(timeMs(delivery.createdAt) ?? 0)}{" "}
          <span className="muted">
            <Ago time={delivery.createdAt} />
          </span>
        </dd>
        {delivery.finishedAt && (
          <>
            <dt>{words.finished}</dt>
            <dd className="numbers">
              {formatDateTime(timeMs(delivery.finishedAt) ?? 0)}{" "}
              <span className="muted">
                <Ago time={delivery.finishedAt} />
              </span>
            </dd>
          </>
        )}
        {next && (
          <>
            <dt>{words.next}</dt>
            <dd className="numbers">
              {formatDateTime(timeMs(next) ?? 0)}{" "}
              <span className="muted">
                <Ago time={next} />
              </span>
            </dd>
          </>
        )}
      </dl>
      <h3>{words.timeline}</h3>
      {data.attempts.length === 0 ? (
        <p className="muted">{words.noAttempts}</p>
      ) : (
        <>
          <Timeline created={delivery.createdAt} attempts={data.attempts} next={next} />
          <AttemptTable attempts={data.attempts} current={attempt?.number} onChoose={setChosen} />
        </>
      )}
      {attempt && <AttemptView attempt={attempt} body={data.requestBody} />}
      {!attempt && (
        <>
          <h3>{words.requestBody}</h3>
          <Code
            label={words.requestBody}
            text={prettyJson(data.requestBody)}
            copied={data.requestBody}
          />
        </>
      )}
    </div>
  );
}

interface TableProps {
  attempts: readonly Attempt[];
  current: number | undefined;
  onChoose: (number: number) => void;
}

function AttemptTable({ attempts, current, onChoose }: TableProps) {
  const now = useNow();
  const columns = words.columns;
  return (
    <div className="table-box">
      <table className="table attempts">
        <thead>
          <tr>
            <th className="cell-number">{columns.number}</th>
            <th>{columns.answer}</th>
            <th className="cell-number">{columns.duration}</th>
            <th className="cell-number">{columns.started}</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt) => (
            <tr
              key={attempt.number}
              className={attempt.number === current ? "row-open" : undefined}
            >
              <th scope="row" className="cell-number">
                <button
                  type="button"
                  className="row-link link-button numbers"
                  aria-pressed={attempt.number === current}
                  aria-label={words.attempt(attempt.number)}
                  onClick={() => onChoose(attempt.number)}
                >
                  {attempt.number}
                </button>
              </th>
              <td>
                {isConfirmed(attempt) ? (
                  <span className="numbers">
                    {attempt.status} {words.confirmed}
                  </span>
                ) : (
                  <span className="answer-bad">
                    {attempt.status !== 0 && <span className="numbers">{attempt.status} </span>}
                    {adviceFor(attempt.errorClass).meaning}
                  </span>
                )}
              </td>
              <td className="cell-number numbers">
                {formatDuration(durationMs(attempt.duration))}
              </td>
              <td className="cell-number numbers">
                {formatShortTime(timeMs(attempt.startedAt) ?? 0, now)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AttemptView({ attempt, body }: { attempt: Attempt; body: string }) {
  const advice = isConfirmed(attempt) ? undefined : adviceFor(attempt.errorClass);
  return (
    <div className="attempt-view">
      <h3>
        {words.attempt(attempt.number)}
        <span className="muted"> {answerLabel(attempt.status)}</span>
      </h3>
      {advice && (
        <div className="callout callout-danger">
          <Icon name="cross" />
          <div>
            <strong>{advice.meaning}</strong>
            {attempt.errorMessage && <p className="break">{attempt.errorMessage}</p>}
            <p>
              <b>{words.whatToDo}:</b> {advice.whatToDo} {advice.ofDelivery}
            </p>
          </div>
        </div>
      )}
      {attempt.remoteAddress && (
        <p className="muted numbers">
          {words.columns.address} {attempt.remoteAddress}
        </p>
      )}
      <h4>{words.response}</h4>
      <ResponseView attempt={attempt} />
      <h4>{words.request}</h4>
      <RequestView attempt={attempt} body={body} />
      <details>
        <summary>{texts.signature.title}</summary>
        <SignatureView attempt={attempt} body={body} />
      </details>
    </div>
  );
}
