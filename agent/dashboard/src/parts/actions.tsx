/** What a person does with a layer, or with one of its objects. */
import { useState } from "preact/hooks";
import * as api from "../api/client";
import type { Object as Item, Layer } from "../api/schema";
import { deployer, hold, isSuspended } from "../api/status";
import { commit, shortName } from "../text/words";
import { Act } from "./act";
import { Until } from "./time";

export function LayerActions({ layer }: { layer: Layer }) {
  const isHeld = hold(layer) !== undefined;
  return (
    <div class="row wrap">
      {isSuspended(layer) || isHeld ? <Resume layer={layer} /> : <Sync layer={layer} />}
      {!isSuspended(layer) && <Suspend layer={layer} />}
    </div>
  );
}

function Sync({ layer }: { layer: Layer }) {
  const act = async () => {
    const ticket = await api.sync(layer);
    return ticket.pending ? "A sync was asked for already, and is still to begin." : "Sync accepted.";
  };
  return (
    <Act text="Sync" title={`Sync ${layer.name}?`} yes={`Sync ${layer.name}`} act={act}>
      <p>
        The agent reads the repository now, and brings the layer to the newest commit of what it follows. Objects that
        differ are written as the account <code>{deployer(layer)}</code>. If nothing differs, nothing is written.
      </p>
    </Act>
  );
}

function Suspend({ layer }: { layer: Layer }) {
  const act = async () => {
    await api.suspend(layer);
    return "Suspended.";
  };
  return (
    <Act text="Suspend" title={`Suspend ${layer.name}?`} yes={`Suspend ${layer.name}`} isQuiet act={act}>
      <p>
        Nothing of the layer is written any more until somebody resumes it: no commit, no repair of what others change.
        A run that goes on ends after what it has begun. The objects stay in the cluster as they are.
      </p>
    </Act>
  );
}

function Resume({ layer }: { layer: Layer }) {
  const held = hold(layer);
  const act = async () => {
    await api.resume(layer);
    return "Resumed.";
  };
  return (
    <Act text="Resume" title={`Resume ${layer.name}?`} yes={`Resume ${layer.name}`} act={act}>
      <p>
        {held ? (
          <>
            The layer is held at <code>{commit(held.revision)}</code> for another <Until time={held.until} />. The hold
            ends now.
          </>
        ) : (
          "The layer is suspended. That ends now."
        )}{" "}
        It follows its repository again, and a run brings it to the newest commit: what differs is written as{" "}
        <code>{deployer(layer)}</code>.
      </p>
    </Act>
  );
}

/** How long a layer may be held. */
const TIMES = [
  ["30m", "30 minutes"],
  ["2h", "2 hours"],
  ["8h", "8 hours"],
  ["24h", "a day"],
  ["168h", "a week"],
] as const;

function Times({ time, choose }: { time: string; choose: (time: string) => void }) {
  return (
    <label class="field">
      Held for
      <select value={time} onChange={(event) => choose(event.currentTarget.value)}>
        {TIMES.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Holds an object, or ends that; it needs the right to change the object. */
export function HoldObject({ layer, item }: { layer: Layer; item: Item }) {
  const [time, setTime] = useState<string>("2h");
  const [reason, setReason] = useState("");
  const name = shortName(item.id);
  if (item.heldUntil) {
    const end = async () => {
      await api.endHold(layer, item.id);
      return "The hold is ended.";
    };
    return (
      <Act text="End the hold" title={`End the hold of ${name}?`} yes="End the hold" isQuiet act={end}>
        <p>
          It would end by itself in <Until time={item.heldUntil} />. What others have changed of the object is put right
          at once, as <code>{deployer(layer)}</code>.
        </p>
      </Act>
    );
  }
  const act = async () => {
    await api.holdObject(layer, item.id, { for: time, reason });
    return "Hold accepted.";
  };
  return (
    <Act text="Hold" title={`Hold ${name}?`} yes={`Hold ${name}`} isQuiet act={act}>
      <p>
        What others change of the object is shown, and not put right, until the time is over. A commit that changes it
        is applied all the same. The hold stands on the object itself, with your name.
      </p>
      <Times time={time} choose={setTime} />
      <label class="field">
        Why
        <input type="text" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
    </Act>
  );
}

export function RollBack({ layer, revision }: { layer: Layer; revision: string }) {
  const [time, setTime] = useState<string>("2h");
  const id = revision.split("sha1:").at(-1) ?? revision;
  const act = async () => {
    await api.rollback(layer, { revision: id, for: time });
    return "Rollback accepted.";
  };
  const name = commit(revision);
  return (
    <Act text="Roll back" title={`Roll ${layer.name} back to ${name}?`} yes={`Roll back to ${name}`} isQuiet act={act}>
      <p>
        A run brings the layer to the commit <code>{name}</code>, and holds it there, whatever is pushed meanwhile. What
        differs is written, and what that commit does not hold is deleted by the layer's own rules, as{" "}
        <code>{deployer(layer)}</code>. Then, or when somebody resumes it, it follows its repository again.
      </p>
      <Times time={time} choose={setTime} />
    </Act>
  );
}
