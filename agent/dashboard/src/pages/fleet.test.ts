import { expect, test } from "vitest";
import type { Summary } from "../api/schema";
import { select } from "./fleet";

const layer = (name: string, ready: boolean, path = "clusters/dev") =>
  ({ namespace: "platform", name, path, ready, healthy: ready, source: { url: "https://git.example/a" } }) as Summary;

const all = [layer("apps", true), layer("web", false), layer("data", true, "clusters/prod")];
const names = (search: string, kind: Parameters<typeof select>[2] = "all") =>
  select(all, search, kind).map((one) => one.name);

test("trouble comes first, then names", () => {
  expect(names("")).toEqual(["web", "apps", "data"]);
});

test("every word must fit somewhere", () => {
  expect(names("PLATFORM prod")).toEqual(["data"]);
  expect(names("prod web")).toEqual([]);
  expect(names("", "waiting")).toEqual(["web"]);
});

test("what is not at its newest revision is out of date", () => {
  const at = (name: string, applied?: string) =>
    ({ ...layer(name, true), revision: "main@sha1:2", applied }) as Summary;
  const some = [at("old", "main@sha1:1"), at("new", "main@sha1:2"), at("never")];
  expect(select(some, "", "behind").map((one) => one.name)).toEqual(["never", "old"]);
});
