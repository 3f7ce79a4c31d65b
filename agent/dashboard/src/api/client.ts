/** Asks the agent's API. The token stays in this tab: in its session storage, never in a cookie or an address. */
import type { History, Object as Item, Layer, ObjectDetail, Objects, Plan, Problem, Ticket } from "./schema";

/** A layer's namespace and name. */
export type Key = { namespace: string; name: string };

/** An answer that is an error, in the agent's words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
  ) {
    super(detail);
  }
}

const TOKEN = "tidegate.token";
const NAMESPACE = "tidegate.namespace";

export const session = {
  token: (): string => sessionStorage.getItem(TOKEN) ?? "",
  /** The one namespace that is looked at; empty means all. */
  namespace: (): string => sessionStorage.getItem(NAMESPACE) ?? "",
  begin(token: string, namespace: string): void {
    sessionStorage.setItem(TOKEN, token);
    sessionStorage.setItem(NAMESPACE, namespace);
  },
  end(): void {
    sessionStorage.clear();
  },
};

/** Sends a request; throws `Refused` for an answer that is an error, and what `fetch` throws without an answer. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (session.token()) headers.set("Authorization", `Bearer ${session.token()}`);
  const answer = await fetch(`api/v1/${path}`, { ...init, headers, credentials: "omit", cache: "no-store" });
  if (answer.ok) return answer;
  const problem: Partial<Problem> = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, problem.title ?? "The agent did not answer", problem.detail ?? answer.statusText);
}

export async function layer(key: Key): Promise<Layer> {
  return (await ask(at(key))).json();
}

export async function history(key: Key): Promise<History> {
  return (await ask(`${at(key)}/history`)).json();
}

/** The plan of the last run; `undefined` if there was none. */
export async function plan(key: Key): Promise<Plan | undefined> {
  try {
    return await (await ask(`${at(key)}/plan`)).json();
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  }
}

/** All objects of the last run, page by page; from the start again if another run begins meanwhile. */
export async function objects(key: Key): Promise<Item[]> {
  let items: Item[] = [];
  let query = "";
  for (;;) {
    try {
      const page: Objects = await (await ask(`${at(key)}/objects${query}`)).json();
      items = items.concat(page.items);
      if (!page.continue) return items;
      query = `?continue=${encodeURIComponent(page.continue)}`;
    } catch (error) {
      if (!(error instanceof Refused && error.status === 410)) throw error;
      items = [];
      query = "";
    }
  }
}

/** An object as Git says it and as the cluster has it now, if the person may see it. */
export async function object(key: Key, id: string): Promise<ObjectDetail> {
  return (await ask(`${at(key)}/objects/${encodeURIComponent(id)}`)).json();
}

/** What a branch, tag or commit would change. */
export async function preview(key: Key, revision: string): Promise<Plan> {
  return (await ask(`${at(key)}/plan?revision=${encodeURIComponent(revision)}`)).json();
}

export async function sync(key: Key): Promise<Ticket> {
  return (await ask(`${at(key)}/sync`, { method: "POST" })).json();
}

export async function suspend(key: Key): Promise<void> {
  await ask(`${at(key)}/suspend`, { method: "POST" });
}

export async function resume(key: Key): Promise<void> {
  await ask(`${at(key)}/resume`, { method: "POST" });
}

/** Brings a layer to a commit, and holds it there for a time. */
export async function rollback(key: Key, wanted: { revision: string; for: string }): Promise<void> {
  await tell(`${at(key)}/rollback`, wanted);
}

/** Lets the plan of this hash be carried out. */
export async function approve(key: Key, hash: string): Promise<void> {
  await tell(`${at(key)}/approve`, { hash });
}

/** Lets the deletes of this hash be carried out. */
export async function confirm(key: Key, hash: string): Promise<void> {
  await tell(`${at(key)}/confirm`, { hash });
}

/** Leaves what others change of an object alone for a time. */
export async function holdObject(key: Key, id: string, wanted: { for: string; reason: string }): Promise<void> {
  await tell(`${at(key)}/objects/${encodeURIComponent(id)}/hold`, wanted);
}

export async function endHold(key: Key, id: string): Promise<void> {
  await ask(`${at(key)}/objects/${encodeURIComponent(id)}/hold`, { method: "DELETE" });
}

async function tell(path: string, body: unknown): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export function at({ namespace, name }: Key): string {
  return `layers/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}
