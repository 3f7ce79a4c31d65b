/** What a layer waits for, and why: from the objects of its run to the few that hold up the rest. */
import type { Object as Item } from "../api/schema";

/** Something that holds others up. */
export type Cause = {
  id: string;
  /** The object, if it is one of the layer's. */
  item: Item | undefined;
  /** What is to be said of it. */
  reason: string;
  since: string;
  /** Who waits for it, straight or through others. */
  holds: string[];
};

/** Finds the causes, those that hold up most first. */
export function causes(objects: readonly Item[]): Cause[] {
  const items = new Map(objects.map((item) => [item.id, item]));
  const found = new Map<string, Cause>();
  for (const item of objects) {
    if (isWell(item)) continue;
    const roots = rootsOf(item, items);
    for (const root of roots) {
      const cause = found.get(root.id) ?? { ...root, holds: [] };
      if (item.id !== root.id) cause.holds.push(item.id);
      found.set(root.id, cause);
    }
  }
  const weight = (cause: Cause) => cause.holds.length + (isBad(cause.item) ? 100_000 : 0);
  return [...found.values()].sort((a, b) => weight(b) - weight(a) || a.id.localeCompare(b.id));
}

/** The chain from an object to what it waits for at last, the object first. */
export function chain(id: string, objects: readonly Item[]): { id: string; reason: string }[] {
  const items = new Map(objects.map((item) => [item.id, item]));
  const links: { id: string; reason: string }[] = [];
  const seen = new Set<string>();
  let next: string | undefined = id;
  let reason = "";
  while (next && !seen.has(next)) {
    seen.add(next);
    const item: Item | undefined = items.get(next);
    const waiting: { object: string; reason: string } | undefined = item?.waitingFor?.[0];
    links.push({ id: next, reason: item?.message || reason });
    next = waiting?.object;
    reason = waiting?.reason ?? "";
  }
  return links;
}

function rootsOf(item: Item, items: ReadonlyMap<string, Item>): Omit<Cause, "holds">[] {
  const roots = new Map<string, Omit<Cause, "holds">>();
  const seen = new Set<string>();
  const visit = (id: string, reason: string, since: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    const at = items.get(id);
    const open = at?.waitingFor ?? [];
    if (at && open.length > 0) {
      for (const waiting of open) visit(waiting.object, waiting.reason, waiting.since);
    } else {
      const own = at && !isWell(at) ? at.message : undefined;
      roots.set(id, { id, item: at, reason: own || reason, since: at && !isWell(at) ? at.since : since });
    }
  };
  visit(item.id, item.message ?? "", item.since);
  return [...roots.values()].filter((root) => root.item?.step !== "pending");
}

function isWell(item: Item): boolean {
  return item.step === "ready";
}

function isBad(item: Item | undefined): boolean {
  return item?.step === "failed" || item?.step === "blocked";
}
