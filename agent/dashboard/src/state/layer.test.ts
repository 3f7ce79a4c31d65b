import { expect, test } from "vitest";
import type { Layer, Plan } from "../api/schema";
import { keepsPlan } from "./layer";

const layer = (id: string, ended?: string) => ({ run: { id, state: "running", ended } }) as Layer;
const plan = (leaving: unknown[] = []) => ({ run: "1", nodes: [{}, {}], leaving }) as unknown as Plan;

test.each([
  ["the run goes on", plan(), layer("1"), 2, true],
  ["another run", plan(), layer("2"), 2, false],
  ["more objects are planned", plan(), layer("1"), 3, false],
  ["the run has ended", plan(), layer("1", "2026-11-25T08:00:00Z"), 2, false],
  ["something is being deleted", plan([{ id: "a", fate: "going" }]), layer("1"), 2, false],
] as const)("%s", (_, plan, next, count, expected) => {
  const known = { layer: layer("1"), objects: [], plan };
  expect(keepsPlan(known, next, count)).toBe(expected);
});
