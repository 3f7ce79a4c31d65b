/** What the page reads of a Layer's spec and status, whose shape its CustomResourceDefinition describes. */
import type { Layer } from "./schema";

export type Condition = { type: string; status: string; reason: string; message: string; lastTransitionTime: string };

export type BlockedOn = { object: string; reason: string; since: string };

export function conditions(layer: Layer): Condition[] {
  return (layer.status.conditions as Condition[] | undefined) ?? [];
}

/** What the layer as a whole waits for, objects of other layers among it. */
export function waitingFor(layer: Layer): BlockedOn[] {
  return (layer.status.waitingFor as BlockedOn[] | undefined) ?? [];
}

export function isSuspended(layer: Layer): boolean {
  return layer.spec.suspend === true;
}

/** The commit that the layer stays at, and until when; `undefined` once that is past. */
export function hold(layer: Layer): { revision: string; until: string } | undefined {
  const held = layer.spec.hold as { revision: string; until: string } | null | undefined;
  return held && Date.parse(held.until) > Date.now() ? held : undefined;
}

/** A plan that waits for somebody to approve it. */
export type WaitingPlan = { hash: string; changes: Record<string, number>; consequences: string[] };

export function waitingPlan(layer: Layer): WaitingPlan | undefined {
  const plan = layer.status.plan as Partial<WaitingPlan> | undefined;
  if (!plan?.hash) return undefined;
  return { hash: plan.hash, changes: plan.changes ?? {}, consequences: plan.consequences ?? [] };
}

/** An object whose delete is held back, and by which guard. */
export type HeldObject = { object: string; guard: string; reason: string; consequences?: string[] };

/** Deletes that are held back until somebody confirms them; the first hundred by name. */
export type HeldPrune = { hash: string; count: number; objects: HeldObject[] };

export function heldPrune(layer: Layer): HeldPrune | undefined {
  return layer.status.heldPrune as HeldPrune | undefined;
}

type Consented = { hash: string; requestedBy?: string; since: string };

/** How long the agent counts on what somebody has agreed to. */
const HOLDS = 24 * 3_600_000;

/** Who has agreed to what the hash names, if somebody has and the run is still to begin. */
export function agreedBy(layer: Layer, hash: string): string | undefined {
  const { approval, confirmation } = layer.status as Record<string, Consented | undefined>;
  const given = [approval, confirmation].find((one) => one?.hash === hash);
  if (!given || Date.parse(given.since) + HOLDS < Date.now()) return undefined;
  return given.requestedBy ?? "somebody";
}

/** The account that writes the layer's objects. */
export function deployer(layer: Layer): string {
  return layer.spec.serviceAccountName as string;
}
