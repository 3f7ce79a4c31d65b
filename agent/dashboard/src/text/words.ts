/** The API's words in plain ones. */
import type { Edge, HistoryEntry, Object as Item, Leaving, Run, Summary } from "../api/schema";

/** What a mark can mean; each has a shape, a colour and a word. */
export type Mark = "good" | "busy" | "waiting" | "bad" | "idle";

export type Step = Item["step"];

const STEPS: Record<Step, [Mark, string]> = {
  pending: ["idle", "not begun"],
  waiting: ["waiting", "waiting"],
  applied: ["busy", "getting ready"],
  ready: ["good", "ready"],
  blocked: ["bad", "may not be written"],
  failed: ["bad", "failed"],
  setAside: ["bad", "set aside"],
};

export function stepMark(step: Step): Mark {
  return STEPS[step][0];
}

export function stepWord(step: Step): string {
  return STEPS[step][1];
}

const HEALTH: Record<Item["health"], string> = {
  current: "healthy",
  inProgress: "in progress",
  failed: "failed",
  suspended: "suspended",
  terminating: "being deleted",
  missing: "not there",
  unknown: "unknown",
};

export function healthWord(health: Item["health"]): string {
  return HEALTH[health];
}

const HEALTH_MARKS: Record<Item["health"], Mark> = {
  current: "good",
  inProgress: "busy",
  failed: "bad",
  suspended: "idle",
  terminating: "waiting",
  missing: "bad",
  unknown: "idle",
};

export function healthMark(health: Item["health"]): Mark {
  return HEALTH_MARKS[health];
}

const CHANGES: Record<string, string> & Record<Item["change"], string> = {
  create: "created",
  update: "updated",
  adopt: "adopted",
  delete: "deleted",
  none: "unchanged",
  unknown: "not known yet",
};

export function changeWord(change: string): string {
  return CHANGES[change] ?? change;
}

const FATES: Record<Leaving["fate"], string> = {
  waiting: "is deleted later",
  held: "is held back",
  going: "is being deleted",
  pruned: "is deleted",
  forgotten: "stays in the cluster, and is no longer the layer's",
};

/** What becomes of an object that left Git. */
export function fateWord(fate: Leaving["fate"]): string {
  return FATES[fate];
}

/** `3 created, 1 updated`. */
export function changesText(changes: HistoryEntry["changes"]): string {
  const parts = Object.entries(changes)
    .filter(([change, count]) => count > 0 && change !== "none")
    .map(([change, count]) => `${count} ${changeWord(change)}`);
  return parts.join(", ") || "nothing written";
}

/** `3 to create, 1 to update`: what is still to be done. */
export function changesAhead(changes: HistoryEntry["changes"]): string {
  const parts = Object.entries(changes).filter(([change, count]) => count > 0 && change !== "none");
  return parts.map(([change, count]) => `${count} to ${change}`).join(", ") || "nothing";
}

const GUARDS: Record<NonNullable<Leaving["guard"]>, string> = {
  disabled: "the layer deletes nothing",
  render: "the layer cannot be rendered",
  inventory: "its inventory is not known for certain",
  unsynced: "not all of the cluster is seen yet",
  fraction: "too many objects would go at once",
  protected: "its kind is protected",
  agent: "it stands in the agent's own namespace",
  handover: "another layer may still hold it",
  needed: "something still needs it",
  marks: "it does not carry the layer's marks",
  leadership: "another agent leads",
  refused: "the API server refuses it",
};

/** Why a delete is held back. */
export function guardText(guard: string): string {
  return GUARDS[guard as keyof typeof GUARDS] ?? guard;
}

const TRIGGERS: Record<HistoryEntry["trigger"], string> = {
  change: "a change in Git or of the layer",
  manual: "asked for",
  dependency: "another layer",
  retry: "tried again",
  start: "the agent's start",
  drift: "a change in the cluster",
};

export function triggerText(run: Partial<Pick<HistoryEntry, "trigger" | "requestedBy">>): string {
  const words = run.trigger ? TRIGGERS[run.trigger] : "";
  return run.requestedBy ? `${words} by ${run.requestedBy}` : words;
}

type Agreed = Partial<Pick<HistoryEntry, "approvedBy" | "confirmedBy">>;

/** `, approved by ann`, if somebody had to agree. */
export function agreedText({ approvedBy, confirmedBy }: Agreed): string {
  const approved = approvedBy ? `, approved by ${approvedBy}` : "";
  return confirmedBy ? `${approved}, deletes confirmed by ${confirmedBy}` : approved;
}

export type Phase = NonNullable<Run["phase"]>;

const PHASES: Record<Phase, string> = {
  fetch: "reading the source",
  render: "rendering",
  preflight: "asking the API server",
  apply: "writing",
  wait: "waiting for health",
  done: "done",
};

export const PHASE_ORDER: readonly Phase[] = ["fetch", "render", "preflight", "apply", "wait"];

export function phaseWord(phase: Phase | undefined): string {
  return phase ? PHASES[phase] : "";
}

/** How a layer can stand: there is none that is idle. */
export type LayerMark = Exclude<Mark, "idle">;

export function layerMark(layer: Pick<Summary, "ready" | "healthy" | "reason" | "run">): LayerMark {
  const { state, steps = {} } = layer.run ?? {};
  if ((steps.failed ?? 0) + (steps.blocked ?? 0) > 0 || state === "failed" || state === "degraded") return "bad";
  if (state === "running" || state === "pending") return "busy";
  if (layer.ready && layer.healthy) return "good";
  return "waiting";
}

const LAYER: Record<LayerMark, string> = {
  good: "healthy",
  busy: "running",
  waiting: "not ready",
  bad: "in trouble",
};

export function layerWord(mark: LayerMark): string {
  return LAYER[mark];
}

/** `0b0b0b0b` of `main@sha1:0b0b0b0b…`. */
export function commit(revision: string | undefined): string {
  return revision?.split("sha1:").at(-1)?.slice(0, 8) ?? "";
}

/** `main` of `main@sha1:0b0b…`. */
export function branch(revision: string | undefined): string {
  return revision?.includes("@sha1:") ? revision.slice(0, revision.lastIndexOf("@sha1:")) : "";
}

export type ObjectName = { group: string; kind: string; namespace: string; name: string };

/** Takes an identifier apart: `group/Kind/namespace/name`, `core` and `_` for what is empty. */
export function objectName(id: string): ObjectName {
  const [group = "", kind = "", namespace = "", ...name] = id.split("/");
  return {
    group: group === "core" ? "" : group,
    kind,
    namespace: namespace === "_" ? "" : namespace,
    name: name.join("/"),
  };
}

/** `Deployment web`. */
export function shortName(id: string): string {
  const { kind, name } = objectName(id);
  return `${kind} ${name}`;
}

const GATES: Record<Edge["gate"]["type"], string> = {
  exists: "is there",
  keys: "is there",
  established: "is established",
  active: "is active",
  serving: "serves",
  webhookAnswers: "answers calls of its webhook",
  healthy: "is healthy",
};

/** What of the other object is waited for: `is there`. */
export function gateText(edge: Edge): string {
  const { type, keys } = edge.gate;
  return type === "keys" && keys?.length ? `has ${keys.join(", ")}` : GATES[type];
}

/** Why an edge is there. */
export function reasonText({ reason }: Edge): string {
  switch (reason.source) {
    case "structure":
      return reason.rule ?? "structure";
    case "reference":
      return `references ${reason.field ?? "it"}`;
    case "provider":
      return `makes ${reason.provides ? shortName(reason.provides) : "something"}, which ${reason.field ?? "a field"} names`;
    case "annotation":
    case "wave":
      return `${reason.annotation?.split("/").at(-1) ?? ""} annotation`.trim();
    case "requires":
      return "required by the layer";
  }
}

/** `3 s`, `4 min`, `2 h`, `5 d`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** How long ago a time was, without a fraction that would flicker. */
export function age(time: string, now: number): string {
  const passed = now - Date.parse(time);
  return passed < 1000 ? "now" : duration(passed).replace(/\.\d/, "");
}

/** Tells whether every word of a search stands in some of the texts, in capitals or not. */
export function finder(search: string): (texts: readonly (string | undefined)[]) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (texts) => {
    const text = texts.join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** `1 object`, `2 objects`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
