// Small pieces that many pages share.
import { type ReactNode, useEffect, useId, useState, useSyncExternalStore } from "react";
import { DeliveryState } from "../api/generated/webhookd/v1/delivery";
import type { BadgeTone } from "../lib/conditions";
import { formatAgo, formatDateTime, timeMs } from "../lib/format";
import { texts } from "../texts";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";
import { copyText } from "./toasts";

// One clock for all ages on the page.
let now = Date.now();
const clockListeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  clockListeners.forEach((listener) => listener());
}, 1000);

export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      clockListeners.add(listener);
      return () => clockListeners.delete(listener);
    },
    () => now,
  );
}

// "3 min ago", with the whole time for whoever points at it.
export function Ago({ time }: { time: string | null | undefined }) {
  const current = useNow();
  const ms = timeMs(time);
  if (ms === undefined) return <>{texts.none}</>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatDateTime(ms)}>
      {formatAgo(ms, Math.max(current, Math.min(ms, current + 1000)))}
    </time>
  );
}

export function Badge({
  tone,
  title,
  children,
}: {
  tone: BadgeTone;
  title?: string;
  children: ReactNode;
}) {
  return (
    <span className={`badge badge-${tone}`} title={title}>
      {children}
    </span>
  );
}

const stateLooks: Record<DeliveryState, [IconName, string]> = {
  [DeliveryState.DELIVERY_STATE_UNSPECIFIED]: ["dash", "neutral"],
  [DeliveryState.DELIVERY_STATE_PENDING]: ["clock", "warning"],
  [DeliveryState.DELIVERY_STATE_IN_FLIGHT]: ["arrow", "accent"],
  [DeliveryState.DELIVERY_STATE_DELIVERED]: ["check", "success"],
  [DeliveryState.DELIVERY_STATE_FAILED]: ["cross", "danger"],
  [DeliveryState.DELIVERY_STATE_CANCELED]: ["dash", "neutral"],
  [DeliveryState.DELIVERY_STATE_SKIPPED]: ["skip", "neutral"],
};

export function StateLabel({ state }: { state: DeliveryState }) {
  const [icon, tone] = stateLooks[state] ?? stateLooks.DELIVERY_STATE_UNSPECIFIED;
  return (
    <span className={`state state-${tone}`}>
      <Icon name={icon} />
      {texts.states[state]}
    </span>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      look="quiet"
      small
      icon={copied ? "check" : "copy"}
      aria-label={`${copied ? texts.copied : texts.copy}: ${label}`}
      title={texts.copy}
      onClick={() => void copyText(text).then(setCopied)}
    />
  );
}

// Text in a fixed-width box that can be scrolled by keyboard and copied.
export function Code({
  label,
  text,
  copied = text,
}: {
  label: string;
  text: string;
  copied?: string;
}) {
  return (
    <div className="code">
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <CopyButton text={copied} label={label} />
    </div>
  );
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  optional?: boolean;
  className?: string;
  children: (attributes: {
    id: string;
    "aria-describedby"?: string;
    "aria-invalid"?: true;
  }) => ReactNode;
}

// A label, its control, a hint, and what is wrong with what was typed.
export function Field({ label, hint, problem, optional, className, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div className={className ? `field ${className}` : "field"}>
      <label htmlFor={id}>
        {label}
        {optional && <span className="field-optional"> {texts.optional}</span>}
      </label>
      {children({
        id,
        ...(described && { "aria-describedby": described }),
        ...(problem && { "aria-invalid": true }),
      })}
      {problem && (
        <p className="field-problem" id={`${id}-problem`}>
          <Icon name="warning" />
          {problem}
        </p>
      )}
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface NoticeProps {
  icon: IconName;
  title: string;
  children?: ReactNode;
  level?: 1 | 2;
}

// What stands in the place of content that is not there.
export function Notice({ icon, title, children, level = 2 }: NoticeProps) {
  const Title = level === 1 ? "h1" : "h2";
  return (
    <div className="notice">
      <Icon name={icon} />
      <Title>{title}</Title>
      {children}
    </div>
  );
}

export function Loading() {
  // Shown only when it takes a while, so that nothing flickers.
  return (
    <p className="loading" role="status">
      {texts.loading}
    </p>
  );
}
