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

/** The account that writes the layer's objects. */
export function deployer(layer: Layer): string {
  return layer.spec.serviceAccountName as string;
}
