// The list of webhooks.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { type Permissions, usePermissions } from "../api/permissions";
import { queries } from "../api/queries";
import { isGlobal, modeLabel, triggerBadge } from "../lib/conditions";
import { sentence } from "../lib/format";
import { type ListSearch, pageSizes, rememberListSearch, type SortColumn } from "../lib/search";
import { defaultPageSize, filterRows, pageOf, type Row, sortRows } from "../lib/webhookList";
import { texts } from "../texts";
import { Ago, Badge, Loading, Notice, StateLabel } from "../ui/bits";
import { Button, ButtonLink } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";
import { useTitle } from "./Shell";
import { useWebhookActions, type WebhookActions } from "./useWebhookActions";

const words = texts.list;
const shownTriggers = 4;

// The rows a page that one last chose, for visits without a number in the address bar.
const sizeKey = "webhookd.rows";

function rememberedSize(): number {
  const size = Number(localStorage.getItem(sizeKey));
  return pageSizes.find((known) => known === size) ?? defaultPageSize;
}

export function WebhooksPage() {
  useTitle(words.title);
  const search = useSearch({ from: "/shell/webhooks" });
  useEffect(() => rememberListSearch(search), [search]);
  const navigate = useNavigate({ from: "/webhooks" });
  const permissions = usePermissions();
  const list = useQuery(queries.webhooks());
  const workspaces = useQuery(queries.workspaces());
  const actions = useWebhookActions();

  const change = (next: Partial<ListSearch>): void =>
    void navigate({
      search: (old) => ({ ...old, page: undefined, ...next }),
      replace: true,
      resetScroll: false,
    });

  const data = list.data;
  const rows = useMemo<Row[]>(() => {
    const names = new Map(workspaces.data?.map(({ id, name }) => [id, name]));
    const last = new Map(
      data?.lastDeliveries?.deliveries.map((delivery) => [delivery.webhookId, delivery]),
    );
    return (data?.webhooks ?? []).map((webhook) => ({
      webhook,
      workspace: isGlobal(webhook)
        ? words.global
        : (names.get(webhook.workspaceId!) ?? `#${webhook.workspaceId}`),
      last: last.get(webhook.id),
    }));
  }, [data, workspaces.data]);
  const { q, workspace, sort, desc } = search;
  const sorted = useMemo(() => sortRows(rows, { sort, desc }), [rows, sort, desc]);
  const selected = useMemo(() => filterRows(sorted, { q, workspace }), [sorted, q, workspace]);
  const size = search.size ?? rememberedSize();
  const page = pageOf(selected, search.page ?? 1, size);

  return (
    <>
      <div className="page-head">
        <h1>
          {words.title}
          {data && data.webhooks.length > 0 && (
            <span className="page-count">{data.webhooks.length}</span>
          )}
        </h1>
        {permissions.canCreate && (
          <ButtonLink look="primary" icon="plus" to="/webhooks/new">
            {words.create}
          </ButtonLink>
        )}
      </div>
      {list.isPending && <Loading />}
      {list.isError && data === undefined && (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      )}
      {data && data.webhooks.length === 0 && (
        <Notice icon="hook" title={words.emptyTitle}>
          <p>{words.emptyHint}</p>
          {permissions.canCreate && (
            <ButtonLink look="primary" icon="plus" to="/webhooks/new">
              {words.create}
            </ButtonLink>
          )}
        </Notice>
      )}
      {data && data.webhooks.length > 0 && (
        <>
          <Filters search={search} rows={rows} onChange={change} />
          {page.total === 0 ? (
            <Notice icon="search" title={words.noMatchTitle}>
              <p>{words.noMatchHint}</p>
              <Button onClick={() => change({ q: undefined, workspace: undefined })}>
                {words.clearFilters}
              </Button>
            </Notice>
          ) : (
            <>
              <Table
                rows={page.items}
                search={search}
                permissions={permissions}
                actions={actions}
                onChange={change}
              />
              <div className="pager">
                <span className="numbers" role="status">
                  {words.page(page.from, page.from + page.items.length - 1, page.total)}
                </span>
                <label className="pager-size">
                  {words.pageSize}
                  <select
                    value={size}
                    onChange={(event) => {
                      localStorage.setItem(sizeKey, event.target.value);
                      change({ size: Number(event.target.value) });
                    }}
                  >
                    {pageSizes.map((option) => (
                      <option key={option}>{option}</option>
                    ))}
                  </select>
                </label>
                <Button
                  small
                  icon="left"
                  aria-label={words.previous}
                  disabled={page.number === 1}
                  onClick={() => change({ page: page.number === 2 ? undefined : page.number - 1 })}
                />
                <Button
                  small
                  icon="right"
                  aria-label={words.next}
                  disabled={page.number === page.count}
                  onClick={() => change({ page: page.number + 1 })}
                />
              </div>
            </>
          )}
        </>
      )}
      {actions.dialogs}
    </>
  );
}

interface FiltersProps {
  search: ListSearch;
  rows: readonly Row[];
  onChange: (next: Partial<ListSearch>) => void;
}

function Filters({ search, rows, onChange }: FiltersProps) {
  const [typed, setTyped] = useState(search.q ?? "");
  const settled = useDeferredValue(typed);
  useEffect(() => {
    if (settled !== (search.q ?? "")) onChange({ q: settled || undefined });
    // Only what is typed changes the address, not the other way round.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled]);
  useEffect(() => {
    if (search.q === undefined) setTyped("");
  }, [search.q]);

  const workspaces = useMemo(() => {
    const names = new Map<number, string>();
    for (const { webhook, workspace } of rows) {
      if (!isGlobal(webhook)) names.set(webhook.workspaceId!, workspace);
    }
    return [...names].sort((a, b) => a[1].localeCompare(b[1]));
  }, [rows]);

  return (
    <div className="filters" role="search">
      <div className="search-box">
        <Icon name="search" />
        <input
          type="search"
          aria-label={words.search}
          placeholder={words.search}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <select
        aria-label={words.workspace}
        value={search.workspace ?? ""}
        onChange={(event) => onChange({ workspace: event.target.value || undefined })}
      >
        <option value="">{words.allWorkspaces}</option>
        <option value="global">{words.globalOnly}</option>
        {workspaces.map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

interface TableProps {
  rows: readonly Row[];
  search: ListSearch;
  permissions: Permissions;
  actions: WebhookActions;
  onChange: (next: Partial<ListSearch>) => void;
}

function Table({ rows, search, permissions, actions, onChange }: TableProps) {
  const header = (column: SortColumn, label: string) => (
    <SortHeader column={column} label={label} search={search} onChange={onChange} />
  );
  const columns = words.columns;
  return (
    <div className="table-box">
      <table className="table webhooks" role="table">
        <thead role="rowgroup">
          <tr role="row">
            {header("name", columns.name)}
            {header("workspace", columns.workspace)}
            {header("mode", columns.mode)}
            {header("url", columns.url)}
            <th role="columnheader">{columns.triggers}</th>
            {header("type", columns.type)}
            {header("last", columns.lastDelivery)}
            <th role="columnheader" className="cell-menu">
              <span className="visually-hidden">{columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map(({ webhook, workspace, last: delivery }) => {
            const editable = permissions.canEdit(webhook.workspaceId);
            return (
              <tr
                key={webhook.id}
                role="row"
                className={webhook.disabled ? "row-disabled" : undefined}
              >
                <th role="rowheader" scope="row" className="cell-name">
                  <Link
                    to="/webhooks/$webhookId"
                    params={{ webhookId: webhook.id }}
                    className="row-link"
                    title={webhook.name}
                  >
                    {webhook.name}
                  </Link>
                  {webhook.disabled && (
                    <span className="disabled-note">
                      <Badge tone="danger">{words.disabled}</Badge>
                      <span className="disabled-reason">
                        {sentence(webhook.disabledReason ?? "")}
                      </span>
                      {editable && (
                        <button
                          type="button"
                          className="link-button"
                          onClick={() => actions.setDisabled(webhook, false)}
                        >
                          {words.enable}
                          <span className="visually-hidden"> {webhook.name}</span>
                        </button>
                      )}
                    </span>
                  )}
                </th>
                <td
                  role="cell"
                  data-label={columns.workspace}
                  className="cell-workspace"
                  title={workspace}
                >
                  {isGlobal(webhook) ? <span className="muted">{workspace}</span> : workspace}
                </td>
                <td role="cell" data-label={columns.mode}>
                  {modeLabel(webhook)}
                </td>
                <td role="cell" data-label={columns.url} className="cell-url" title={webhook.url}>
                  {webhook.url}
                </td>
                <td role="cell" data-label={columns.triggers} className="cell-triggers">
                  <span className="badges">
                    {webhook.triggers.slice(0, shownTriggers).map((trigger) => {
                      const { label, detail, tone } = triggerBadge(trigger);
                      return (
                        <Badge key={trigger.id} tone={tone} title={detail}>
                          {label}
                        </Badge>
                      );
                    })}
                    {webhook.triggers.length > shownTriggers && (
                      <Badge tone="neutral">
                        {words.moreTriggers(webhook.triggers.length - shownTriggers)}
                      </Badge>
                    )}
                  </span>
                </td>
                <td role="cell" data-label={columns.type}>
                  {texts.types[webhook.webhookType]}
                </td>
                <td role="cell" data-label={columns.lastDelivery} className="cell-last">
                  {delivery ? (
                    <Link
                      to="/webhooks/$webhookId/deliveries/$deliveryId"
                      params={{ webhookId: webhook.id, deliveryId: delivery.id }}
                      className="last-link"
                    >
                      <StateLabel state={delivery.state} />
                      <span className="muted numbers">
                        <Ago time={delivery.finishedAt ?? delivery.createdAt} />
                      </span>
                    </Link>
                  ) : (
                    <span className="muted">
                      {!permissions.ready || permissions.canViewEvents(webhook.workspaceId)
                        ? words.never
                        : words.hidden}
                    </span>
                  )}
                </td>
                <td role="cell" className="cell-menu">
                  <Menu
                    label={words.actionsFor(webhook.name)}
                    entries={actions.entries(webhook, editable)}
                  />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface SortHeaderProps {
  column: SortColumn;
  label: string;
  search: ListSearch;
  onChange: (next: Partial<ListSearch>) => void;
}

function SortHeader({ column, label, search, onChange }: SortHeaderProps) {
  const active = (search.sort ?? "name") === column;
  const descending = active && search.desc === true;
  return (
    <th
      role="columnheader"
      aria-sort={active ? (descending ? "descending" : "ascending") : undefined}
    >
      <button
        type="button"
        className={active ? "sort sort-active" : "sort"}
        title={words.sortBy(label)}
        onClick={() => onChange({ sort: column, desc: active && !descending ? true : undefined })}
      >
        {label}
        <Icon name={descending ? "down" : "up"} />
      </button>
    </th>
  );
}
