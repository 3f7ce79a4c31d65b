import { expect, test } from "vitest";
import type { HistoryEntry } from "../api/schema";
import { rollbackTargets } from "./history";

const run = (id: string, revision: string, outcome: HistoryEntry["outcome"]) =>
  ({ id, revision, outcome }) as HistoryEntry;

test("one rolls back to what was healthy and is not there now, once for each commit", () => {
  const items = [
    run("5", "main@c", "degraded"),
    run("4", "main@b", "healthy"),
    run("3", "main@b", "healthy"),
    run("2", "main@c", "healthy"),
    run("1", "main@a", "failed"),
  ];
  expect([...rollbackTargets(items, "main@c")]).toEqual(["4"]);
});
