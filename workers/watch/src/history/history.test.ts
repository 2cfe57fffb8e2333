import { expect, test } from "vitest";
import { NO_HISTORY, type Probe, withRound } from "./history.ts";

const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const app = (ok: boolean): Probe[] => [
  { part: "Application", ok, ...(ok ? {} : { why: "Nothing came back." }) },
  { part: "Website", ok: true },
];

test("rounds are counted by day and part, the newest day first", () => {
  const rounds = ["24T23:55", "25T00:00", "25T00:05"].map(at);
  const history = rounds.reduce((before, time) => withRound(before, app(true), time), NO_HISTORY);
  expect(history.askedAt).toBe("2026-11-25T00:05:00.000Z");
  expect(history.days).toEqual([
    { date: "2026-11-25", parts: { Application: { asked: 2, ok: 2 }, Website: { asked: 2, ok: 2 } } },
    { date: "2026-11-24", parts: { Application: { asked: 1, ok: 1 }, Website: { asked: 1, ok: 1 } } },
  ]);
  expect(history.outages).toEqual([]);
});

test("an outage begins with the first round that fails and ends with the first that does not", () => {
  const states: [string, boolean][] = [
    ["25T10:00", true],
    ["25T10:05", false],
    ["25T10:10", false],
    ["25T10:15", true],
    ["25T11:00", false],
  ];
  const history = states.reduce((before, [time, ok]) => withRound(before, app(ok), at(time)), NO_HISTORY);
  expect(history.outages).toEqual([
    { part: "Application", from: "2026-11-25T11:00:00.000Z", to: null, why: "Nothing came back." },
    {
      part: "Application",
      from: "2026-11-25T10:05:00.000Z",
      to: "2026-11-25T10:15:00.000Z",
      why: "Nothing came back.",
    },
  ]);
  expect(history.days[0]?.parts.Application).toEqual({ asked: 5, ok: 2 });
});

test("ninety days and a hundred outages are kept, however long it goes", () => {
  let history = NO_HISTORY;
  const start = Date.UTC(2026, 0, 1);
  for (let hour = 0; hour < 24 * 120; hour += 6)
    history = withRound(history, app(hour % 12 === 0), new Date(start + hour * 3_600_000));
  expect([history.days.length, history.outages.length]).toEqual([90, 100]);
  // Well below what one value of KV may have, and what a phone likes to load.
  expect(JSON.stringify(history).length).toBeLessThan(40_000);
});
