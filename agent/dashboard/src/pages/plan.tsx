/** The plan of the last run: what it does, its findings, and why each object comes where it does. */
import { useState } from "preact/hooks";
import { DataTable } from "../parts/data-table";
import { ObjectLink } from "../parts/object-link";
import type { Detail } from "../state/layer";
import { changesText, commit, count, fateWord, gateText, reasonText } from "../text/words";

const COLUMNS = ["Object", "comes after", "which", "because"];

export function PlanPage({ detail }: { detail: Detail }) {
  const [search, setSearch] = useState("");
  const { plan, layer } = detail;
  if (!plan) return <p class="note">There has been no run since the agent started, so there is no plan yet.</p>;
  const changes: Record<string, number> = {};
  for (const node of plan.nodes) changes[node.change] = (changes[node.change] ?? 0) + 1;
  const word = search.toLowerCase();
  const edges = plan.edges.filter((edge) => `${edge.from} ${edge.to} ${reasonText(edge)}`.toLowerCase().includes(word));
  return (
    <>
      <section aria-labelledby="plan">
        <h2 id="plan">
          Plan of <code>{commit(plan.revision)}</code>
        </h2>
        <p class="note">
          {count(plan.nodes.length, "object")}, {count(plan.edges.length, "edge")}, {count(plan.waves, "wave")}:{" "}
          {changesText(changes)}
        </p>
        {plan.findings.map((finding) => (
          <p class="banner" key={`${finding.object} ${finding.message}`}>
            {finding.object && <ObjectLink layer={layer} id={finding.object} />} {finding.message}
            {finding.origin && (
              <span class="note">
                {" "}
                {finding.origin.file}:{finding.origin.line}
              </span>
            )}
          </p>
        ))}
        {plan.leaving.length > 0 && (
          <>
            <h3>No longer in Git</h3>
            <ul class="plain">
              {plan.leaving.map((one) => (
                <li key={one.id}>
                  <code>{one.id}</code>: {fateWord(one.fate)}
                  {one.message && <span class="say"> · {one.message}</span>}
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      <section aria-labelledby="edges">
        <div class="head">
          <h2 id="edges">Why in this order</h2>
          <input
            type="search"
            placeholder="Search"
            aria-label="Search edges by object or reason"
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
        <DataTable label="Edges" columns={COLUMNS}>
          {edges.map((edge) => (
            <tr key={`${edge.from} ${edge.to}`}>
              <td>
                <ObjectLink layer={layer} id={edge.from} />
              </td>
              <td>
                <ObjectLink layer={layer} id={edge.to} />
              </td>
              <td>{gateText(edge)}</td>
              <td>{reasonText(edge)}</td>
            </tr>
          ))}
        </DataTable>
      </section>
    </>
  );
}
