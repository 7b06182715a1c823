// Line icons, 16 units wide; all decorative, so that the text beside them speaks.
const paths = {
  plus: "M8 3v10M3 8h10",
  more: "M8 3.5v.01M8 8v.01M8 12.5v.01",
  check: "M3 8.5l3.2 3.2L13 5",
  cross: "M4 4l8 8M12 4l-8 8",
  clock: "M8 4.5V8l2.3 1.6M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
  dash: "M4 8h8",
  skip: "M4 4l4.5 4L4 12M11.5 4v8",
  arrow: "M3 8h10M9 4l4 4-4 4",
  back: "M13 8H3M7 4L3 8l4 4",
  left: "M10 3.5L5.5 8l4.5 4.5",
  right: "M6 3.5L10.5 8 6 12.5",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5L14 14",
  copy: "M5.5 5.5V3h7.5v7.5h-2.5M3 5.5h7.5V13H3z",
  warning: "M8 2.5L14.5 13.5h-13zM8 6.5v3M8 11.5v.01",
  redo: "M13 3v3.5H9.5M12.6 6.5A5.2 5.2 0 1 0 13.2 9",
  hook: "M6.2 9.8A2.7 2.7 0 1 1 3.6 9M8 5.2L5 10.4M6.6 3A2.6 2.6 0 1 1 10 6M9 5l2.6 4.6M11 8.9a2.6 2.6 0 1 1-1.2 4.6M6.5 11.5H11",
  trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
  edit: "M3 13l.6-2.8L10.8 3 13 5.2 5.8 12.4z",
  send: "M2.5 8L13.5 3 11 13.5 7.5 9.5zM7.5 9.5L13.5 3",
  user: "M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zM3 13.5c.6-2.4 2.5-3.5 5-3.5s4.4 1.1 5 3.5",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  lock: "M4 7.5h8V13H4zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
