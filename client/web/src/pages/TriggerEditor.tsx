// One trigger in the form: its type and its condition.
import { TriggerType } from "../api/generated/determined/webhook/v1/webhook";
import { operators, stateNames, type TriggerDraft } from "../lib/webhookForm";
import { stateLabel } from "../lib/conditions";
import { texts } from "../texts";
import { Field } from "../ui/bits";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { PatternTester } from "./PatternTester";

const words = texts.form;

interface Props {
  index: number; // from 0
  trigger: TriggerDraft;
  problemOf: (field: string) => string | undefined;
  onTouch: (field: string) => void;
  onChange: (trigger: TriggerDraft) => void;
  onRemove: () => void;
}

const types = Object.values(TriggerType).filter(
  (type) => type !== TriggerType.TRIGGER_TYPE_UNSPECIFIED,
);

type TextField = "regex" | "metric" | "threshold" | "forSteps" | "hysteresis" | "cooldown";

export function TriggerEditor({ index, trigger, problemOf, onTouch, onChange, onRemove }: Props) {
  const number = index + 1;
  const repeated = problemOf("");
  const change = (next: Partial<TriggerDraft>): void => onChange({ ...trigger, ...next });
  const input = (field: TextField) => ({
    value: trigger[field],
    onChange: (event: { target: { value: string } }) => {
      onTouch(field);
      change({ [field]: event.target.value });
    },
  });
  return (
    <fieldset className="trigger" aria-label={words.triggerNumber(number)}>
      <div className="trigger-head">
        <select
          aria-label={words.triggerNumber(number)}
          className="trigger-type"
          value={trigger.type}
          onChange={(event) => change({ type: event.target.value as TriggerType })}
        >
          {types.map((type) => (
            <option key={type} value={type}>
              {texts.triggerTypes[type]}
            </option>
          ))}
        </select>
        {trigger.type === TriggerType.TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE && (
          <select
            aria-label={words.state}
            value={trigger.state}
            onChange={(event) => change({ state: event.target.value })}
          >
            {stateNames.map((name) => (
              <option key={name} value={name}>
                {stateLabel(name)}
              </option>
            ))}
          </select>
        )}
        <Button
          look="quiet"
          icon="cross"
          className="trigger-remove"
          aria-label={words.removeTrigger(number)}
          title={words.removeTrigger(number)}
          onClick={onRemove}
        />
      </div>
      {repeated && (
        <p className="field-problem" tabIndex={-1} data-problem>
          <Icon name="warning" />
          {repeated}
        </p>
      )}
      {trigger.type === TriggerType.TRIGGER_TYPE_TASK_LOG && (
        <PatternTester
          regex={trigger.regex}
          problem={problemOf("regex")}
          onChange={(regex) => {
            onTouch("regex");
            change({ regex });
          }}
        />
      )}
      {trigger.type === TriggerType.TRIGGER_TYPE_METRIC_THRESHOLD_EXCEEDED && (
        <>
          <div className="field-row metric-row">
            <Field label={words.metric} problem={problemOf("metric")}>
              {(attributes) => (
                <input
                  {...attributes}
                  {...input("metric")}
                  className="mono"
                  placeholder="validation_loss"
                  autoComplete="off"
                  spellCheck={false}
                />
              )}
            </Field>
            <Field label={words.operator} className="field-narrow">
              {(attributes) => (
                <select
                  {...attributes}
                  className="mono"
                  value={trigger.operator}
                  onChange={(event) => change({ operator: event.target.value })}
                >
                  {operators.map((operator) => (
                    <option key={operator}>{operator}</option>
                  ))}
                </select>
              )}
            </Field>
            <Field
              label={words.threshold}
              className="field-narrow"
              problem={problemOf("threshold")}
            >
              {(attributes) => (
                <input
                  {...attributes}
                  {...input("threshold")}
                  className="numbers"
                  inputMode="decimal"
                />
              )}
            </Field>
          </div>
          <details
            open={
              Boolean(
                trigger.group ||
                trigger.forSteps ||
                trigger.hysteresis ||
                trigger.cooldown ||
                trigger.oncePer,
              ) || undefined
            }
          >
            <summary>{words.more}</summary>
            <div className="field-row">
              <Field label={words.group}>
                {(attributes) => (
                  <select
                    {...attributes}
                    value={trigger.group}
                    onChange={(event) => change({ group: event.target.value })}
                  >
                    <option value="">{words.groupBoth}</option>
                    <option value="training">{words.groupTraining}</option>
                    <option value="validation">{words.groupValidation}</option>
                  </select>
                )}
              </Field>
              <Field label={words.oncePer}>
                {(attributes) => (
                  <select
                    {...attributes}
                    value={trigger.oncePer}
                    onChange={(event) => change({ oncePer: event.target.value })}
                  >
                    <option value="">{words.oncePerNothing}</option>
                    <option value="trial">{words.oncePerTrial}</option>
                    <option value="experiment">{words.oncePerExperiment}</option>
                  </select>
                )}
              </Field>
            </div>
            <div className="field-row">
              <Field
                label={words.forSteps}
                optional
                hint={words.forStepsHint}
                problem={problemOf("forSteps")}
              >
                {(attributes) => (
                  <input {...attributes} {...input("forSteps")} inputMode="numeric" />
                )}
              </Field>
              <Field
                label={words.hysteresis}
                optional
                hint={words.hysteresisHint}
                problem={problemOf("hysteresis")}
              >
                {(attributes) => (
                  <input {...attributes} {...input("hysteresis")} inputMode="decimal" />
                )}
              </Field>
              <Field
                label={words.cooldown}
                optional
                hint={words.cooldownHint}
                problem={problemOf("cooldown")}
              >
                {(attributes) => (
                  <input {...attributes} {...input("cooldown")} inputMode="decimal" />
                )}
              </Field>
            </div>
          </details>
        </>
      )}
      {trigger.type === TriggerType.TRIGGER_TYPE_CUSTOM && (
        <p className="field-hint">{words.customHint}</p>
      )}
    </fieldset>
  );
}
