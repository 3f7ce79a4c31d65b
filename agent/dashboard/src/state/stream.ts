/** One stream of the agent's events, read until it ends. */
import { ask } from "../api/client";
import { EventReader, type ServerEvent } from "../api/events";

/** The agent shows every 15 s that a stream lives. */
const SILENCE = 40_000;

export type Reading = {
  path: string;
  stop: AbortSignal;
  /** The id of the last event that is known: the stream goes on after it, if the agent still knows how. */
  last?: string;
  /** Something came, if only a sign of life. */
  heard?: () => void;
  take: (event: ServerEvent) => void;
};

/** Resolves when the stream ends, and rejects if it breaks, is refused, or is silent for too long. */
export async function read({ path, stop, last, heard, take }: Reading): Promise<void> {
  const silence = new AbortController();
  const watch = () => setTimeout(() => silence.abort(new Error("the agent has been silent for too long")), SILENCE);
  let timer = watch();
  try {
    const headers: Record<string, string> = last ? { "Last-Event-ID": last } : {};
    const answer = await ask(path, { headers, signal: AbortSignal.any([stop, silence.signal]) });
    const texts = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const events = new EventReader();
    for (;;) {
      const part = await texts?.read();
      if (!part || part.done) return;
      clearTimeout(timer);
      timer = watch();
      for (const event of events.take(part.value)) take(event);
      heard?.();
    }
  } finally {
    clearTimeout(timer);
  }
}
