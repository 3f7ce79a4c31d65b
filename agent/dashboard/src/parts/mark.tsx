/** How something stands: a shape and a colour, always beside a word. */
import type { Mark as Kind } from "../text/words";

const SHAPES: Record<Kind, string> = {
  good: "M3.5 8.5l3 3 6-7",
  busy: "M8 2.500a5.500 5.500 0 1 1-5.500 5.500",
  waiting: "M3.500 8h.010M8 8h.010M12.500 8h.010",
  bad: "M4 4l8 8M12 4l-8 8",
  idle: "M4 8h8",
};

export function Mark({ kind }: { kind: Kind }) {
  return (
    <svg class={`mark ${kind}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[kind]} />
    </svg>
  );
}

/** How much of a whole is there. */
export function Meter({ value, of, label, kind }: { value: number; of: number; label: string; kind: Kind }) {
  const width = of > 0 ? (100 * Math.min(value, of)) / of : 0;
  return (
    <svg class={`meter ${kind}`} viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="whole" width="100" height="4" />
      <rect class="part" width={width} height="4" />
    </svg>
  );
}
