/** The waves as they fill: one band each; the edges of the object that is looked at. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Edge, Object as Item } from "../api/schema";
import { address } from "../route";
import type { Detail } from "../state/layer";
import { count, objectName, stepMark, stepWord } from "../text/words";
import { Mark, Meter } from "./mark";

type Line = { key: string; path: string; kind: "before" | "after" };

export function Waves({ detail }: { detail: Detail }) {
  const { objects, plan } = detail;
  const board = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<string | undefined>();
  const [focused, setFocused] = useState<string | undefined>();
  // Chips move under a pointer that rests: that must not take away what the focus shows.
  const looked = pointed ?? focused;
  const bands = useMemo(() => byWave(objects), [objects]);
  const near = useMemo(() => neighbours(plan?.edges ?? [], looked), [plan, looked]);
  const lines = useLines(board, near, looked);
  return (
    <div
      ref={board}
      class={`waves ${looked ? "looking" : ""}`}
      onPointerOver={(event) => setPointed(chipOf(event))}
      onPointerLeave={() => setPointed(undefined)}
      onFocusIn={(event) => setFocused(chipOf(event))}
      onFocusOut={() => setFocused(undefined)}
    >
      {bands.map(([wave, items]) => (
        <Band key={wave} wave={wave} items={items} detail={detail} near={near} looked={looked} />
      ))}
      <svg class="lines" aria-hidden="true">
        {lines.map((line) => (
          <path key={line.key} class={line.kind} d={line.path} />
        ))}
      </svg>
    </div>
  );
}

function chipOf(event: Event): string | undefined {
  return event.target instanceof Element ? event.target.closest<HTMLElement>("[data-id]")?.dataset.id : undefined;
}

export function byWave(objects: readonly Item[]): [number, Item[]][] {
  const waves = new Map<number, Item[]>();
  for (const item of objects) {
    const wave = waves.get(item.wave);
    if (wave) wave.push(item);
    else waves.set(item.wave, [item]);
  }
  return [...waves].sort(([a], [b]) => a - b);
}

/** What an object is after, and what is after it. */
export function neighbours(edges: readonly Edge[], id: string | undefined): Map<string, "before" | "after"> {
  const near = new Map<string, "before" | "after">();
  if (!id) return near;
  for (const edge of edges) {
    if (edge.from === id) near.set(edge.to, "before");
    if (edge.to === id) near.set(edge.from, "after");
  }
  return near;
}

type BandProps = {
  wave: number;
  items: Item[];
  detail: Detail;
  near: Map<string, "before" | "after">;
  looked: string | undefined;
};

function Band({ wave, items, detail, near, looked }: BandProps) {
  const ready = items.filter((item) => item.step === "ready").length;
  const isBad = items.some((item) => stepMark(item.step) === "bad");
  const kind = ready === items.length ? "good" : isBad ? "bad" : "busy";
  return (
    <section class="band" aria-label={`Wave ${wave}: ${ready} of ${count(items.length, "object")} ready`}>
      <div class="gauge">
        <h3>Wave {wave}</h3>
        <Meter value={ready} of={items.length} kind={kind} label={`${ready} of ${items.length} ready`} />
        <span class="number">
          {ready}/{items.length}
        </span>
      </div>
      <ul class="chips">
        {items.map((item) => {
          const relation = item.id === looked ? "looked" : (near.get(item.id) ?? "");
          return (
            <li key={item.id}>
              <Chip
                item={item}
                href={address({ page: "object", key: detail.layer, id: item.id })}
                relation={relation}
              />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Chip({ item, href, relation }: { item: Item; href: string; relation: string }) {
  const { kind, name, namespace } = objectName(item.id);
  const mark = stepMark(item.step);
  const title = [item.id, stepWord(item.step), item.message].filter(Boolean).join("\n");
  return (
    <a class={`chip ${mark} ${relation}`} href={href} data-id={item.id} title={title}>
      <Mark kind={mark} />
      <span class="kind">{kind}</span>
      <span class="name">{name}</span>
      <span class="unseen">
        {namespace ? ` in namespace ${namespace}` : ""}: {stepWord(item.step)}
      </span>
    </a>
  );
}

/** Lines from the chip that is looked at to its neighbours, measured where the browser has put them. */
function useLines(
  board: { current: HTMLDivElement | null },
  near: Map<string, "before" | "after">,
  looked?: string,
): Line[] {
  const [lines, setLines] = useState<Line[]>([]);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const resized = () => setWidth(innerWidth);
    addEventListener("resize", resized);
    return () => removeEventListener("resize", resized);
  }, []);
  useLayoutEffect(() => {
    const root = board.current;
    if (!root || !looked) return setLines([]);
    const chips = new Map(
      [...root.querySelectorAll<HTMLElement>("[data-id]")].map((chip) => [chip.dataset.id ?? "", chip]),
    );
    const origin = root.getBoundingClientRect();
    const from = chips.get(looked)?.getBoundingClientRect();
    if (!from) return setLines([]);
    const found: Line[] = [];
    for (const [key, kind] of near) {
      const to = chips.get(key)?.getBoundingClientRect();
      if (to) found.push({ key, kind, path: kind === "before" ? curve(to, from, origin) : curve(from, to, origin) });
    }
    setLines(found);
  }, [looked, near, width]);
  return lines;
}

/** A curve from the lower edge of one box to the upper edge of another. */
function curve(upper: DOMRect, lower: DOMRect, origin: DOMRect): string {
  const [x1, y1] = [upper.left + upper.width / 2 - origin.left, upper.bottom - origin.top];
  const [x2, y2] = [lower.left + lower.width / 2 - origin.left, lower.top - origin.top];
  const bend = Math.max(12, Math.abs(y2 - y1) / 2);
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}
