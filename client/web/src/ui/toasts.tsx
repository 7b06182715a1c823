// Short notices at the edge of the page. Good news leave by themselves, bad news stay.
import { useSyncExternalStore } from "react";
import { ApiError, Unreachable } from "../api/http";
import { texts } from "../texts";
import { Button } from "./Button";
import { Icon } from "./Icon";

interface Toast {
  id: number;
  good: boolean;
  title: string;
  detail?: string;
}

const shownMs = 6000;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  listeners.forEach((listener) => listener());
}

function dismiss(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

export function toastSuccess(title: string): void {
  const id = nextId++;
  change([...toasts.slice(-3), { id, good: true, title }]);
  setTimeout(() => dismiss(id), shownMs);
}

// What the server said, or that it said nothing.
export function errorText(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  if (error instanceof Unreachable) return texts.unreachableShort;
  return String(error);
}

export function toastError(title: string, error: unknown): void {
  change([...toasts.slice(-3), { id: nextId++, good: false, title, detail: errorText(error) }]);
}

// Stays, as bad news do.
export function toastWarning(title: string, detail: string): void {
  change([...toasts.slice(-3), { id: nextId++, good: false, title, detail }]);
}

export function Toasts() {
  const current = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <section
      className="toasts"
      aria-label={texts.toasts.region}
      aria-live="polite"
      data-react-aria-top-layer="true"
    >
      {current.map((toast) => (
        <div key={toast.id} className={toast.good ? "toast toast-good" : "toast toast-bad"}>
          <Icon name={toast.good ? "check" : "warning"} />
          <div className="toast-text">
            <strong>{toast.title}</strong>
            {toast.detail && <p>{toast.detail}</p>}
          </div>
          <Button
            look="quiet"
            small
            icon="cross"
            aria-label={texts.toasts.dismiss}
            onClick={() => dismiss(toast.id)}
          />
        </div>
      ))}
    </section>
  );
}

export async function copyText(text: string, done?: string): Promise<boolean> {
  try {
    await writeClipboard(text);
    if (done !== undefined) toastSuccess(done);
    return true;
  } catch (error) {
    toastError(texts.toasts.copyFailed, error);
    return false;
  }
}

// The clipboard of the browser is for secure pages only; a server on plain HTTP has the older way.
async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  const focused = document.activeElement;
  (document.querySelector("[role=dialog]") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!copied) throw new Error("copy was refused");
}
