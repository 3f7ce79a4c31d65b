/** The answer that comes first: what is it waiting for, and why? */
import { waitingFor } from "../api/status";
import { address } from "../route";
import type { Detail } from "../state/layer";
import { type Cause, causes } from "../text/why";
import { count, healthWord, type Phase, phaseWord, shortName, stepMark, stepWord } from "../text/words";
import { Mark } from "./mark";
import { ObjectLink } from "./object-link";
import { For } from "./time";

/** More than a person reads at once. */
const SHOWN = 8;

export function WaitingFor({ detail }: { detail: Detail }) {
  const { layer, objects } = detail;
  const found = causes(objects);
  // Without a run the objects cannot tell: the status does.
  const others = objects.length === 0 ? waitingFor(layer) : [];
  const isWell = found.length === 0 && others.length === 0;
  const isRunning = layer.run?.state === "running";
  return (
    <section class="waits" aria-labelledby="waits">
      <h2 id="waits">{title(isWell && layer.ready, isRunning, layer.run?.phase)}</h2>
      {isWell && !layer.ready && layer.message && <p class="say">{layer.message}</p>}
      {layer.run?.message && layer.run.message !== layer.message && <p class="say">{layer.run.message}</p>}
      <ol class="causes">
        {found.slice(0, SHOWN).map((cause) => (
          <CauseItem key={cause.id} cause={cause} detail={detail} />
        ))}
        {others.map((one) => (
          <li key={one.object}>
            <Mark kind="waiting" />
            <div>
              <code>{one.object}</code>
              <p class="say">{one.reason}</p>
            </div>
          </li>
        ))}
      </ol>
      {found.length > SHOWN && <p class="note">and {count(found.length - SHOWN, "more object")}: see the waves</p>}
    </section>
  );
}

function title(isReady: boolean, isRunning: boolean, phase: Phase | undefined): string {
  if (isReady) return "It waits for nothing: everything is applied and healthy";
  if (isRunning) return `What it waits for (${phaseWord(phase)})`;
  return "What it waits for";
}

function CauseItem({ cause, detail }: { cause: Cause; detail: Detail }) {
  const { item, holds } = cause;
  const key = detail.layer;
  return (
    <li>
      <Mark kind={item ? stepMark(item.step) : "waiting"} />
      <div>
        {item ? <ObjectLink layer={key} id={cause.id} /> : <code>{cause.id}</code>}{" "}
        <span class="note">
          {item ? `${stepWord(item.step)}, ${healthWord(item.health)}` : "not of this layer"} for{" "}
          <For time={cause.since} />
        </span>
        {cause.reason && <p class="say">{cause.reason}</p>}
        {holds.length > 0 && (
          <details>
            <summary>holds up {count(holds.length, "object")}</summary>
            <ul class="plain">
              {holds.map((id) => (
                <li key={id}>
                  <a href={address({ page: "object", key, id })}>{shortName(id)}</a>
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </li>
  );
}
