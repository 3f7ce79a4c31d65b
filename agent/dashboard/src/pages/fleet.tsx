/** All layers: how each stands, and what holds it up. */
import { Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Summary } from "../api/schema";
import { Mark, Meter } from "../parts/mark";
import { Empty, Loading } from "../parts/notice";
import { Ago } from "../parts/time";
import { address } from "../route";
import { id, layers } from "../state/fleet";
import { branch, commit, count, finder, type LayerMark as Kind, layerMark, layerWord } from "../text/words";

type Choice = Kind | "behind" | "all";

/** Trouble first. */
const ORDER: Kind[] = ["bad", "waiting", "busy", "good"];

export function Fleet() {
  const [search, setSearch] = useState("");
  const [kind, setKind] = useState<Choice>("all");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  if (!layers.value) return <Loading what="layers" />;
  const all = [...layers.value.values()];
  if (all.length === 0) {
    return (
      <Empty title="There are no layers yet">
        A layer is a folder of a Git repository: apply a <code>Layer</code> resource, and it appears here.
      </Empty>
    );
  }
  const behind = all.filter(isBehind).length;
  const kinds = ORDER.filter((one) => all.some((layer) => layerMark(layer) === one));
  const shown = select(all, search, kind);
  return (
    <>
      <div class="head">
        <h1>{count(all.length, "layer")}</h1>
        <input
          ref={input}
          type="search"
          placeholder="Search"
          aria-label="Search layers by name, path, repository or commit; key /"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      <fieldset class="filters">
        <legend class="unseen">Show</legend>
        <Filter text="all" number={all.length} isOn={kind === "all"} choose={() => setKind("all")} />
        {kinds.map((one) => {
          const number = all.filter((layer) => layerMark(layer) === one).length;
          const choose = () => setKind(kind === one ? "all" : one);
          return (
            <Filter key={one} kind={one} text={layerWord(one)} number={number} isOn={kind === one} choose={choose} />
          );
        })}
        {behind > 0 && (
          <Filter
            text="out of date"
            number={behind}
            isOn={kind === "behind"}
            choose={() => setKind(kind === "behind" ? "all" : "behind")}
          />
        )}
      </fieldset>
      {shown.length === 0 && <Empty title="No layer fits">Search for something else, or show all.</Empty>}
      <ul class="layers" aria-live="off">
        {shown.map((layer) => (
          <Row key={layer.uid} layer={layer} />
        ))}
      </ul>
    </>
  );
}

/** The layers that fit, trouble first. */
export function select(all: readonly Summary[], search: string, kind: Choice): Summary[] {
  const found = finder(search);
  const isOf = (layer: Summary) => (kind === "behind" ? isBehind(layer) : layerMark(layer) === kind);
  const fits = (layer: Summary) =>
    (kind === "all" || isOf(layer)) && found([id(layer), layer.path, layer.source.url, layer.revision, layer.message]);
  const rank = (layer: Summary) => ORDER.indexOf(layerMark(layer));
  return all.filter(fits).sort((a, b) => rank(a) - rank(b) || id(a).localeCompare(id(b)));
}

/** Whether the newest revision that is known is not applied. */
function isBehind(layer: Summary): boolean {
  return layer.revision !== layer.applied;
}

type FilterProps = { kind?: Kind; text: string; number: number; isOn: boolean; choose: () => void };

function Filter({ kind, text, number, isOn, choose }: FilterProps) {
  return (
    <button type="button" class="filter" aria-pressed={isOn} onClick={choose}>
      {kind && <Mark kind={kind} />}
      {text} <span class="number">{number}</span>
    </button>
  );
}

function Row({ layer }: { layer: Summary }) {
  const kind = layerMark(layer);
  const { steps = {}, started, ended, state } = layer.run ?? {};
  const planned = Object.values(steps).reduce((sum, number) => sum + number, 0);
  const isRunning = state === "running" && planned > 0;
  const [value, of] = isRunning ? [steps.ready ?? 0, planned] : [layer.healthyObjects, layer.objects];
  return (
    <li class="layer">
      <Mark kind={kind} />
      <div class="what">
        <a href={address({ page: "layer", key: layer })}>{layer.name}</a>
        <span class="note">{layer.namespace}</span>
        <span class="unseen">: {layerWord(kind)}</span>
      </div>
      <div class="where" title={layer.source.url}>
        <span class="note">
          {layer.path.split("/").map((part, index) => (
            <Fragment key={`${index} ${part}`}>
              {index > 0 && "/"}
              {index > 0 && <wbr />}
              {part}
            </Fragment>
          ))}
        </span>
      </div>
      <div class="rev">
        <code>{commit(layer.revision) || "–"}</code> <span class="note">{branch(layer.revision)}</span>
        {isBehind(layer) && (
          <p class="note">{layer.applied ? `still at ${commit(layer.applied)}` : "not applied yet"}</p>
        )}
      </div>
      <div class="done">
        <Meter value={value} of={of} kind={kind} label={`${value} of ${count(of, "object")} ready`} />
        <span class="number">
          {value}/{of}
        </span>
      </div>
      <div class="say">
        {kind === "good" ? layerWord(kind) : layer.message || layerWord(kind)}
        {kind === "good" && (ended ?? started) && (
          <span class="note">
            {" "}
            · last run <Ago time={ended ?? started ?? ""} />
          </span>
        )}
      </div>
    </li>
  );
}
