import { expect, test } from "vitest";
import type { Object as Item, Layer, Plan } from "../api/schema";
import { type Detail, keepsPlan, merge } from "./layer";

const layer = (id: string, ended?: string) => ({ run: { id, state: "running", ended } }) as Layer;
const plan = (leaving: unknown[] = []) => ({ run: "1", nodes: [{}, {}], leaving }) as unknown as Plan;

test.each([
  ["the run goes on", plan(), layer("1"), 2, true],
  ["another run", plan(), layer("2"), 2, false],
  ["more objects are planned", plan(), layer("1"), 3, false],
  ["the run has ended", plan(), layer("1", "2026-11-25T08:00:00Z"), 2, false],
  ["something is being deleted", plan([{ id: "a", fate: "going" }]), layer("1"), 2, false],
] as const)("%s", (_, plan, next, count, expected) => {
  const known = { layer: layer("1"), plan };
  expect(keepsPlan(known, next, count)).toBe(expected);
});

test("objects that change are taken, and another run is read anew", () => {
  const item = (id: string, message: string) => ({ id, message }) as Item;
  const known = { layer: layer("1"), objects: [item("a", "old"), item("b", "old")] } as Detail;
  const event = (run: string) => ({ name: "objects", data: { run, items: [item("b", "new")] } });
  expect(merge(known, event("1"))?.objects).toEqual([item("a", "old"), item("b", "new")]);
  expect(merge(known, event("2"))).toBeUndefined();
  expect(merge(known, { name: "run", data: { run: "1", objects: 2 } })).toBeUndefined();
  expect(merge(known, { name: "of a later agent", data: {} })).toBe(known);
});
