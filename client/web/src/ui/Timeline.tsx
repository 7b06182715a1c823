// The picture of a delivery's attempts: a bar for each on a time axis, one row an attempt.
import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import type { Attempt } from "../api/generated/webhookd/v1/delivery";
import { durationMs, formatDuration, timeMs } from "../lib/format";
import { answerLabel, isConfirmed } from "../lib/outcome";
import { axisPosition, axisTicks } from "../lib/timeline";
import { texts } from "../texts";

interface Props {
  created: string | null | undefined;
  attempts: readonly Attempt[];
  next: string | null | undefined; // when the next attempt is due
}

const left = 26;
const right = 10;
const rowHeight = 16;
const axisHeight = 22;
const shortest = 4; // of a bar

// The width that an element has on screen.
function useWidth(): [RefObject<HTMLElement | null>, number] {
  const element = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(480);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.max(200, Math.floor(entry.contentRect.width)));
    });
    if (element.current) observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

export function Timeline({ created, attempts, next }: Props) {
  const [figure, width] = useWidth();
  const start = timeMs(created) ?? timeMs(attempts[0]?.startedAt) ?? 0;
  const bars = attempts.map((attempt) => {
    const from = (timeMs(attempt.startedAt) ?? start) - start;
    return { attempt, from, to: from + durationMs(attempt.duration) };
  });
  const due = timeMs(next);
  const dueAfter = due === undefined ? undefined : due - start;
  const end = Math.max(1000, dueAfter ?? 0, ...bars.map(({ to }) => to)) * 1.08;
  const x = (ms: number): number => left + axisPosition(ms, end) * (width - left - right);
  const rows = bars.length + (dueAfter === undefined ? 0 : 1);
  const bottom = rows * rowHeight + 4;

  return (
    <figure className="timeline" ref={figure}>
      <svg
        width={width}
        height={bottom + axisHeight}
        role="img"
        aria-label={texts.delivery.timelineLabel(attempts.length)}
      >
        {axisTicks(end, 44 / width).map(({ at, label }) => {
          const position = left + at * (width - left - right);
          return (
            <g key={label} className="timeline-tick">
              <line x1={position} x2={position} y1={0} y2={bottom} />
              <text x={position} y={bottom + 13} textAnchor={at === 0 ? "start" : "middle"}>
                {label}
              </text>
            </g>
          );
        })}
        {bars.map(({ attempt, from, to }, index) => {
          const y = index * rowHeight + 3;
          const begin = x(from);
          const length = Math.max(shortest, x(to) - begin);
          const confirmed = isConfirmed(attempt);
          return (
            <g key={attempt.number}>
              <title>
                {`${texts.delivery.attempt(attempt.number)}: ${answerLabel(attempt.status)}, ${formatDuration(to - from)}`}
              </title>
              <text className="timeline-number" x={left - 8} y={y + 9} textAnchor="end">
                {attempt.number}
              </text>
              <rect
                className={confirmed ? "bar bar-success" : "bar bar-danger"}
                x={begin}
                y={y}
                width={length}
                height={10}
                rx={2}
              />
            </g>
          );
        })}
        {dueAfter !== undefined && (
          <rect
            className="bar bar-next"
            x={x(dueAfter) - 4}
            y={bars.length * rowHeight + 3}
            width={8}
            height={10}
            rx={2}
          >
            <title>{texts.delivery.next}</title>
          </rect>
        )}
      </svg>
      <figcaption>{texts.delivery.timelineAxis}</figcaption>
    </figure>
  );
}
