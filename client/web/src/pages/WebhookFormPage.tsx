// New Webhook and Edit: the form, beside it what will be sent.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker, useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { api } from "../api/api";
import {
  TriggerType,
  type Webhook,
  WebhookMode,
  WebhookType,
} from "../api/generated/determined/webhook/v1/webhook";
import type { Workspace } from "../api/generated/determined/workspace/v1/workspace";
import { ApiError } from "../api/http";
import { type Permissions, usePermissions } from "../api/permissions";
import { queries, refresh } from "../api/queries";
import {
  draftOf,
  effectiveMode,
  emptyDraft,
  errorStates,
  type ErrorState,
  fieldOfMessage,
  newTrigger,
  type Problems,
  type TriggerDraft,
  validate,
  webhookOf,
  type WebhookDraft,
} from "../lib/webhookForm";
import { texts } from "../texts";
import { Field, Loading, Notice } from "../ui/bits";
import { Button, ButtonLink } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Icon } from "../ui/Icon";
import { TestResult } from "../ui/TestResult";
import { errorText, toastSuccess, toastWarning } from "../ui/toasts";
import { Preview } from "./Preview";
import { useTitle } from "./Shell";
import { TriggerEditor } from "./TriggerEditor";
import { Missing } from "./WebhookMissing";

const words = texts.form;

export function NewWebhookPage() {
  useTitle(words.newTitle);
  const permissions = usePermissions();
  const workspaces = useQuery(queries.workspaces());
  const places = (workspaces.data ?? []).filter(
    (workspace) => !workspace.archived && permissions.canEdit(workspace.id),
  );
  if (!permissions.ready) return <Loading />;
  if (!permissions.canCreate) {
    return (
      <Notice icon="lock" title={texts.noPermission.create} level={1}>
        <p>{texts.noPermission.createHint}</p>
      </Notice>
    );
  }
  const start = permissions.canEdit(null) ? null : (places[0]?.id ?? null);
  return (
    <WebhookForm
      title={words.newTitle}
      initial={emptyDraft(start)}
      places={places}
      permissions={permissions}
    />
  );
}

export function EditWebhookPage() {
  const { webhookId } = useParams({ from: "/shell/webhooks/$webhookId/edit" });
  // What is edited must not change under one's hands, so it is read once.
  const webhook = useQuery({ ...queries.webhook(webhookId), refetchInterval: false });
  const permissions = usePermissions();
  useTitle(words.editTitle(webhook.data?.name ?? ""));
  if (webhook.data === undefined) {
    if (webhook.isPending) return <Loading />;
    if (webhook.error instanceof ApiError && [400, 404].includes(webhook.error.status)) {
      return <Missing id={webhookId} />;
    }
    return <Failure error={webhook.error} onRetry={() => void webhook.refetch()} />;
  }
  if (!permissions.ready) return <Loading />;
  if (!permissions.canEdit(webhook.data.workspaceId)) {
    return (
      <Notice icon="lock" title={texts.noPermission.editHint(webhook.data.name)} level={1}>
        <ButtonLink to="/webhooks">{texts.notFound.back}</ButtonLink>
      </Notice>
    );
  }
  return (
    <WebhookForm
      key={webhookId}
      title={words.editTitle(webhook.data.name)}
      initial={draftOf(webhook.data)}
      webhook={webhook.data}
      places={[]}
      permissions={permissions}
    />
  );
}

interface FormProps {
  title: string;
  initial: WebhookDraft;
  webhook?: Webhook; // the one that is edited; none for a new one
  places: Workspace[]; // where the caller may create
  permissions: Permissions;
}

// What the server said about a webhook, as long as the field it spoke of has not changed.
interface Refusal {
  message: string;
  field: string | undefined;
  draft: WebhookDraft;
}

function WebhookForm({ title, initial, webhook, places, permissions }: FormProps) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const [start] = useState(initial);
  const [draft, setDraft] = useState(start);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [tried, setTried] = useState(false); // to save: from then on every problem is shown
  const [refusal, setRefusal] = useState<Refusal>();
  const [saved, setSaved] = useState<Webhook>(); // from then on nothing is lost by leaving

  const list = useQuery({
    ...queries.webhooks(),
    refetchInterval: false,
  });
  // What the form finds by itself, and with it what the server said of this very draft.
  const own = useMemo<Problems>(() => {
    const found = validate(draft, webhook === undefined);
    const taken = list.data?.webhooks.some(
      (other) =>
        draft.name !== "" &&
        other.id !== webhook?.id &&
        other.name === draft.name &&
        (other.workspaceId || null) === draft.workspaceId,
    );
    return taken && !found.name ? { ...found, name: texts.validation.nameTaken } : found;
  }, [draft, list.data, webhook]);
  const said = refusal?.draft === draft ? refusal : undefined;
  const problems: Problems =
    said?.field === undefined ? own : { [said.field]: said.message, ...own };
  const shownProblem = (field: string): string | undefined =>
    tried || touched.has(field) || said?.field === field ? problems[field] : undefined;

  const touch = (field: string): void => setTouched((old) => new Set(old).add(field));
  const change = (next: Partial<WebhookDraft>): void => {
    setDraft((old) => ({ ...old, ...next }));
  };

  useBlocker({
    shouldBlockFn: () => draft !== start && !saved && !window.confirm(words.leave),
    enableBeforeUnload: () => draft !== start && !saved,
  });

  const refuse = (error: unknown): void => {
    const message = errorText(error);
    setRefusal({
      message,
      field:
        error instanceof ApiError && [400, 409].includes(error.status)
          ? (fieldOfMessage(message) ?? (error.status === 409 ? "name" : undefined))
          : undefined,
      draft,
    });
  };

  const save = useMutation({
    mutationFn: async () => {
      const wanted = webhookOf(draft);
      if (webhook === undefined) {
        const created = await api.postWebhook(wanted);
        return { result: created.webhook!, warnings: created.warnings };
      }
      await api.patchWebhook(webhook.id, {
        url: wanted.url,
        name: wanted.name,
        mode: wanted.mode,
        triggers: wanted.triggers,
        skipTlsVerification: draft.skipTls,
        maxInFlight: wanted.maxInFlight ?? 0,
        maxRequestsPerSecond: wanted.maxRequestsPerSecond ?? 0,
        errorState: draft.errorState,
      });
      return { result: { ...webhook, name: wanted.name ?? webhook.name }, warnings: [] };
    },
    onSuccess: async ({ result, warnings }) => {
      await refresh(queryClient);
      toastSuccess((webhook ? texts.toasts.saved : texts.toasts.created)(result.name));
      warnings.forEach((warning) => toastWarning(texts.toasts.warning, warning));
      setSaved(result);
    },
    onError: refuse,
  });
  useEffect(() => {
    if (saved === undefined) return;
    void (webhook === undefined
      ? navigate({ to: "/webhooks" })
      : navigate({ to: "/webhooks/$webhookId", params: { webhookId: saved.id } }));
  }, [saved, webhook, navigate]);

  const test = useMutation({
    mutationFn: () => api.tryWebhook(webhookOf(draft)),
    onError: refuse,
  });

  // Shows all problems and leads to the first; whether there was none.
  const isReady = (): boolean => {
    setTried(true);
    setRefusal(undefined);
    if (Object.keys(own).length === 0) return true;
    requestAnimationFrame(() =>
      form.current?.querySelector<HTMLElement>("[aria-invalid=true], [data-problem]")?.focus(),
    );
    return false;
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReady() && !save.isPending) save.mutate();
  };

  const addTrigger = (trigger: TriggerDraft): void =>
    change({ triggers: [...draft.triggers, trigger] });
  const mode = effectiveMode(draft);
  const forced = mode !== draft.mode;
  const input = (field: keyof WebhookDraft & ("name" | "url" | "maxInFlight" | "maxRate")) => ({
    value: draft[field],
    onChange: (event: { target: { value: string } }) => {
      change({ [field]: event.target.value });
      if (event.target.value !== "") touch(field);
    },
    onBlur: () => {
      if (draft[field] !== "") touch(field);
    },
  });

  return (
    <form className="form-page" onSubmit={submit} noValidate ref={form}>
      <div className="page-head">
        <h1 className="break">{title}</h1>
      </div>
      <div className="form-columns">
        <div className="form-main">
          <section className="card form-section">
            <Field
              label={words.name}
              optional={!webhook}
              hint={webhook ? words.nameHint : words.newNameHint}
              problem={shownProblem("name")}
            >
              {(attributes) => (
                <input
                  {...attributes}
                  {...input("name")}
                  autoComplete="off"
                  autoFocus={!webhook}
                  required={webhook !== undefined}
                />
              )}
            </Field>
            <Field label={words.url} hint={words.urlHint} problem={shownProblem("url")}>
              {(attributes) => (
                <input
                  {...attributes}
                  {...input("url")}
                  className="mono"
                  type="url"
                  inputMode="url"
                  autoComplete="off"
                  spellCheck={false}
                  placeholder="https://"
                  required
                />
              )}
            </Field>
            {webhook === undefined ? (
              <>
                <Field label={words.workspace} optional hint={words.workspaceHint}>
                  {(attributes) => (
                    <select
                      {...attributes}
                      value={draft.workspaceId ?? ""}
                      onChange={(event) =>
                        change({
                          workspaceId: event.target.value ? Number(event.target.value) : null,
                        })
                      }
                    >
                      {permissions.canEdit(null) && <option value="">{words.noWorkspace}</option>}
                      {places.map(({ id, name }) => (
                        <option key={id} value={id}>
                          {name}
                        </option>
                      ))}
                    </select>
                  )}
                </Field>
                <Choice
                  legend={words.type}
                  value={draft.type}
                  onChange={(type) => change({ type })}
                  options={[
                    [WebhookType.WEBHOOK_TYPE_DEFAULT, words.typeDefault, words.typeDefaultHint],
                    [WebhookType.WEBHOOK_TYPE_SLACK, words.typeSlack, words.typeSlackHint],
                  ]}
                />
              </>
            ) : (
              <p className="field-hint">{words.typeFixed}</p>
            )}
          </section>
          <section className="card form-section" aria-labelledby="triggers-title">
            <div>
              <h2 id="triggers-title">{words.triggers}</h2>
              <p className="field-hint">{words.triggersHint}</p>
            </div>
            {draft.triggers.map((trigger, index) => (
              <TriggerEditor
                key={trigger.key}
                index={index}
                trigger={trigger}
                problemOf={(field) =>
                  shownProblem(field === "" ? `triggers[${index}]` : `triggers[${index}].${field}`)
                }
                onTouch={(field) => touch(`triggers[${index}].${field}`)}
                onChange={(next) => {
                  touch(`triggers[${index}]`);
                  change({
                    triggers: draft.triggers.map((old) => (old.key === trigger.key ? next : old)),
                  });
                }}
                onRemove={() =>
                  change({ triggers: draft.triggers.filter((old) => old.key !== trigger.key) })
                }
              />
            ))}
            {tried && problems.triggers && (
              <p className="field-problem" tabIndex={-1} data-problem>
                <Icon name="warning" />
                {problems.triggers}
              </p>
            )}
            <div className="add-triggers" role="group" aria-label={words.addTrigger}>
              <span className="muted">{words.addTrigger}</span>
              {addable(draft).map(([label, make]) => (
                <Button key={label} small icon="plus" onClick={() => addTrigger(make())}>
                  {label}
                </Button>
              ))}
            </div>
          </section>
          <section className="card form-section">
            <Choice
              legend={words.mode}
              value={mode}
              disabled={forced}
              note={forced ? words.modeForced : undefined}
              onChange={(next) => change({ mode: next })}
              options={[
                [WebhookMode.WEBHOOK_MODE_WORKSPACE, words.modeAll, words.modeAllHint],
                [WebhookMode.WEBHOOK_MODE_SPECIFIC, words.modeSpecific, words.modeSpecificHint],
              ]}
            />
            <details
              open={
                Boolean(draft.maxInFlight || draft.maxRate || draft.errorState || draft.skipTls) ||
                undefined
              }
            >
              <summary>{words.advanced}</summary>
              <div className="field-row">
                <Field
                  label={words.maxInFlight}
                  optional
                  hint={words.maxInFlightHint}
                  problem={shownProblem("maxInFlight")}
                >
                  {(attributes) => (
                    <input {...attributes} {...input("maxInFlight")} inputMode="numeric" />
                  )}
                </Field>
                <Field
                  label={words.maxRate}
                  optional
                  hint={words.maxRateHint}
                  problem={shownProblem("maxRate")}
                >
                  {(attributes) => (
                    <input {...attributes} {...input("maxRate")} inputMode="decimal" />
                  )}
                </Field>
              </div>
              {draft.type !== WebhookType.WEBHOOK_TYPE_SLACK && (
                <Field label={words.errorState} optional hint={words.errorStateHint}>
                  {(attributes) => (
                    <select
                      {...attributes}
                      value={draft.errorState}
                      onChange={(event) => change({ errorState: event.target.value as ErrorState })}
                    >
                      {errorStates.map((word) => (
                        <option key={word} value={word}>
                          {word || words.errorStateDefault}
                        </option>
                      ))}
                    </select>
                  )}
                </Field>
              )}
              <label className="check">
                <input
                  type="checkbox"
                  checked={draft.skipTls}
                  onChange={(event) => change({ skipTls: event.target.checked })}
                />
                <span>
                  {words.skipTls}
                  <span className="field-hint">{words.skipTlsHint}</span>
                </span>
              </label>
            </details>
          </section>
        </div>
        <div className="form-side">
          <Preview draft={draft} valid={Object.keys(own).length === 0} onRefused={refuse} />
          {(test.isPending || test.isError || test.isSuccess) && (
            <section className="card form-section" aria-label={words.testResult}>
              <TestResult pending={test.isPending} error={test.error} result={test.data} />
            </section>
          )}
        </div>
      </div>
      <div className="form-foot">
        <div role="alert">
          {said !== undefined && save.isError && (
            <p className="field-problem">
              <Icon name="warning" />
              {said.message}
            </p>
          )}
          {tried && said === undefined && Object.keys(own).length > 0 && (
            <p className="field-problem">
              <Icon name="warning" />
              {words.fixFirst}
            </p>
          )}
        </div>
        <ButtonLink
          to={webhook ? "/webhooks/$webhookId" : "/webhooks"}
          params={webhook ? { webhookId: webhook.id } : undefined}
        >
          {texts.cancel}
        </ButtonLink>
        <Button
          icon="send"
          busy={test.isPending}
          onClick={() => {
            if (isReady()) test.mutate();
          }}
        >
          {test.isPending ? words.testing : words.testFirst}
        </Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          {webhook
            ? save.isPending
              ? words.saving
              : texts.save
            : save.isPending
              ? words.creating
              : words.create}
        </Button>
      </div>
    </form>
  );
}

// The triggers that can be added, with the usual states first.
function addable(draft: WebhookDraft): [string, () => TriggerDraft][] {
  const stateType = TriggerType.TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE;
  const has = (state: string): boolean =>
    draft.triggers.some((trigger) => trigger.type === stateType && trigger.state === state);
  const custom = draft.triggers.some(({ type }) => type === TriggerType.TRIGGER_TYPE_CUSTOM);
  const entries: [boolean, string, () => TriggerDraft][] = [
    [!has("COMPLETED"), words.add.completed, () => newTrigger(stateType, "COMPLETED")],
    [!has("ERRORED"), words.add.errored, () => newTrigger(stateType, "ERRORED")],
    [has("COMPLETED") && has("ERRORED"), words.add.state, () => newTrigger(stateType, "CANCELED")],
    [true, words.add.taskLog, () => newTrigger(TriggerType.TRIGGER_TYPE_TASK_LOG)],
    [true, words.add.metric, () => newTrigger(TriggerType.TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED)],
    [!custom, words.add.custom, () => newTrigger(TriggerType.TRIGGER_TYPE_CUSTOM)],
  ];
  return entries.filter(([shown]) => shown).map(([, label, make]) => [label, make]);
}

interface ChoiceProps<T extends string> {
  legend: string;
  value: T;
  options: [T, string, string][]; // value, label, hint
  disabled?: boolean;
  note?: string | undefined;
  onChange: (value: T) => void;
}

function Choice<T extends string>({
  legend,
  value,
  options,
  disabled,
  note,
  onChange,
}: ChoiceProps<T>) {
  const group = useId();
  return (
    <fieldset className="choice" disabled={disabled}>
      <legend>{legend}</legend>
      <div className="choice-options">
        {options.map(([option, label, hint]) => (
          <label key={option} className={option === value ? "option option-on" : "option"}>
            <input
              type="radio"
              name={group}
              checked={option === value}
              onChange={() => onChange(option)}
            />
            <span>
              {label}
              <span className="field-hint">{hint}</span>
            </span>
          </label>
        ))}
      </div>
      {note && <p className="field-hint">{note}</p>}
    </fieldset>
  );
}
