/** All layers, as the agent's stream of events tells them. */
import { signal } from "@preact/signals";
import { Refused, session } from "../api/client";
import type { ServerEvent } from "../api/events";
import type { Summaries, Summary } from "../api/schema";
import { read } from "./stream";

export type Connection =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "lost"; since: number; why: string }
  | { state: "refused"; status: number; why: string };

/** By `namespace/name`; `undefined` until the first answer. */
export const layers = signal<ReadonlyMap<string, Summary> | undefined>(undefined);
export const connection = signal<Connection>({ state: "connecting" });

const LONGEST_PAUSE = 15_000;

let current: AbortController | undefined;

/** Follows the agent until the next call, which begins anew. */
export async function follow(): Promise<void> {
  current?.abort();
  const stop = new AbortController();
  current = stop;
  connection.value = { state: "connecting" };
  layers.value = undefined;
  let pause = 500;
  let last = "";
  const heard = () => {
    pause = 500;
    if (connection.value.state !== "live") connection.value = { state: "live" };
  };
  const take = (event: ServerEvent) => {
    layers.value = apply(layers.value ?? new Map(), event);
    last = event.id ?? last;
  };
  const namespace = session.namespace();
  const path = `events${namespace ? `?namespace=${encodeURIComponent(namespace)}` : ""}`;
  while (!stop.signal.aborted) {
    try {
      await read({ path, stop: stop.signal, last, heard, take });
      // A stream ends after ten minutes, and is opened again.
      continue;
    } catch (error) {
      if (stop.signal.aborted) return;
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) {
        connection.value = { state: "refused", status: error.status, why: error.message };
        return;
      }
      lose(error);
    }
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** The next state of all layers after an event. */
export function apply(known: ReadonlyMap<string, Summary>, event: ServerEvent): ReadonlyMap<string, Summary> {
  switch (event.name) {
    case "snapshot":
      return new Map((event.data as Summaries).items.map((layer) => [id(layer), layer]));
    case "layer": {
      const layer = event.data as Summary;
      return new Map(known).set(id(layer), layer);
    }
    case "gone": {
      const rest = new Map(known);
      rest.delete(id(event.data as { namespace: string; name: string }));
      return rest;
    }
    default:
      return known;
  }
}

export function id({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

function lose(error: unknown): void {
  const before = connection.value;
  const since = before.state === "lost" ? before.since : Date.now();
  const why = error instanceof Refused ? error.message : "the agent cannot be reached";
  connection.value = { state: "lost", since, why };
}
