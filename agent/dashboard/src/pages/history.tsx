/** The last runs: why, by whom, what they changed, how long each phase took, how they ended. */
import type { HistoryEntry } from "../api/schema";
import { RollBack } from "../parts/actions";
import { DataTable } from "../parts/data-table";
import { Mark } from "../parts/mark";
import { ObjectLink } from "../parts/object-link";
import { Phases } from "../parts/phases";
import { Ago } from "../parts/time";
import { address } from "../route";
import type { Detail } from "../state/layer";
import {
  agreedText,
  changesText,
  changeWord,
  commit,
  count,
  duration,
  type Mark as Kind,
  triggerText,
} from "../text/words";

const OUTCOMES: Record<HistoryEntry["outcome"], Kind> = {
  healthy: "good",
  degraded: "bad",
  failed: "bad",
  planned: "idle",
  superseded: "idle",
  suspended: "idle",
};
const COLUMNS = ["Ended", "How", "Commit", "Why it began", "What changed", "Took", "Do"];

/** The runs whose commit the layer can be brought back to: the last healthy one of each that it is not at. */
export function rollbackTargets(items: readonly HistoryEntry[], current: string | undefined): Set<string> {
  const seen = new Set([current]);
  const targets = new Set<string>();
  for (const run of items) {
    if (run.outcome !== "healthy" || seen.has(run.revision)) continue;
    seen.add(run.revision);
    targets.add(run.id);
  }
  return targets;
}

export function HistoryPage({ detail }: { detail: Detail }) {
  const { layer } = detail;
  const { items } = detail.history;
  const targets = rollbackTargets(items, layer.revision);
  if (items.length === 0) return <p class="note">No run has ended yet.</p>;
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">The last {count(items.length, "run")}</h2>
      <DataTable label="Table of runs" columns={COLUMNS}>
        {items.map((run) => (
          <tr key={run.id}>
            <td>
              <Ago time={run.ended} />
            </td>
            <td>
              <span class="state">
                <Mark kind={OUTCOMES[run.outcome]} /> {run.outcome}
              </span>
              {run.message && <p class="say note">{run.message}</p>}
            </td>
            <td>{run.revision && <Commit detail={detail} revision={run.revision} />}</td>
            <td class="say">
              {triggerText(run)}
              {agreedText(run)}
            </td>
            <td>
              <Changed detail={detail} run={run} />
            </td>
            <td>
              <span class="number">{duration(Date.parse(run.ended) - Date.parse(run.started))}</span>
              {run.phases && <Phases phases={run.phases} />}
            </td>
            <td>{run.revision && targets.has(run.id) && <RollBack layer={layer} revision={run.revision} />}</td>
          </tr>
        ))}
      </DataTable>
    </section>
  );
}

/** Leads to what the layer looked like at that commit, as a plan beside what it is now. */
function Commit({ detail, revision }: { detail: Detail; revision: string }) {
  const id = revision.split("sha1:").at(-1) ?? revision;
  const to = address({ page: "plan", key: detail.layer, revision: id });
  return (
    <a href={to} title={`What ${commit(revision)} would change now`}>
      <code>{commit(revision)}</code>
    </a>
  );
}

function Changed({ detail, run }: { detail: Detail; run: HistoryEntry }) {
  const named = run.objects ?? [];
  const all = Object.values(run.changes).reduce((sum, number) => sum + number, 0) - (run.changes.none ?? 0);
  if (named.length === 0) return <>{changesText(run.changes)}</>;
  return (
    <details>
      <summary>{changesText(run.changes)}</summary>
      <ul class="plain">
        {named.map((one) => (
          <li key={one.object}>
            {changeWord(one.change)} <ObjectLink layer={detail.layer} id={one.object} />
          </li>
        ))}
        {all > named.length && <li class="note">and {count(all - named.length, "more object")}</li>}
      </ul>
    </details>
  );
}
