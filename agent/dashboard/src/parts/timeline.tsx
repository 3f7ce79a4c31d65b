/** How long the run took, wave by wave. */
import type { Object as Item } from "../api/schema";
import { now } from "../clock";
import type { Detail } from "../state/layer";
import { agreedText, count, duration, phaseWord, stepMark, triggerText } from "../text/words";
import { byWave } from "./waves";

export type Span = { wave: number; from: number; to: number; isDone: boolean; isBad: boolean };

/** From the end of the waves before to the time at which the last object of a wave was ready, in ms of the run. */
export function spans(objects: readonly Item[], started: number, end: number): Span[] {
  return byWave(objects).map(([wave, items]) => {
    const times = items.map((item) => Math.max(0, Date.parse(item.since) - started));
    const isDone = items.every((item) => item.step === "ready");
    const whole = Math.max(0, end - started);
    return {
      wave,
      from: Math.min(...times, whole),
      to: isDone ? Math.min(Math.max(...times), whole) : whole,
      isDone,
      isBad: items.some((item) => stepMark(item.step) === "bad"),
    };
  });
}

export function Timeline({ detail }: { detail: Detail }) {
  const { run } = detail.layer;
  if (!run?.started) return null;
  const started = Date.parse(run.started);
  const end = run.ended ? Date.parse(run.ended) : now.value;
  const written = detail.objects.filter((item) => item.change !== "none");
  const rows = spans(written, started, end);
  const whole = Math.max(1, end - started);
  const scale = (time: number) => (1000 * time) / whole;
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">Run</h2>
      <p class="note">
        {triggerText(run)}
        {agreedText(run)} · {run.state === "running" ? phaseWord(run.phase) : run.state} · {duration(end - started)} ·{" "}
        {count(written.length, "object")} to write
      </p>
      {run.phases && run.phases.length > 0 && (
        <p class="phases">
          {run.phases.map((one) => (
            <span key={one.phase}>
              {phaseWord(one.phase)} <b>{duration(one.milliseconds)}</b>
            </span>
          ))}
        </p>
      )}
      {rows.length > 0 && (
        <ol class="timeline">
          {rows.map((row) => (
            <li key={row.wave}>
              <span class="note">Wave {row.wave}</span>
              <svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
                <rect class="track" width="1000" height="10" />
                <rect
                  class={row.isBad ? "bad" : row.isDone ? "good" : "busy"}
                  x={scale(row.from)}
                  width={Math.max(4, scale(row.to - row.from))}
                  height="10"
                />
              </svg>
              <span class="number">
                {row.isDone
                  ? `done at ${duration(row.to)}`
                  : row.isBad
                    ? "held up"
                    : run.ended
                      ? "not done"
                      : "goes on"}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
