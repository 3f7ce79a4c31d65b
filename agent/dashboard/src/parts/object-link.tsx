/** An object by its kind and name, which leads to its page. */
import type { Key } from "../api/client";
import { address } from "../route";
import { objectName } from "../text/words";

export function ObjectLink({ layer, id }: { layer: Key; id: string }) {
  const { kind, name, namespace } = objectName(id);
  return (
    <a class="object" href={address({ page: "object", key: layer, id })} title={id}>
      <span class="kind">{kind}</span> {name}
      {namespace && <span class="unseen"> in namespace {namespace}</span>}
    </a>
  );
}
