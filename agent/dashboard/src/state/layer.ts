/** One layer in full: read once; then its stream brings the objects that change, and says when to read anew. */
import { effect, type Signal, signal } from "@preact/signals";
import * as api from "../api/client";
import type { ServerEvent } from "../api/events";
import type { History, Object as Item, Layer, Plan } from "../api/schema";
import { connection, id, layers } from "./fleet";
import { read as readStream } from "./stream";

export type Detail = { layer: Layer; objects: Item[]; plan: Plan | undefined; history: History };

export type Opened = {
  detail: Signal<Detail | undefined>;
  /** What the last reading said if it failed. */
  error: Signal<string | undefined>;
  close: () => void;
};

/** Between two readings. */
const PAUSE = 300;
const LONGEST_PAUSE = 15_000;

const rest = (time: number) => new Promise((done) => setTimeout(done, time));

export function open(key: api.Key): Opened {
  const detail = signal<Detail | undefined>(undefined);
  const error = signal<string | undefined>(undefined);
  const stop = new AbortController();
  let isDue = false;
  let isAtIt = false;
  let isReading = false;
  /** Whether the objects are to be read as well: nothing is known of them, or it is out of date. */
  let isStale = true;
  /** What the stream has brought since the reading began. */
  let brought: ServerEvent[] = [];

  async function read(): Promise<void> {
    isDue = true;
    if (isAtIt) return;
    isAtIt = true;
    while (isDue && !stop.signal.aborted) {
      isDue = false;
      await readOnce();
      await rest(PAUSE);
    }
    isAtIt = false;
  }

  async function readOnce(): Promise<void> {
    const isWhole = isStale;
    isStale = false;
    brought = [];
    isReading = true;
    try {
      const next = await all(key, isWhole ? undefined : detail.value, detail.value?.plan);
      detail.value = next;
      error.value = undefined;
      for (const event of brought) take(event);
    } catch (thrown) {
      isStale = isStale || isWhole;
      const isRefused = thrown instanceof api.Refused;
      error.value = isRefused ? thrown.message : "the agent cannot be reached";
      if (isRefused && thrown.status === 404) detail.value = undefined;
    } finally {
      isReading = false;
    }
  }

  function take(event: ServerEvent): void {
    const next = detail.value && merge(detail.value, event);
    if (next) {
      detail.value = next;
    } else {
      isStale = true;
      void read();
    }
  }

  /** While objects are read, what comes is kept as well: it may be newer than what is being read. */
  function hear(event: ServerEvent): void {
    const isKept = isReading && event.name === "objects";
    if (isKept) brought.push(event);
    const next = isKept && detail.value && merge(detail.value, event);
    if (next) detail.value = next;
    if (!isKept) take(event);
  }

  async function follow(): Promise<void> {
    let pause = PAUSE;
    const heard = () => {
      pause = PAUSE;
    };
    while (!stop.signal.aborted) {
      try {
        await readStream({ path: `${api.at(key)}/events`, stop: stop.signal, heard, take: hear });
      } catch {
        // The stream of all layers says that the agent is away, and why; without one of its own a layer is still read.
        if (!detail.value) void read();
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
      await rest(pause);
    }
  }

  let seen: unknown = "nothing yet";
  const forget = effect(() => {
    const summary = layers.value?.get(id(key));
    if (connection.value.state !== "live" || summary === seen) return;
    seen = summary;
    // The stream begins with what makes the first reading due.
    if (detail.peek() || error.peek()) void read();
  });
  void follow();
  return {
    detail,
    error,
    close: () => {
      stop.abort();
      forget();
    },
  };
}

/** What is known after an event of the layer's stream; `undefined` if the objects are to be read anew. */
export function merge(known: Detail, { name, data }: ServerEvent): Detail | undefined {
  const { run, items } = data as { run?: string; items?: Item[] };
  if (name !== "objects") return name === "run" ? undefined : known;
  if (!items || run !== known.layer.run?.id) return undefined;
  const changed = new Map(items.map((item) => [item.id, item]));
  return { ...known, objects: known.objects.map((item) => changed.get(item.id) ?? item) };
}

async function all(key: api.Key, known: Detail | undefined, plan: Plan | undefined): Promise<Detail> {
  const [layer, history] = await Promise.all([api.layer(key), api.history(key)]);
  const isSameRun = known && known.layer.run?.id === layer.run?.id;
  const objects = isSameRun ? known.objects : await api.objects(key);
  const keeps = known && keepsPlan({ layer: known.layer, plan }, layer, objects.length);
  return { layer, objects, plan: keeps ? plan : await api.plan(key), history };
}

/** The edges are the bulk, and do not change while a run goes on; what becomes of what left Git does. */
export function keepsPlan({ layer: before, plan }: Pick<Detail, "layer" | "plan">, layer: Layer, objects: number) {
  const isSame = plan?.run === layer.run?.id && plan?.nodes.length === objects;
  return isSame && before.run?.ended === layer.run?.ended && !plan?.leaving.length;
}
