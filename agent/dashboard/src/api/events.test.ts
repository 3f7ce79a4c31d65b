import { expect, test } from "vitest";
import { EventReader } from "./events";

const STREAM =
  'event: snapshot\ndata: {"items":[]}\n\n: alive\n\nevent: gone\nid: a.7\ndata: {"namespace":"a",\ndata: "name":"b"}\n\n';

test("events are whole however the stream is cut", () => {
  const expected = [
    { name: "snapshot", data: { items: [] } },
    { name: "gone", data: { namespace: "a", name: "b" }, id: "a.7" },
  ];
  for (let size = 1; size <= STREAM.length; size += 1) {
    const reader = new EventReader();
    const found = [];
    for (let at = 0; at < STREAM.length; at += size) found.push(...reader.take(STREAM.slice(at, at + size)));
    expect(found, `cut every ${size}`).toEqual(expected);
  }
});

test("what is not whole waits", () => {
  expect(new EventReader().take('event: layer\ndata: {"name":"a"}\n')).toEqual([]);
});
