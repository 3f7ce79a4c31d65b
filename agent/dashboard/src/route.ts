/** Where one is: the part of the address behind `#`, so that the server needs to know no page. */
import { signal } from "@preact/signals";
import type { Key } from "./api/client";

export type Route =
  | { page: "fleet" }
  | { page: "layer"; key: Key }
  | { page: "history"; key: Key }
  | { page: "plan"; key: Key; revision?: string }
  | { page: "object"; key: Key; id: string }
  | { page: "nowhere"; path: string };

export function parse(hash: string): Route {
  const path = hash.replace(/^#?\/?/, "");
  let parts: string[];
  try {
    parts = path.split("/").map(decodeURIComponent);
  } catch {
    return { page: "nowhere", path };
  }
  const [root, namespace, name, page, id, ...more] = parts;
  if (path === "") return { page: "fleet" };
  if (root !== "layers" || !namespace || !name || more.length > 0) return { page: "nowhere", path };
  const key = { namespace, name };
  if (page === undefined) return { page: "layer", key };
  if (page === "objects" && id) return { page: "object", key, id };
  if (page === "plan" && id) return { page, key, revision: id };
  if ((page === "history" || page === "plan") && id === undefined) return { page, key };
  return { page: "nowhere", path };
}

export function address(route: Exclude<Route, { page: "nowhere" }>): string {
  if (route.page === "fleet") return "#/";
  const layer = `#/layers/${encodeURIComponent(route.key.namespace)}/${encodeURIComponent(route.key.name)}`;
  if (route.page === "layer") return layer;
  if (route.page === "object") return `${layer}/objects/${encodeURIComponent(route.id)}`;
  if (route.page === "plan" && route.revision) return `${layer}/plan/${encodeURIComponent(route.revision)}`;
  return `${layer}/${route.page}`;
}

export const route = signal<Route>({ page: "fleet" });

export function followAddress(): void {
  const take = () => {
    route.value = parse(location.hash);
  };
  addEventListener("hashchange", take);
  take();
}
