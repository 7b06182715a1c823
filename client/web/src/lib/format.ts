// Times, durations and sizes as people read them.

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

// "3.004s" or "0.020100s", as protobuf's JSON writes durations, in milliseconds.
export function durationMs(text: string | null | undefined): number {
  return text ? Number.parseFloat(text) * second : 0;
}

export function timeMs(text: string | null | undefined): number | undefined {
  if (!text) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

// "12 ms", "3.0 s", "2 min 5 s", "1 h 20 min", "2 d 3 h".
export function formatDuration(ms: number): string {
  if (ms < 1) return "< 1 ms";
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < 10 * second) return `${(ms / second).toFixed(1)} s`;
  if (ms < minute) return `${Math.round(ms / second)} s`;
  const two = (big: number, bigName: string, small: number, smallName: string): string => {
    const whole = Math.floor(ms / big);
    const rest = Math.floor((ms % big) / small);
    return rest === 0 ? `${whole} ${bigName}` : `${whole} ${bigName} ${rest} ${smallName}`;
  };
  if (ms < hour) return two(minute, "min", second, "s");
  if (ms < day) return two(hour, "h", minute, "min");
  return two(day, "d", hour, "h");
}

// "now", "12 s ago", "3 min ago", "in 5 min", "4 h ago", "3 d ago".
export function formatAgo(ms: number, now: number): string {
  const age = now - ms;
  const size = Math.abs(age);
  if (size < 2 * second) return "now";
  const words =
    size < minute
      ? `${Math.floor(size / second)} s`
      : size < hour
        ? `${Math.floor(size / minute)} min`
        : size < day
          ? `${Math.floor(size / hour)} h`
          : `${Math.floor(size / day)} d`;
  return age > 0 ? `${words} ago` : `in ${words}`;
}

const dateTime = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "short",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

// "25 Nov 2026, 12:04:05", in the reader's time zone.
export function formatDateTime(ms: number): string {
  return dateTime.format(ms);
}

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const shortDate = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

// "12:04:05" today, "24 Nov 12:04:05" before.
export function formatShortTime(ms: number, now: number): string {
  const sameDay = new Date(ms).toDateString() === new Date(now).toDateString();
  return sameDay ? clock.format(ms) : `${shortDate.format(ms)} ${clock.format(ms)}`;
}

const number = new Intl.NumberFormat("en-US");

export function formatCount(count: number): string {
  return number.format(count);
}

const encoder = new TextEncoder();

export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}

export function formatBytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`;
}

// A reason of the server's as a sentence: "the receiver answered 410 Gone" begins with a capital.
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}

// JSON indented for reading, or the text as it is. Numbers and strings stay as they are written:
// JavaScript would round a number of more than 53 bits.
export function prettyJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let indent = "\n";
  return text.replace(/"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{},:]|\s+/g, (token) => {
    const first = token[0]!;
    if (/\s/.test(first)) return "";
    if (token === ",") return token + indent;
    if (token === ":") return ": ";
    if (token === "[" || token === "{") return token + (indent += "  ");
    if (token === "]" || token === "}") return (indent = indent.slice(0, -2)) + token;
    return first === '"' ? token : first + token.at(-1)!;
  });
}

// Whether a double keeps the number that is written: the server refuses a whole number that it
// would round.
export function isKeptExactly(number: string): boolean {
  const digits = number.trim();
  if (!/^[-+]?\d+$/.test(digits)) return true;
  return BigInt(digits.replace("+", "")) === BigInt(Number(digits));
}
