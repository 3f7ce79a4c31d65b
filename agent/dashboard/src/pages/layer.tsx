/** A layer: what it waits for and why, the waves as they fill, how the run went. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Layer } from "../api/schema";
import type { Condition } from "../api/status";
import { conditions, hold, isSuspended } from "../api/status";
import { LayerActions } from "../parts/actions";
import { Conditions } from "../parts/conditions";
import { Consents } from "../parts/consent";
import { Mark } from "../parts/mark";
import { Neighbours } from "../parts/neighbours";
import { Failed, Loading } from "../parts/notice";
import { ObjectTable } from "../parts/table";
import { Until } from "../parts/time";
import { Timeline } from "../parts/timeline";
import { WaitingFor } from "../parts/waiting";
import { Waves } from "../parts/waves";
import { address, type Route } from "../route";
import { layers } from "../state/fleet";
import { type Detail, open } from "../state/layer";
import { branch, commit, count, layerMark, layerWord } from "../text/words";
import { HistoryPage } from "./history";
import { ObjectPage } from "./object";
import { PlanPage } from "./plan";

type At = Exclude<Route, { page: "fleet" | "nowhere" }>;

/** The pages of one layer share what was read of it. */
export function LayerPages({ at }: { at: At }) {
  const { namespace, name } = at.key;
  const opened = useMemo(() => open({ namespace, name }), [namespace, name]);
  useEffect(() => opened.close, [opened]);
  const detail = opened.detail.value;
  const error = opened.error.value;
  if (!detail && error) return <Alone name={name} why={error} />;
  if (!detail) {
    const isGone = layers.value && !layers.value.has(`${namespace}/${name}`);
    if (isGone) return <Alone name={name} why={`There is no layer ${namespace}/${name}.`} />;
    return <Loading what={`layer ${name}`} />;
  }
  return (
    <>
      {error && <Failed why={`What is shown may be old: ${error}`} />}
      <Heading at={at} detail={detail} />
      {at.page === "layer" && <LayerPage detail={detail} />}
      {at.page === "object" && <ObjectPage key={at.id} detail={detail} id={at.id} />}
      {at.page === "history" && <HistoryPage detail={detail} />}
      {at.page === "plan" && <PlanPage detail={detail} revision={at.revision} />}
    </>
  );
}

function Alone({ name, why }: { name: string; why: string }) {
  return (
    <>
      <h1>{name}</h1>
      <Failed why={why} />
    </>
  );
}

function Heading({ at, detail }: { at: At; detail: Detail }) {
  const { layer, plan } = detail;
  const kind = layerMark(layer);
  const tabs: [string, At["page"]][] = [
    ["Waves", "layer"],
    [plan?.findings.length ? `Plan (${count(plan.findings.length, "finding")})` : "Plan", "plan"],
    ["History", "history"],
  ];
  return (
    <>
      <div class="head">
        <div class="title">
          <h1>
            <Mark kind={kind} /> {layer.name} <span class="note">{layerWord(kind)}</span>
          </h1>
          <p class="note">
            {layer.namespace} · {layer.path} · {layer.source.url} · <code>{commit(layer.revision)}</code>{" "}
            {branch(layer.revision)}
          </p>
        </div>
        <LayerActions layer={layer} />
      </div>
      <Standstill layer={layer} />
      <Consents layer={layer} />
      <nav class="tabs" aria-label={`Pages of ${layer.name}`}>
        {tabs.map(([text, page]) => (
          <a
            key={page}
            href={address({ page, key: at.key } as At)}
            aria-current={at.page === page ? "page" : undefined}
          >
            {text}
          </a>
        ))}
      </nav>
    </>
  );
}

/** Why nothing happens though something may differ. */
function Standstill({ layer }: { layer: Layer }) {
  const held = hold(layer);
  if (isSuspended(layer)) {
    return <p class="aside">Suspended: nothing is written until somebody resumes it.</p>;
  }
  if (!held) return null;
  return (
    <p class="aside">
      Held at <code>{commit(held.revision)}</code> for another <Until time={held.until} />, whatever is pushed
      meanwhile.
    </p>
  );
}

function LayerPage({ detail }: { detail: Detail }) {
  const [view, setView] = useState<"waves" | "table">("waves");
  const { layer, objects, plan } = detail;
  const told: Condition[] = conditions(layer);
  return (
    <>
      <WaitingFor detail={detail} />
      <section aria-labelledby="objects">
        <div class="head">
          <h2 id="objects">
            {count(objects.length, "object")}
            {plan && plan.waves > 0 && ` in ${count(plan.waves, "wave")}`}
          </h2>
          <fieldset class="filters">
            <legend class="unseen">Show as</legend>
            <button type="button" class="filter" aria-pressed={view === "waves"} onClick={() => setView("waves")}>
              waves
            </button>
            <button type="button" class="filter" aria-pressed={view === "table"} onClick={() => setView("table")}>
              table
            </button>
          </fieldset>
        </div>
        {objects.length === 0 && (
          <p class="note">
            This agent has had no run of the layer, or another replica leads it. The conditions below say how it stands.
          </p>
        )}
        {view === "waves" ? <Waves detail={detail} /> : <ObjectTable detail={detail} />}
      </section>
      <Timeline detail={detail} />
      <Neighbours layer={layer} />
      <Conditions conditions={told} />
    </>
  );
}
