/** The last runs: why, by whom, what they changed, how they ended. */

import { Mark } from "../parts/mark";
import { Ago } from "../parts/time";
import type { Detail } from "../state/layer";
import { changesText, commit, duration, type Mark as Kind, triggerText } from "../text/words";

const OUTCOMES: Record<string, Kind> = { healthy: "good", degraded: "bad", failed: "bad", superseded: "idle" };

export function HistoryPage({ detail }: { detail: Detail }) {
  const { items } = detail.history;
  if (items.length === 0) return <p class="note">No run has ended yet.</p>;
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">The last runs</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section class="scroll" aria-label="Table of runs" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Ended</th>
              <th scope="col">How</th>
              <th scope="col">Commit</th>
              <th scope="col">Why it began</th>
              <th scope="col">Changes</th>
              <th scope="col">Took</th>
              <th scope="col">What there is to say</th>
            </tr>
          </thead>
          <tbody>
            {items.map((run) => (
              <tr key={run.id}>
                <td>
                  <Ago time={run.ended} />
                </td>
                <td>
                  <Mark kind={OUTCOMES[run.outcome] ?? "idle"} /> {run.outcome}
                </td>
                <td>
                  <code>{commit(run.revision)}</code>
                </td>
                <td>{triggerText(run)}</td>
                <td>{changesText(run.changes)}</td>
                <td class="number">{duration(Date.parse(run.ended) - Date.parse(run.started))}</td>
                <td class="say">{run.message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
