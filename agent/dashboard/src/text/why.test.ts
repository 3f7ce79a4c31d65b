import { expect, test } from "vitest";
import type { Object as Item } from "../api/schema";
import { causes, chain } from "./why";

const SINCE = "2026-11-25T08:00:00Z";

function item(id: string, step: Item["step"], waitsFor: string[] = [], message = ""): Item {
  const waitingFor = waitsFor.map((object) => ({ object, reason: `${object} is not there`, since: SINCE }));
  return { id, wave: 1, change: "create", step, health: "missing", message, waitingFor, since: SINCE };
}

const found = (objects: Item[]) => causes(objects).map(({ id, reason, holds }) => [id, reason, holds]);

test("a layer that is well waits for nothing", () => {
  expect(found([item("a", "ready"), item("b", "ready")])).toEqual([]);
});

test("the cause is at the end of the chain, and holds up all before it", () => {
  const objects = [
    item("a", "waiting", ["b"]),
    item("b", "waiting", ["c"]),
    item("c", "failed", [], "ImagePullBackOff"),
  ];
  expect(found(objects)).toEqual([["c", "ImagePullBackOff", ["a", "b"]]]);
});

test("what belongs to nobody is named with what is missing", () => {
  expect(found([item("a", "waiting", ["core/Secret/n/login"])])).toEqual([
    ["core/Secret/n/login", "core/Secret/n/login is not there", ["a"]],
  ]);
});

test("failures come before what only takes its time", () => {
  const objects = [
    item("slow", "applied"),
    item("x", "waiting", ["slow"]),
    item("y", "waiting", ["slow"]),
    item("broken", "failed"),
  ];
  expect(causes(objects).map((cause) => cause.id)).toEqual(["broken", "slow"]);
});

test("a circle ends", () => {
  const objects = [item("a", "waiting", ["b"]), item("b", "waiting", ["a"])];
  expect(found(objects)).toEqual([]);
  expect(chain("a", objects).map((link) => link.id)).toEqual(["a", "b"]);
});

test("a chain says at each link what the cluster says", () => {
  const objects = [item("a", "waiting", ["b"], "waits for b"), item("b", "applied", ["elsewhere"])];
  expect(chain("a", objects)).toEqual([
    { id: "a", reason: "waits for b" },
    { id: "b", reason: "b is not there" },
    { id: "elsewhere", reason: "elsewhere is not there" },
  ]);
});
