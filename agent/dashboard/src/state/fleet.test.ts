import { expect, test } from "vitest";
import type { Summary } from "../api/schema";
import { apply } from "./fleet";

const layer = (name: string, objects = 1) => ({ namespace: "n", name, objects }) as Summary;

test("events bring the layers from one state to the next", () => {
  let known = apply(new Map(), { name: "snapshot", data: { items: [layer("a"), layer("b")] } });
  known = apply(known, { name: "layer", data: layer("b", 2) });
  known = apply(known, { name: "gone", data: { namespace: "n", name: "a" } });
  known = apply(known, { name: "of a later agent", data: {} });
  expect([...known.values()]).toEqual([layer("b", 2)]);
});

test("a snapshot after a break is all there is", () => {
  const before = apply(new Map(), { name: "snapshot", data: { items: [layer("a")] } });
  expect(apply(before, { name: "snapshot", data: { items: [layer("b")] } }).size).toBe(1);
});
