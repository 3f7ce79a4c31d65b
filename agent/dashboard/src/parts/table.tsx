/** The objects of a run as a table, which can be searched. */
import { useState } from "preact/hooks";
import type { Object as Item } from "../api/schema";
import type { Detail } from "../state/layer";
import { changeWord, finder, healthWord, objectName, stepMark, stepWord } from "../text/words";
import { DataTable } from "./data-table";
import { Mark } from "./mark";
import { ObjectLink } from "./object-link";

const COLUMNS = ["Wave", "Object", "Namespace", "State", "Health", "Change", "What there is to say"];

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
      <DataTable label="Objects" columns={COLUMNS}>
        {shown.map((item) => (
          <tr key={item.id}>
            <td class="number">{item.wave}</td>
            <td>
              <ObjectLink layer={detail.layer} id={item.id} />
            </td>
            <td>{objectName(item.id).namespace || "–"}</td>
            <td class="state">
              <Mark kind={stepMark(item.step)} /> {stepWord(item.step)}
            </td>
            <td>{healthWord(item.health)}</td>
            <td>{changeWord(item.change)}</td>
            <td class="say">{item.message}</td>
          </tr>
        ))}
      </DataTable>
      {shown.length === 0 && <p class="note">No object fits.</p>}
    </>
  );
}

function find(objects: readonly Item[], search: string): Item[] {
  const fits = finder(search);
  return objects.filter((item) => {
    const parts = [item.id, stepWord(item.step), healthWord(item.health), changeWord(item.change), item.message];
    return fits([...parts, item.origin?.file]);
  });
}
