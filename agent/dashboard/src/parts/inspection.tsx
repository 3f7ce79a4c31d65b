/** An object as Git says it and as the cluster has it: read when somebody looks, with their own rights. */
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Key } from "../api/client";
import * as api from "../api/client";
import type { ObjectDetail } from "../api/schema";
import { changeWord, count, healthMark } from "../text/words";
import { DataTable } from "./data-table";
import { Mark } from "./mark";
import { ObjectLink } from "./object-link";
import { Ago } from "./time";
import { Diff, Yaml } from "./yaml";

export type Reading = {
  detail: ObjectDetail | undefined;
  problem: string;
  isReading: boolean;
  read: () => void;
};

/** Reads an object, and again whenever `version` is another. */
export function useInspection(key: Key, id: string, version: string): Reading {
  const { namespace, name } = key;
  const [detail, setDetail] = useState<ObjectDetail | undefined>();
  const [problem, setProblem] = useState("");
  const [reading, setReading] = useState(0);
  const read = useCallback(() => {
    let isWanted = true;
    setReading((number) => number + 1);
    api
      .object({ namespace, name }, id)
      .then((found) => {
        if (!isWanted) return;
        setDetail(found);
        setProblem("");
      })
      .catch((error) => {
        if (!isWanted) return;
        setDetail(undefined);
        setProblem(error instanceof api.Refused ? error.message : "the agent cannot be reached");
      })
      .finally(() => setReading((number) => number - 1));
    return () => {
      isWanted = false;
    };
  }, [namespace, name, id]);
  useEffect(() => read(), [read, version]);
  return { detail, problem, isReading: reading > 0, read };
}

/** From the object to the event or log line that explains it. */
export function Reasons({ layer, detail }: { layer: Key; detail: ObjectDetail }) {
  if (detail.reasons.every((reason) => reason.health === undefined || healthMark(reason.health) === "good"))
    return null;
  return (
    <ol class="chain" aria-label="Why it is as it is">
      {detail.reasons.map((reason) => (
        <li key={`${reason.depth} ${reason.text}`} class={`depth-${Math.min(reason.depth, 4)}`}>
          {reason.object && reason.object !== detail.id && <ObjectLink layer={layer} id={reason.object} />}
          <p class="say">
            {reason.health && <Mark kind={healthMark(reason.health)} />} {withoutName(reason.text, reason.object)}
          </p>
        </li>
      ))}
    </ol>
  );
}

/** The link beside it says which object it is. */
function withoutName(text: string, object: string | undefined): string {
  const name = `${object}: `;
  return object && text.startsWith(name) ? text.slice(name.length) : text;
}

export function Sides({ reading }: { reading: Reading }) {
  const { detail, problem, isReading, read } = reading;
  return (
    <section aria-labelledby="sides">
      <div class="head">
        <h3 id="sides">Git and cluster</h3>
        <button type="button" class="filter" disabled={isReading} onClick={read}>
          {isReading ? "reading …" : "read again"}
        </button>
      </div>
      {problem && (
        <p class="banner" role="alert">
          {problem}
        </p>
      )}
      {!detail && !problem && <p class="loading">Reading Git and the cluster …</p>}
      {detail && <Difference detail={detail} />}
      {detail?.desired && (
        <details>
          <summary>As Git says it</summary>
          <Yaml text={detail.desired} label="As Git says it" />
        </details>
      )}
      {detail?.live && (
        <details>
          <summary>As the cluster has it</summary>
          <Yaml text={detail.live} label="As the cluster has it" />
        </details>
      )}
    </section>
  );
}

function Difference({ detail }: { detail: ObjectDetail }) {
  const { difference, problem, live, desired } = detail;
  return (
    <>
      {problem && <p class="banner">A run would not write it: {problem}</p>}
      {!desired && <p class="note">The newest revision of the layer does not hold it.</p>}
      {!live && <p class="note">It is not in the cluster.</p>}
      {difference?.change === "none" && !problem && (
        <p>
          <Mark kind="good" /> The cluster has it as Git says: a run would change nothing.
        </p>
      )}
      {difference && difference.change !== "none" && <p>A run would bring: {changeWord(difference.change)}.</p>}
      {difference?.consequences.map((one) => (
        <p class="banner" key={one.message}>
          It {one.message}
        </p>
      ))}
      {difference?.text && live && <Diff text={difference.text} />}
    </>
  );
}

const WRITERS = ["When", "Who", "How", "What"];

export function Writers({ detail }: { detail: ObjectDetail }) {
  if (detail.writers.length === 0) return null;
  return (
    <section aria-labelledby="writers">
      <h3 id="writers">Who wrote it</h3>
      <DataTable label="Table of writers" columns={WRITERS}>
        {detail.writers.map((one) => (
          <tr key={`${one.manager} ${one.operation} ${one.subresource ?? ""}`}>
            <td>{one.time ? <Ago time={one.time} /> : "–"}</td>
            <td>{one.manager}</td>
            <td>
              {one.operation.toLowerCase()}
              {one.subresource && ` of ${one.subresource}`}
            </td>
            <td class="say">
              {one.fields.join(", ")}
              {one.more > 0 && ` and ${count(one.more, "more field")}`}
            </td>
          </tr>
        ))}
      </DataTable>
    </section>
  );
}

const EVENTS = ["When", "What", "What there is to say"];

export function Events({ detail }: { detail: ObjectDetail }) {
  if (detail.events.length === 0) return null;
  return (
    <section aria-labelledby="events">
      <h3 id="events">What happened to it</h3>
      <DataTable label="Events" columns={EVENTS}>
        {detail.events.map((one) => (
          <tr key={`${one.last} ${one.reason} ${one.message}`}>
            <td>{one.last ? <Ago time={one.last} /> : "–"}</td>
            <td>
              <Mark kind={one.type === "Normal" ? "idle" : "bad"} /> {one.type === "Normal" ? "" : "warning: "}
              {one.reason}
              {one.count > 1 && ` (${one.count} times)`}
            </td>
            <td class="say">{one.message}</td>
          </tr>
        ))}
      </DataTable>
    </section>
  );
}
