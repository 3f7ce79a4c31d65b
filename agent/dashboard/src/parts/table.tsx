/** The objects of a run as a table, which can be searched. */
import { useState } from "preact/hooks";
import type { Object as Item } from "../api/schema";
import type { Detail } from "../state/layer";
import { changeWord, healthWord, stepMark, stepWord } from "../text/words";
import { Mark } from "./mark";
import { ObjectLink } from "./object-link";

export function ObjectTable({ detail }: { detail: Detail }) {
  const [search, setSearch] = useState("");
  const shown = find(detail.objects, search);
  return (
    <>
      <input
        type="search"
        placeholder="Search"
        aria-label="Search objects by identifier, state, file or message"
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section class="scroll" aria-label="Objects" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Wave</th>
              <th scope="col">Object</th>
              <th scope="col">Namespace</th>
              <th scope="col">State</th>
              <th scope="col">Health</th>
              <th scope="col">Change</th>
              <th scope="col">What there is to say</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((item) => (
              <tr key={item.id}>
                <td class="number">{item.wave}</td>
                <td>
                  <ObjectLink layer={detail.layer} id={item.id} />
                </td>
                <td>{item.id.split("/")[2]?.replace(/^_$/, "–")}</td>
                <td>
                  <Mark kind={stepMark(item.step)} /> {stepWord(item.step)}
                </td>
                <td>{healthWord(item.health)}</td>
                <td>{changeWord(item.change)}</td>
                <td class="say">{item.message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {shown.length === 0 && <p class="note">No object fits.</p>}
    </>
  );
}

export function find(objects: readonly Item[], search: string): Item[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return objects.filter((item) => {
    const parts = [item.id, stepWord(item.step), healthWord(item.health), changeWord(item.change), item.message];
    const text = [...parts, item.origin?.file].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
