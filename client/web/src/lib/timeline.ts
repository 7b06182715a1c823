// The time axis of a delivery's attempts. Retries lie seconds apart at first and hours at last, so
// the axis is logarithmic in the time since the event.

// Where on the axis, from 0 to 1, a moment `ms` after the event lies, of an axis that ends at `endMs`.
export function axisPosition(ms: number, endMs: number): number {
  const scale = (value: number): number => Math.log1p(Math.max(0, value) / 1000);
  const end = scale(endMs);
  return end === 0 ? 0 : Math.min(1, scale(ms) / end);
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const niceTimes: readonly [number, string][] = [
  [second, "1 s"],
  [5 * second, "5 s"],
  [30 * second, "30 s"],
  [2 * minute, "2 min"],
  [10 * minute, "10 min"],
  [hour, "1 h"],
  [5 * hour, "5 h"],
  [day, "1 d"],
  [5 * day, "5 d"],
  [30 * day, "30 d"],
];

export interface Tick {
  at: number; // from 0 to 1
  label: string;
}

// Marks for an axis, none closer than `gap` (a part of the axis) to the one before.
export function axisTicks(endMs: number, gap: number): Tick[] {
  const ticks: Tick[] = [{ at: 0, label: "0" }];
  for (const [ms, label] of niceTimes) {
    if (ms > endMs) break;
    const at = axisPosition(ms, endMs);
    if (at - ticks[ticks.length - 1]!.at >= gap) ticks.push({ at, label });
  }
  return ticks;
}
