/** Server-sent events, read with `fetch`: an `EventSource` sends no token. */

export type ServerEvent = { name: string; data: unknown; id?: string };

/** Takes text as it comes, and gives the events that are whole. */
export class EventReader {
  private rest = "";

  take(text: string): ServerEvent[] {
    const parts = (this.rest + text).split("\n\n");
    this.rest = parts.pop() ?? "";
    return parts.map(read).filter((event) => event !== undefined);
  }
}

function read(block: string): ServerEvent | undefined {
  let name = "message";
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    // A line that begins with a colon is a comment: the stream shows that it lives.
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (line.slice(0, colon) === "event") name = value;
    if (line.slice(0, colon) === "id") id = value;
    if (line.slice(0, colon) === "data") data.push(value);
  }
  if (data.length === 0) return undefined;
  return { name, data: JSON.parse(data.join("\n")), ...(id !== undefined && { id }) };
}
