import { expect, test } from "vitest";
import type { Edge } from "../api/schema";
import { age, branch, changesText, commit, duration, gateText, layerMark, objectName, reasonText } from "./words";

test.each([
  [0, "0.0 s"],
  [1234, "1.2 s"],
  [59_000, "59 s"],
  [150_000, "3 min"],
  [3 * 3_600_000, "3 h"],
  [9 * 86_400_000, "9 d"],
])("%i ms are %s", (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});

test("an age does not flicker", () => {
  const then = "2026-11-25T08:00:00Z";
  expect(age(then, Date.parse(then) + 400)).toBe("now");
  expect(age(then, Date.parse(then) + 3400)).toBe("3 s");
});

test("a revision is a commit of something", () => {
  const revision = `main@sha1:${"0b".repeat(20)}`;
  expect([commit(revision), branch(revision)]).toEqual(["0b0b0b0b", "main"]);
  expect([commit(undefined), branch(undefined)]).toEqual(["", ""]);
});

test("an identifier has four parts, and a name may hold anything", () => {
  expect(objectName("core/Namespace/_/web")).toEqual({ group: "", kind: "Namespace", namespace: "", name: "web" });
  expect(objectName("rbac/Role/n/system:a/b").name).toBe("system:a/b");
});

test("changes are counted, and none is said", () => {
  expect(changesText({ create: 3, update: 1, none: 9 })).toBe("3 created, 1 updated");
  expect(changesText({ none: 9 })).toBe("nothing written");
});

test.each([
  [{ ready: true, healthy: true }, "good"],
  [{ ready: true, healthy: true, run: { id: "1", state: "running", steps: { applied: 1 } } }, "busy"],
  [{ ready: false, healthy: false, run: { id: "1", state: "running", steps: { failed: 1 } } }, "bad"],
  [{ ready: false, healthy: false, run: { id: "1", state: "degraded" } }, "bad"],
  [{ ready: false, healthy: false }, "waiting"],
] as const)("%j is %s", (layer, mark) => {
  expect(layerMark(layer)).toBe(mark);
});

test("an edge says what is waited for, and why", () => {
  const edge = (gate: Edge["gate"], reason: Edge["reason"]): Edge => {
    return { from: "a", to: "b", class: "ready", gate, reason, fresh: true };
  };
  const keys = edge({ type: "keys", keys: ["user", "password"] }, { source: "reference", field: "spec.secretName" });
  expect(`${gateText(keys)}: ${reasonText(keys)}`).toBe("has user, password: references spec.secretName");
  const provider = edge(
    { type: "exists" },
    { source: "provider", field: "spec.name", provides: "core/Secret/n/login" },
  );
  expect(`${gateText(provider)}: ${reasonText(provider)}`).toBe("is there: makes Secret login, which spec.name names");
});
