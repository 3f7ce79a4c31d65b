import { expect, test } from "vitest";
import type { Object as Item } from "../api/schema";
import { spans } from "./timeline";

const START = Date.parse("2026-11-25T08:00:00Z");

const item = (wave: number, step: Item["step"], second: number) =>
  ({ wave, step, since: new Date(START + 1000 * second).toISOString() }) as Item;

test("a wave lasts until its last object is ready; one that is not done, until now", () => {
  const objects = [item(1, "ready", 1), item(1, "ready", 3), item(2, "applied", 4), item(2, "failed", 5)];
  expect(spans(objects, START, START + 10_000)).toEqual([
    { wave: 1, from: 1000, to: 3000, isDone: true, isBad: false },
    { wave: 2, from: 4000, to: 10_000, isDone: false, isBad: true },
  ]);
});

test("an object that was ready before the run takes none of its time", () => {
  expect(spans([item(1, "ready", -60)], START, START + 1000)).toEqual([
    { wave: 1, from: 0, to: 0, isDone: true, isBad: false },
  ]);
});
