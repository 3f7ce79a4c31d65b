/** The layers around a layer: what it waits on, and what waits on it. */
import type { Key } from "../api/client";
import type { Layer } from "../api/schema";
import { address } from "../route";
import { id, layers } from "../state/fleet";
import { layerMark, layerWord } from "../text/words";
import { Mark } from "./mark";

export function Neighbours({ layer }: { layer: Layer }) {
  const needed = layer.dependsOn ?? [];
  const all = [...(layers.value?.values() ?? [])];
  const dependents = all.filter((one) => one.dependsOn?.some((need) => id(need) === id(layer)));
  if (needed.length + dependents.length === 0) return null;
  return (
    <section aria-labelledby="neighbours">
      <h2 id="neighbours">Other layers</h2>
      <dl class="facts">
        <Side title="It waits on" keys={needed} />
        <Side title="Wait on it" keys={dependents} />
      </dl>
    </section>
  );
}

function Side({ title, keys }: { title: string; keys: readonly Key[] }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        {keys.length === 0 && "none"}
        <ul class="edges">
          {keys.map((key) => (
            <LayerItem key={id(key)} of={key} />
          ))}
        </ul>
      </dd>
    </div>
  );
}

function LayerItem({ of }: { of: Key }) {
  const known = layers.value?.get(id(of));
  if (!known) {
    return (
      <li>
        <Mark kind="waiting" />
        <span>
          {id(of)} <span class="note">there is no such layer, or you may not see it</span>
        </span>
      </li>
    );
  }
  const kind = layerMark(known);
  return (
    <li>
      <Mark kind={kind} />
      <span>
        <a href={address({ page: "layer", key: of })}>{id(of)}</a> <span class="note">{layerWord(kind)}</span>
      </span>
    </li>
  );
}
