/** A layer's conditions in plain words. */
import type { Condition } from "../api/status";
import { Ago } from "./time";

const WORDS: Record<string, [string, string]> = {
  Ready: ["It is at its newest revision and well", "It is not at its newest revision, or not well"],
  Reconciling: ["A run goes on", "No run goes on"],
  Stalled: ["It cannot go on without a change", "Nothing keeps it from going on"],
  Healthy: ["Every object is healthy", "Not every object is healthy"],
  Drifted: ["The cluster is not as it was applied", "The cluster is as it was applied"],
  Blocked: ["Something is held back", "Nothing is held back"],
};

export function Conditions({ conditions }: { conditions: Condition[] }) {
  if (conditions.length === 0) return null;
  return (
    <section aria-labelledby="conditions">
      <h2 id="conditions">Conditions</h2>
      <dl class="facts">
        {conditions.map((condition) => (
          <div key={condition.type}>
            <dt>{condition.type}</dt>
            <dd>
              {words(condition)}
              <span class="note">
                {" "}
                · <Ago time={condition.lastTransitionTime} />
              </span>
              {condition.message && <p class="say">{condition.message}</p>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function words({ type, status, reason }: Condition): string {
  const known = WORDS[type];
  if (!known || status === "Unknown") return `${status.toLowerCase()}: ${reason}`;
  return known[status === "True" ? 0 : 1];
}
