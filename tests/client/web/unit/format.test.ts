import { describe, expect, test } from "vitest";
import {
  durationMs,
  formatAgo,
  formatBytes,
  formatDuration,
  prettyJson,
} from "../../../../client/web/src/lib/format";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

describe("formatDuration", () => {
  test.each([
    [0.4, "< 1 ms"],
    [12.4, "12 ms"],
    [999, "999 ms"],
    [1500, "1.5 s"],
    [15 * second, "15 s"],
    [2 * minute, "2 min"],
    [2 * minute + 5 * second, "2 min 5 s"],
    [hour + 20 * minute, "1 h 20 min"],
    [51 * hour, "2 d 3 h"],
  ])("%d ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

test("durationMs reads protobuf's durations", () => {
  expect(durationMs("3.004s")).toBe(3004);
  expect(durationMs("15s")).toBe(15_000);
  expect(durationMs(null)).toBe(0);
});

test("formatAgo looks both ways", () => {
  expect(formatAgo(0, 1000)).toBe("now");
  expect(formatAgo(0, 59 * second)).toBe("59 s ago");
  expect(formatAgo(0, 5 * hour)).toBe("5 h ago");
  expect(formatAgo(10 * minute, 0)).toBe("in 10 min");
});

test("formatBytes and prettyJson", () => {
  expect(formatBytes(350)).toBe("350 B");
  expect(formatBytes(4096)).toBe("4.0 KB");
  expect(prettyJson('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(prettyJson("<html>")).toBe("<html>");
  const values = [{ a: [1, [], {}], "b:,{": 'x"\\' }, "é\n", null, true, -1.5e-3, [[[]]], ""];
  for (const value of [...values, values]) {
    const pretty = JSON.stringify(value, null, 2);
    expect(prettyJson(JSON.stringify(value))).toBe(pretty);
    expect(prettyJson(pretty)).toBe(pretty);
    expect(prettyJson(` ${JSON.stringify(value, null, "\t")}\r\n`)).toBe(pretty);
  }
  expect(prettyJson('{"n":9007199254740993,"x":1.0, "n":"\\u00e9"}')).toBe(
    '{\n  "n": 9007199254740993,\n  "x": 1.0,\n  "n": "\\u00e9"\n}',
  );
});
