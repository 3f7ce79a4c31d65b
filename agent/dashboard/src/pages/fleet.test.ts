import { expect, test } from "vitest";
import type { Summary } from "../api/schema";
import { select } from "./fleet";

const layer = (name: string, ready: boolean, path = "clusters/dev") =>
  ({ namespace: "platform", name, path, ready, healthy: ready, source: { url: "https://git.example/a" } }) as Summary;

const all = [layer("apps", true), layer("web", false), layer("data", true, "clusters/prod")];
const names = (search: string, kind: "all" | "waiting" = "all") => select(all, search, kind).map((one) => one.name);

test("trouble comes first, then names", () => {
  expect(names("")).toEqual(["web", "apps", "data"]);
});

test("every word must fit somewhere", () => {
  expect(names("PLATFORM prod")).toEqual(["data"]);
  expect(names("prod web")).toEqual([]);
  expect(names("", "waiting")).toEqual(["web"]);
});
