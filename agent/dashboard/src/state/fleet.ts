/** All layers, as the agent's stream of events tells them. */
import { signal } from "@preact/signals";
import { ask, Refused, session } from "../api/client";
import { EventReader, type ServerEvent } from "../api/events";
import type { Summaries, Summary } from "../api/schema";

export type Connection =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "lost"; since: number; why: string }
  | { state: "refused"; status: number; why: string };

/** By `namespace/name`; `undefined` until the first answer. */
export const layers = signal<ReadonlyMap<string, Summary> | undefined>(undefined);
export const connection = signal<Connection>({ state: "connecting" });

/** The agent shows every 15 s that a stream lives. */
const SILENCE = 40_000;
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
  while (!stop.signal.aborted) {
    try {
      await read(stop.signal, () => {
        pause = 500;
      });
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

async function read(stop: AbortSignal, heard: () => void): Promise<void> {
  const silence = new AbortController();
  const watch = () => setTimeout(() => silence.abort(new Error("the agent has been silent for too long")), SILENCE);
  let timer = watch();
  try {
    const namespace = session.namespace();
    const query = namespace ? `?namespace=${encodeURIComponent(namespace)}` : "";
    const answer = await ask(`events${query}`, { signal: AbortSignal.any([stop, silence.signal]) });
    const texts = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const events = new EventReader();
    for (;;) {
      const part = await texts?.read();
      if (!part || part.done) return;
      clearTimeout(timer);
      timer = watch();
      heard();
      for (const event of events.take(part.value)) layers.value = apply(layers.value ?? new Map(), event);
      if (connection.value.state !== "live") connection.value = { state: "live" };
    }
  } finally {
    clearTimeout(timer);
  }
}

function lose(error: unknown): void {
  const before = connection.value;
  const since = before.state === "lost" ? before.since : Date.now();
  const why = error instanceof Refused ? error.message : "the agent cannot be reached";
  connection.value = { state: "lost", since, why };
}
