/** The plan: of the last run, or what a branch or commit would change. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Plan } from "../api/schema";
import { DataTable } from "../parts/data-table";
import { ObjectLink } from "../parts/object-link";
import { address } from "../route";
import type { Detail } from "../state/layer";
import {
  changesAhead,
  changesText,
  changeWord,
  commit,
  count,
  fateWord,
  finder,
  gateText,
  reasonText,
  shortName,
} from "../text/words";

const EDGES = ["Object", "comes after", "which", "because"];
const CHANGES = ["Change", "Object", "Fields", "File"];
/** More rows than a person reads; a search finds the rest. */
const SHOWN = 300;

export function PlanPage({ detail, revision }: { detail: Detail; revision: string | undefined }) {
  return (
    <>
      <Ask detail={detail} revision={revision} />
      {revision ? <Preview key={revision} detail={detail} revision={revision} /> : <LastPlan detail={detail} />}
    </>
  );
}

function Ask({ detail, revision }: { detail: Detail; revision: string | undefined }) {
  const [wanted, setWanted] = useState(revision ?? "");
  useEffect(() => setWanted(revision ?? ""), [revision]);
  const key = detail.layer;
  return (
    <form
      class="row wrap"
      onSubmit={(event) => {
        event.preventDefault();
        const name = wanted.trim();
        location.hash = address(name ? { page: "plan", key, revision: name } : { page: "plan", key });
      }}
    >
      <label class="field">
        Branch, tag or commit
        <input type="text" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
      </label>
      <button type="submit">What would it change?</button>
      {revision && <a href={address({ page: "plan", key })}>The plan of the last run</a>}
    </form>
  );
}

function LastPlan({ detail }: { detail: Detail }) {
  const { plan } = detail;
  if (!plan) return <p class="note">There has been no run since the agent started, so there is no plan yet.</p>;
  return (
    <>
      <section aria-labelledby="plan">
        <h2 id="plan">
          Plan of <code>{commit(plan.revision)}</code>
        </h2>
        <Summary plan={plan} />
        <Grave plan={plan} detail={detail} />
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
      <Edges plan={plan} detail={detail} />
    </>
  );
}

type Asked = { plan: Plan } | { failure: string } | undefined;

function Preview({ detail, revision }: { detail: Detail; revision: string }) {
  const [asked, setAsked] = useState<Asked>();
  const { namespace, name } = detail.layer;
  useEffect(() => {
    let isWanted = true;
    const tell = (answer: Asked) => isWanted && setAsked(answer);
    api
      .preview({ namespace, name }, revision)
      .then((plan) => tell({ plan }))
      .catch((error) => tell({ failure: error instanceof Error ? error.message : String(error) }));
    return () => {
      isWanted = false;
    };
  }, [namespace, name, revision]);
  if (!asked) {
    return (
      <p class="loading" role="status">
        The agent renders <code>{revision}</code> and asks the API server about each object. Nothing is written …
      </p>
    );
  }
  if ("failure" in asked) {
    return (
      <p class="banner" role="alert">
        {asked.failure}
      </p>
    );
  }
  const { plan } = asked;
  const changed = plan.nodes.filter((node) => node.change !== "none");
  return (
    <>
      <section aria-labelledby="plan">
        <h2 id="plan">
          What <code>{commit(plan.revision)}</code> would change
        </h2>
        <Summary plan={plan} />
        <Grave plan={plan} detail={detail} />
        {changed.length > 0 && (
          <DataTable label="Changes" columns={CHANGES}>
            {changed.slice(0, SHOWN).map((node) => (
              <tr key={node.id}>
                <td>{changeWord(node.change)}</td>
                <td>
                  <ObjectLink layer={detail.layer} id={node.id} />
                </td>
                <td class="say">{node.fields?.join(", ")}</td>
                <td class="say">{node.origin && `${node.origin.file}:${node.origin.line}`}</td>
              </tr>
            ))}
          </DataTable>
        )}
        {changed.length > SHOWN && <p class="note">and {count(changed.length - SHOWN, "more object")}</p>}
        {plan.leaves && plan.leaves.length > 0 && (
          <>
            <h3>
              No longer in it <span class="note">{count(plan.leaves.length, "object")}</span>
            </h3>
            <p class="note">They would be deleted, as far as the layer's rules and guards let them.</p>
            <ul class="plain">
              {plan.leaves.slice(0, SHOWN).map((id) => (
                <li key={id}>
                  <ObjectLink layer={detail.layer} id={id} />
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      <Edges plan={plan} detail={detail} />
    </>
  );
}

function Summary({ plan }: { plan: Plan }) {
  const changes: Record<string, number> = {};
  for (const node of plan.nodes) changes[node.change] = (changes[node.change] ?? 0) + 1;
  const isIdle = Object.keys(changes).every((change) => change === "none");
  return (
    <p class="note">
      {count(plan.nodes.length, "object")}, {count(plan.edges.length, "edge")}, {count(plan.waves, "wave")}:{" "}
      {isIdle ? "nothing changes" : plan.run ? changesText(changes) : changesAhead(changes)}
    </p>
  );
}

/** What one must know first: what would be refused, what happens to what runs, and what is worth a warning. */
function Grave({ plan, detail }: { plan: Plan; detail: Detail }) {
  const consequences = plan.nodes.flatMap((node) => (node.consequences ?? []).map((one) => ({ id: node.id, ...one })));
  return (
    <>
      {plan.refused?.map((one) => (
        <p class="banner" key={`${one.object} ${one.message}`}>
          Would not be written: <ObjectLink layer={detail.layer} id={one.object} /> {one.message}
          {one.origin && <Place {...one.origin} />}
        </p>
      ))}
      {consequences.length > 0 && (
        <ul class="plain" aria-label="What it does to what runs">
          {consequences.map((one) => (
            <li key={`${one.id} ${one.message}`}>
              <b>{shortName(one.id)}</b> {one.message}
            </li>
          ))}
        </ul>
      )}
      {plan.findings.map((finding) => (
        <p class="banner" key={`${finding.object} ${finding.message}`}>
          {finding.object && <ObjectLink layer={detail.layer} id={finding.object} />} {finding.message}
          {finding.origin && <Place {...finding.origin} />}
        </p>
      ))}
    </>
  );
}

function Place({ file, line }: { file: string; line: number }) {
  return (
    <span class="note">
      {" "}
      {file}:{line}
    </span>
  );
}

function Edges({ plan, detail }: { plan: Plan; detail: Detail }) {
  const [search, setSearch] = useState("");
  const fits = finder(search);
  const edges = plan.edges.filter((edge) => fits([edge.from, edge.to, reasonText(edge)]));
  return (
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
      <DataTable label="Edges" columns={EDGES}>
        {edges.slice(0, SHOWN).map((edge) => (
          <tr key={`${edge.from} ${edge.to}`}>
            <td>
              <ObjectLink layer={detail.layer} id={edge.from} />
            </td>
            <td>
              <ObjectLink layer={detail.layer} id={edge.to} />
            </td>
            <td>{gateText(edge)}</td>
            <td>{reasonText(edge)}</td>
          </tr>
        ))}
      </DataTable>
      {edges.length > SHOWN && <p class="note">and {count(edges.length - SHOWN, "more edge")}: search for them</p>}
    </section>
  );
}
