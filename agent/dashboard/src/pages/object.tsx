/** One object: how it is and why, where it comes from, what it is after and what is after it. */
import type { Edge, Object as Item } from "../api/schema";
import { HoldObject } from "../parts/actions";
import { Events, Reasons as LiveReasons, Sides, useInspection, Writers } from "../parts/inspection";
import { Mark } from "../parts/mark";
import { ObjectLink } from "../parts/object-link";
import { For, Until } from "../parts/time";
import type { Detail } from "../state/layer";
import { chain } from "../text/why";
import {
  changeWord,
  commit,
  count,
  gateText,
  healthWord,
  objectName,
  reasonText,
  stepMark,
  stepWord,
} from "../text/words";

export function ObjectPage({ detail, id }: { detail: Detail; id: string }) {
  const { layer, objects, plan } = detail;
  const item = objects.find((one) => one.id === id);
  const edges = plan?.edges ?? [];
  const { kind, name, namespace, group } = objectName(id);
  const reading = useInspection(layer, id, `${item?.step} ${item?.health} ${item?.message}`);
  const live = reading.detail;
  const origin = item?.origin ?? live?.origin;
  return (
    <>
      <section aria-labelledby="object">
        <div class="head">
          <h2 id="object">
            {item && <Mark kind={stepMark(item.step)} />} <span class="kind">{kind}</span> {name}
          </h2>
          {item && <HoldObject layer={layer} item={item} />}
        </div>
        {item?.heldUntil && (
          <p class="aside">
            Held for another <Until time={item.heldUntil} />: what others change of it is shown, and not put right.
          </p>
        )}
        {item ? (
          <>
            <p>
              {stepWord(item.step)}, {healthWord(item.health)} for <For time={item.since} />
            </p>
            {!live && <Reasons detail={detail} item={item} />}
          </>
        ) : (
          <p class="note">
            The last run of {layer.name} has no such object: it belongs to somebody else, or is not in Git.
          </p>
        )}
        {live && <LiveReasons layer={layer} detail={live} />}
        <dl class="facts">
          <Fact name="Namespace" text={namespace || "none"} />
          <Fact name="Group" text={group || "core"} />
          {item && <Fact name="Wave" text={`${item.wave} of ${plan?.waves ?? item.wave}`} />}
          {item && <Fact name="In this run" text={changeWord(item.change)} />}
          {origin && <Fact name="File" text={`${origin.file}:${origin.line}`} />}
          {origin && (
            <Fact name="Repository" text={`${layer.source.url} at ${commit(live?.revision ?? layer.revision)}`} />
          )}
          {item && <Fact name="Owner" text={`the layer ${layer.namespace}/${layer.name}`} />}
        </dl>
      </section>
      <Sides reading={reading} />
      {live && <Writers detail={live} />}
      {live && <Events detail={live} />}
      <Edges detail={detail} title="Comes after" edges={edges.filter((edge) => edge.from === id)} end="to" />
      <Edges detail={detail} title="Others come after it" edges={edges.filter((edge) => edge.to === id)} end="from" />
    </>
  );
}

function Fact({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}

/** From the object to what explains it. */
function Reasons({ detail, item }: { detail: Detail; item: Item }) {
  const links = chain(item.id, detail.objects);
  if (item.step === "ready" || (links.length === 1 && !item.message)) return null;
  return (
    <ol class="chain" aria-label="Why it is not ready">
      {links.map((link, index) => (
        <li key={link.id}>
          {index > 0 && <ObjectLink layer={detail.layer} id={link.id} />}
          <p class="say">{link.reason || "nothing more is known of it"}</p>
        </li>
      ))}
    </ol>
  );
}

function Edges({ detail, title, edges, end }: { detail: Detail; title: string; edges: Edge[]; end: "from" | "to" }) {
  if (edges.length === 0) return null;
  const steps = new Map(detail.objects.map((item) => [item.id, item.step]));
  return (
    <section aria-label={title}>
      <h3>
        {title} <span class="note">{count(edges.length, "object")}</span>
      </h3>
      <ul class="edges">
        {edges.map((edge) => {
          const step = steps.get(edge[end]);
          return (
            <li key={edge[end]}>
              <Mark kind={step ? stepMark(step) : "idle"} />
              <div>
                <ObjectLink layer={detail.layer} id={edge[end]} />{" "}
                <span class="note">
                  {end === "to" ? gateText(edge) : `once this ${gateText(edge)}`}: {reasonText(edge)}
                  {!step && " (not of this layer)"}
                </span>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
