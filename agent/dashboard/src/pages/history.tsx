/** The last runs: why, by whom, what they changed, how they ended. */
import type { HistoryEntry } from "../api/schema";
import { RollBack } from "../parts/actions";
import { DataTable } from "../parts/data-table";
import { Mark } from "../parts/mark";
import { Ago } from "../parts/time";
import type { Detail } from "../state/layer";
import { changesText, commit, duration, type Mark as Kind, triggerText } from "../text/words";

const OUTCOMES: Record<HistoryEntry["outcome"], Kind> = {
  healthy: "good",
  degraded: "bad",
  failed: "bad",
  planned: "idle",
  superseded: "idle",
};
const COLUMNS = ["Ended", "How", "Commit", "Why it began", "Changes", "Took", "What there is to say", "Do"];

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
      <h2 id="runs">The last runs</h2>
      <DataTable label="Table of runs" columns={COLUMNS}>
        {items.map((run) => (
          <tr key={run.id}>
            <td>
              <Ago time={run.ended} />
            </td>
            <td>
              <Mark kind={OUTCOMES[run.outcome]} /> {run.outcome}
            </td>
            <td>
              <code>{commit(run.revision)}</code>
            </td>
            <td>{triggerText(run)}</td>
            <td>{changesText(run.changes)}</td>
            <td class="number">{duration(Date.parse(run.ended) - Date.parse(run.started))}</td>
            <td class="say">{run.message}</td>
            <td>{run.revision && targets.has(run.id) && <RollBack layer={layer} revision={run.revision} />}</td>
          </tr>
        ))}
      </DataTable>
    </section>
  );
}
