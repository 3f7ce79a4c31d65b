/** One layer in full: read once, and again whenever the stream says that it changed. */
import { effect, type Signal, signal } from "@preact/signals";
import * as api from "../api/client";
import type { History, Object as Item, Layer, Plan } from "../api/schema";
import { connection, id, layers } from "./fleet";

export type Detail = { layer: Layer; objects: Item[]; plan: Plan | undefined; history: History };

export type Opened = {
  detail: Signal<Detail | undefined>;
  /** What the last reading said if it failed. */
  error: Signal<string | undefined>;
  close: () => void;
};

/** Between two readings. */
const PAUSE = 300;

export function open(key: api.Key): Opened {
  const detail = signal<Detail | undefined>(undefined);
  const error = signal<string | undefined>(undefined);
  let isOpen = true;
  let isDue = false;
  let isReading = false;

  async function read(): Promise<void> {
    isDue = true;
    if (isReading) return;
    isReading = true;
    while (isDue && isOpen) {
      isDue = false;
      try {
        detail.value = await all(key, detail.value);
        error.value = undefined;
      } catch (thrown) {
        const isRefused = thrown instanceof api.Refused;
        error.value = isRefused ? thrown.message : "the agent cannot be reached";
        if (isRefused && thrown.status === 404) detail.value = undefined;
      }
      await new Promise((done) => setTimeout(done, PAUSE));
    }
    isReading = false;
  }

  let seen: unknown = "nothing yet";
  const stop = effect(() => {
    const summary = layers.value?.get(id(key));
    if (connection.value.state !== "live" || summary === seen) return;
    seen = summary;
    void read();
  });
  return {
    detail,
    error,
    close: () => {
      isOpen = false;
      stop();
    },
  };
}

async function all(key: api.Key, known: Detail | undefined): Promise<Detail> {
  const [layer, objects, history] = await Promise.all([api.layer(key), api.objects(key), api.history(key)]);
  const plan = known && keepsPlan(known, layer, objects.length) ? known.plan : await api.plan(key);
  return { layer, objects, plan, history };
}

/** The edges are the bulk, and do not change while a run goes on; what becomes of what left Git does. */
export function keepsPlan({ layer: before, plan }: Omit<Detail, "history">, layer: Layer, objects: number): boolean {
  const isSame = plan?.run === layer.run?.id && plan?.nodes.length === objects;
  return isSame && before.run?.ended === layer.run?.ended && !plan?.leaving.length;
}
