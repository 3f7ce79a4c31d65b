/** What waits for a person to agree: a plan, or deletes that are held back. They agree to exactly what they see. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/client";
import type { Layer } from "../api/schema";
import { agreedBy, deployer, type HeldPrune, heldPrune, type WaitingPlan, waitingPlan } from "../api/status";
import { address } from "../route";
import { changesAhead, count, guardText } from "../text/words";
import { Act } from "./act";

export function Consents({ layer }: { layer: Layer }) {
  const plan = waitingPlan(layer);
  const held = heldPrune(layer);
  return (
    <>
      {plan && <Approve layer={layer} plan={plan} />}
      {held && <Confirm layer={layer} held={held} />}
    </>
  );
}

function Approve({ layer, plan }: { layer: Layer; plan: WaitingPlan }) {
  const [shown, setShown] = useState(plan);
  const by = agreedBy(layer, plan.hash);
  const act = async () => {
    await api.approve(layer, shown.hash);
    return "Approved.";
  };
  return (
    <Waits
      text={`A plan waits for approval: ${changesAhead(plan.changes)}.`}
      agreed={by && `Approved by ${by}; its run is still to begin.`}
    >
      <Act
        text="Approve"
        title={`Carry out the plan of ${layer.name}?`}
        yes="Approve this plan"
        isGrave
        opened={() => setShown(plan)}
        act={act}
      >
        <Lines label="What it does to what runs" lines={shown.consequences} />
        <p>
          The run has {changesAhead(shown.changes)}, and writes as the account <code>{deployer(layer)}</code>. If
          anything else is to be done by the time it begins, nothing is written, and a plan waits again.{" "}
          <a href={address({ page: "plan", key: layer })}>The plan in full</a>
        </p>
        <Hash hash={shown.hash} now={plan.hash} />
      </Act>
    </Waits>
  );
}

function Confirm({ layer, held }: { layer: Layer; held: HeldPrune }) {
  const [shown, setShown] = useState(held);
  const by = agreedBy(layer, held.hash);
  const act = async () => {
    await api.confirm(layer, shown.hash);
    return "Confirmed.";
  };
  const objects = count(shown.count, "object");
  const more = shown.count - shown.objects.length;
  return (
    <Waits
      text={`Deletes are held back: ${count(held.count, "object")} that Git no longer holds.`}
      agreed={by && `Confirmed by ${by}; the run is still to begin.`}
    >
      <Act
        text="Confirm"
        title={`Delete ${objects} of ${layer.name}?`}
        yes={`Delete ${objects}`}
        isGrave
        opened={() => setShown(held)}
        act={act}
      >
        <Lines
          label="What it does to what runs"
          lines={shown.objects.flatMap((one) => (one.consequences ?? []).map((said) => `${one.object} ${said}`))}
        />
        <p>
          They go for good, as the account <code>{deployer(layer)}</code>. Each is compared once more: one that somebody
          has made anew or taken over stays.
        </p>
        <Lines
          label="Objects that are deleted"
          lines={shown.objects.map((one) => `${one.object}, held back: ${guardText(one.guard)}`)}
        />
        {more > 0 && (
          <p class="note">
            and {more} more: <a href={address({ page: "plan", key: layer })}>the plan names all</a>
          </p>
        )}
        <Hash hash={shown.hash} now={held.hash} />
      </Act>
    </Waits>
  );
}

function Waits(props: { text: string; agreed: string | undefined; children: ComponentChildren }) {
  return (
    <div class="aside head asks">
      <p>{props.agreed ?? props.text}</p>
      {!props.agreed && props.children}
    </div>
  );
}

function Lines({ label, lines }: { label: string; lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section class="list" aria-label={label} tabIndex={0}>
      <ul class="plain">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

/** What is agreed to, and whether it is still what waits. */
function Hash({ hash, now }: { hash: string; now: string }) {
  return (
    <>
      <p class="note">
        Under the hash <code>{hash}</code>
      </p>
      {hash !== now && (
        <p class="banner" role="alert">
          Something else waits by now: leave this, and look again.
        </p>
      )}
    </>
  );
}
