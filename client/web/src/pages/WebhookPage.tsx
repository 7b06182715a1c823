// One webhook: what it is, and its deliveries. The delivery that is open stands beside the list, or
// in its place where there is no room.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, Outlet, useMatch, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ApiError } from "../api/http";
import type { Webhook } from "../api/generated/determined/webhook/v1/webhook";
import { DeliveryState, type ListDeliveriesRequest } from "../api/generated/webhookd/v1/delivery";
import { usePermissions } from "../api/permissions";
import { queries } from "../api/queries";
import { isGlobal, modeLabel, triggerBadge } from "../lib/conditions";
import { formatCount, formatShortTime, sentence, timeMs } from "../lib/format";
import { adviceFor } from "../lib/outcome";
import {
  type DeliverySearch,
  deliveryStates,
  rememberedListSearch,
  type Since,
  sinceHours,
} from "../lib/search";
import { texts } from "../texts";
import { Ago, Badge, CopyButton, Loading, Notice, StateLabel, useNow } from "../ui/bits";
import { Button, ButtonLink } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";
import { useTitle } from "./Shell";
import { Missing } from "./WebhookMissing";
import { useWebhookActions } from "./useWebhookActions";

const words = texts.webhook;

export function WebhookPage() {
  const { webhookId } = useParams({ from: "/shell/webhooks/$webhookId" });
  const webhook = useQuery(queries.webhook(webhookId));
  useTitle(webhook.data?.name ?? texts.list.title);
  if (webhook.data === undefined) {
    if (webhook.isPending) return <Loading />;
    if (webhook.error instanceof ApiError && [400, 404].includes(webhook.error.status)) {
      return <Missing id={webhookId} />;
    }
    return <Failure error={webhook.error} onRetry={() => void webhook.refetch()} />;
  }
  return <Loaded webhook={webhook.data} />;
}

function Loaded({ webhook }: { webhook: Webhook }) {
  const navigate = useNavigate();
  const permissions = usePermissions();
  const workspaces = useQuery(queries.workspaces());
  const actions = useWebhookActions(
    () => void navigate({ to: "/webhooks", search: rememberedListSearch() }),
  );
  // The same that <Outlet> goes by, so that a delivery never appears before there is room for it.
  const open = useMatch({
    from: "/shell/webhooks/$webhookId/deliveries/$deliveryId",
    shouldThrow: false,
  });
  const editable = permissions.canEdit(webhook.workspaceId);
  const workspace = isGlobal(webhook)
    ? texts.list.global
    : (workspaces.data?.find(({ id }) => id === webhook.workspaceId)?.name ??
      `#${webhook.workspaceId}`);
  return (
    <>
      <Link to="/webhooks" search={rememberedListSearch()} className="back">
        <Icon name="back" />
        {words.back}
      </Link>
      <div className="page-head">
        <h1 className="break">{webhook.name}</h1>
        <div className="page-actions">
          {editable && (
            <>
              <Button icon="send" onClick={() => actions.test(webhook)}>
                {texts.actions.test}
              </Button>
              <ButtonLink
                icon="edit"
                to="/webhooks/$webhookId/edit"
                params={{ webhookId: webhook.id }}
              >
                {texts.actions.edit}
              </ButtonLink>
            </>
          )}
          <Menu
            label={texts.list.actionsFor(webhook.name)}
            entries={actions
              .entries(webhook, editable)
              .filter(({ id }) => id !== "test" && id !== "edit")}
          />
        </div>
      </div>
      {webhook.disabled && (
        <div className="callout callout-danger" role="status">
          <Icon name="pause" />
          <div>
            <strong>
              {texts.list.disabled} <Ago time={webhook.disabledAt} />
            </strong>
            <p>
              {sentence(webhook.disabledReason ?? "")} {words.disabledHint}
            </p>
          </div>
          {editable && (
            <Button onClick={() => actions.setDisabled(webhook, false)}>{texts.list.enable}</Button>
          )}
        </div>
      )}
      <section className="about" aria-label={words.overview}>
        <dl className="facts-row">
          <div className="fact-url">
            <dt>{words.url}</dt>
            <dd>
              <span className="break mono">{webhook.url}</span>
              <CopyButton text={webhook.url} label={words.url} />
            </dd>
          </div>
          <div>
            <dt>{texts.list.columns.workspace}</dt>
            <dd>{workspace}</dd>
          </div>
          <div>
            <dt>{texts.list.columns.mode}</dt>
            <dd>{modeLabel(webhook)}</dd>
          </div>
          <div>
            <dt>{texts.list.columns.type}</dt>
            <dd>{texts.types[webhook.webhookType]}</dd>
          </div>
          {webhook.errorState && (
            <div>
              <dt>{words.errorState}</dt>
              <dd className="mono">{webhook.errorState}</dd>
            </div>
          )}
          <div>
            <dt>{words.created}</dt>
            <dd>
              <Ago time={webhook.createdAt} />
            </dd>
          </div>
          <div>
            <dt>{texts.list.columns.triggers}</dt>
            <dd className="badges">
              {webhook.triggers.map((trigger) => {
                const { label, detail, tone } = triggerBadge(trigger);
                return (
                  <Badge key={trigger.id} tone={tone} title={detail}>
                    {label}
                  </Badge>
                );
              })}
              {webhook.skipTlsVerification && <Badge tone="danger">{words.noVerification}</Badge>}
            </dd>
          </div>
        </dl>
      </section>
      <div className={open ? "split split-open" : "split"}>
        <Deliveries webhook={webhook} openId={open?.params.deliveryId} />
        <Outlet />
      </div>
      {actions.dialogs}
    </>
  );
}

const pageSize = 50;

function utcTime(local: string | undefined): string | undefined {
  if (local === undefined) return undefined;
  const ms = Date.parse(local);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

const minuteMs = 60_000;

// The beginning of "Last hour" and the like, to the minute so that it is the same question for a while.
function beginOf(search: DeliverySearch, now: number): string | undefined {
  if (search.since === undefined) return undefined;
  if (search.since === "custom") return utcTime(search.from);
  const minute = Math.floor(now / minuteMs) - sinceHours[search.since] * 60;
  return new Date(minute * minuteMs).toISOString();
}

function requestFor(
  webhookId: number,
  search: DeliverySearch,
  now: number,
): Partial<ListDeliveriesRequest> {
  const createdFrom = beginOf(search, now);
  const createdBefore = utcTime(search.before);
  return {
    webhookId,
    pageSize,
    ...(search.state && { state: search.state }),
    ...(search.event && { eventId: search.event }),
    ...(createdFrom && { createdFrom }),
    ...(createdBefore && { createdBefore }),
    ...(search.at && { pageToken: search.at }),
  };
}

const rowId = (deliveryId: string): string => `delivery-${deliveryId}`;

function Deliveries({ webhook, openId }: { webhook: Webhook; openId: string | undefined }) {
  const webhookId = webhook.id;
  const search = useSearch({ from: "/shell/webhooks/$webhookId" });
  const navigate = useNavigate();
  const now = useNow();
  const permissions = usePermissions();
  const hidden = permissions.ready && !permissions.canViewEvents(webhook.workspaceId);
  const section = useRef<HTMLElement>(null);
  // Whoever closes a delivery is back at its row.
  const lastOpenId = useRef(openId);
  useEffect(() => {
    const closed = openId === undefined ? lastOpenId.current : undefined;
    lastOpenId.current = openId;
    if (closed !== undefined) (document.getElementById(rowId(closed)) ?? section.current)?.focus();
  }, [openId]);
  // Another page of the list is read from its top.
  const lastAt = useRef(search.at);
  useEffect(() => {
    if (lastAt.current === search.at) return;
    lastAt.current = search.at;
    section.current?.focus({ preventScroll: true });
    section.current?.scrollIntoView({ block: "start" });
  }, [search.at]);
  const request = requestFor(webhookId, search, now);
  const { createdFrom, createdBefore } = request;
  // The server refuses a time that ends before it begins; to people it is one without deliveries.
  const backwards = Boolean(createdFrom && createdBefore && createdBefore <= createdFrom);
  const list = useQuery({ ...queries.deliveries(request), enabled: !backwards });

  const change = (next: DeliverySearch): void =>
    void navigate({
      to: ".",
      search: (old: DeliverySearch) => ({ ...old, at: undefined, ...next }),
      replace: !("at" in next),
      resetScroll: false,
    });
  const filtered = Boolean(search.state || search.since || search.event);
  const deliveries = backwards ? [] : list.data?.deliveries;
  const columns = words.columns;
  return (
    <section className="deliveries" aria-label={words.deliveries} tabIndex={-1} ref={section}>
      <h2>{words.deliveries}</h2>
      <DeliveryFilters search={search} filtered={filtered} onChange={change} />
      {list.isPending && !backwards && <Loading />}
      {list.isError && deliveries === undefined && (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      )}
      {deliveries?.length === 0 &&
        (hidden ? (
          <Notice icon="lock" title={words.hidden}>
            <p>{words.hiddenHint}</p>
          </Notice>
        ) : !backwards && list.data?.nextPageToken ? (
          <Notice icon="clock" title={words.noneSoFar}>
            <p>{words.noneSoFarHint}</p>
            <Button onClick={() => change({ at: list.data?.nextPageToken })}>
              {words.searchOn}
            </Button>
          </Notice>
        ) : (
          <Notice icon="clock" title={filtered || search.at ? words.noMatch : words.empty}>
            {!filtered && !search.at && <p>{words.emptyHint}</p>}
          </Notice>
        ))}
      {deliveries && deliveries.length > 0 && (
        <div className="table-box">
          <table className="table deliveries-table" role="table">
            <thead role="rowgroup">
              <tr role="row">
                <th role="columnheader">{columns.state}</th>
                <th role="columnheader">{columns.id}</th>
                <th role="columnheader">{columns.event}</th>
                <th role="columnheader">{columns.answer}</th>
                <th role="columnheader" className="cell-number">
                  {columns.attempts}
                </th>
                <th role="columnheader" className="cell-number">
                  {columns.created}
                </th>
              </tr>
            </thead>
            <tbody role="rowgroup">
              {deliveries.map((delivery) => (
                <tr
                  key={delivery.id}
                  role="row"
                  className={delivery.id === openId ? "row-open" : undefined}
                >
                  <td role="cell" className="cell-state">
                    <StateLabel state={delivery.state} />
                  </td>
                  <th role="rowheader" scope="row" className="cell-delivery">
                    <Link
                      id={rowId(delivery.id)}
                      to="/webhooks/$webhookId/deliveries/$deliveryId"
                      params={{ webhookId, deliveryId: delivery.id }}
                      search={search}
                      resetScroll={false}
                      className="row-link numbers"
                      aria-current={delivery.id === openId || undefined}
                    >
                      {delivery.id}
                    </Link>
                  </th>
                  <td role="cell" data-label={columns.event} className="cell-event">
                    {texts.eventTypes[delivery.eventType] ?? delivery.eventType}
                  </td>
                  <td role="cell" data-label={columns.answer} className="cell-answer">
                    <LastAnswer status={delivery.lastStatus} errorClass={delivery.lastErrorClass} />
                    {delivery.state === DeliveryState.DELIVERY_STATE_PENDING &&
                      !webhook.disabled &&
                      delivery.attemptCount > 0 && (
                        <span className="muted next-attempt numbers">
                          {words.nextAttempt("")}
                          <Ago time={delivery.nextAttemptAt} />
                        </span>
                      )}
                  </td>
                  <td role="cell" data-label={columns.attempts} className="cell-number numbers">
                    {delivery.attemptCount}
                  </td>
                  <td role="cell" data-label={columns.created} className="cell-number numbers">
                    {formatShortTime(timeMs(delivery.createdAt) ?? 0, now)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(search.at || list.data?.nextPageToken) && (
        <div className="pager">
          <span className="numbers muted">{formatCount(deliveries?.length ?? 0)}</span>
          {search.at && (
            <Button small onClick={() => change({ at: undefined })}>
              {words.newest}
            </Button>
          )}
          <Button
            small
            icon="right"
            disabled={backwards || !list.data?.nextPageToken}
            onClick={() => change({ at: list.data?.nextPageToken })}
          >
            {words.older}
          </Button>
        </div>
      )}
    </section>
  );
}

function LastAnswer({ status, errorClass }: { status: number; errorClass: string }) {
  if (errorClass !== "") {
    return (
      <span className="answer-bad">
        {status !== 0 && <span className="numbers">{status} </span>}
        {adviceFor(errorClass).meaning}
      </span>
    );
  }
  return status === 0 ? (
    <span className="muted">{texts.none}</span>
  ) : (
    <span className="numbers">{status}</span>
  );
}

interface FiltersProps {
  search: DeliverySearch;
  filtered: boolean;
  onChange: (next: DeliverySearch) => void;
}

function DeliveryFilters({ search, filtered, onChange }: FiltersProps) {
  return (
    <div className="filters" role="search" aria-label={words.filters}>
      <select
        aria-label={words.state}
        value={search.state ?? ""}
        onChange={(event) =>
          onChange({ state: (event.target.value || undefined) as DeliveryState | undefined })
        }
      >
        <option value="">{words.allStates}</option>
        {deliveryStates.map((state) => (
          <option key={state} value={state}>
            {texts.states[state]}
          </option>
        ))}
      </select>
      <select
        aria-label={words.since}
        value={search.since ?? ""}
        onChange={(event) =>
          onChange({
            since: (event.target.value || undefined) as Since | undefined,
            from: undefined,
            before: undefined,
          })
        }
      >
        {Object.entries(words.sinceNames).map(([name, label]) => (
          <option key={name} value={name === "any" ? "" : name}>
            {label}
          </option>
        ))}
      </select>
      {search.since === "custom" && (
        <>
          <label className="inline-field">
            {words.from}
            <input
              type="datetime-local"
              value={search.from ?? ""}
              onChange={(event) => onChange({ from: event.target.value || undefined })}
            />
          </label>
          <label className="inline-field">
            {words.to}
            <input
              type="datetime-local"
              value={search.before ?? ""}
              onChange={(event) => onChange({ before: event.target.value || undefined })}
            />
          </label>
        </>
      )}
      <input
        className="event-filter mono"
        aria-label={words.eventHint}
        placeholder={words.eventPlaceholder}
        spellCheck={false}
        defaultValue={search.event ?? ""}
        key={search.event ?? ""}
        onBlur={(event) => {
          const typed = event.target.value.trim();
          if (typed !== (search.event ?? "")) onChange({ event: typed || undefined });
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
      {filtered && (
        <Button
          look="quiet"
          onClick={() =>
            onChange({
              state: undefined,
              since: undefined,
              from: undefined,
              before: undefined,
              event: undefined,
            })
          }
        >
          {texts.list.clearFilters}
        </Button>
      )}
    </div>
  );
}
