import { expect, test } from "vitest";
import { address, parse, type Route } from "./route";

const key = { namespace: "platform", name: "data/base" };

const ROUTES: Exclude<Route, { page: "nowhere" }>[] = [
  { page: "fleet" },
  { page: "layer", key },
  { page: "history", key },
  { page: "plan", key },
  { page: "plan", key, revision: "feature/a b" },
  { page: "object", key, id: "core/Secret/web/50%25 & <b>" },
];

test.each(ROUTES)("the address of $page leads back to it", (route) => {
  expect(parse(address(route))).toEqual(route);
});

test.each(["#/nowhere", "#/layers/a", "#/layers/a/b/c", "#/layers/a/b/objects", "#/layers/a/b/plan/x/y", "#/%ff"])(
  "%s is no page",
  (hash) => {
    expect(parse(hash).page).toBe("nowhere");
  },
);
