/** The frame of all pages: where one is, how the connection stands, and the page itself. */
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { session } from "./api/client";
import { now } from "./clock";
import { Fleet } from "./pages/fleet";
import { LayerPages } from "./pages/layer";
import { Login } from "./pages/login";
import { Empty } from "./parts/notice";
import { address, type Route, route } from "./route";
import { type Connection, connection, follow, id, layers } from "./state/fleet";
import { age, shortName } from "./text/words";

export function App() {
  const at = route.value;
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const place = JSON.stringify(at);
  // Whoever cannot see the page hears that it is another one.
  useEffect(() => {
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
    scrollTo(0, 0);
  }, [place]);
  if (connection.value.state === "refused") return <Login refused={connection.value} />;
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <Path at={at} />
        <Link connection={connection.value} />
      </header>
      <Lost connection={connection.value} />
      <main ref={main} id="main" tabIndex={-1}>
        <Page at={at} />
      </main>
    </>
  );
}

function Page({ at }: { at: Route }) {
  switch (at.page) {
    case "fleet":
      return <Fleet />;
    case "nowhere":
      return (
        <Empty title="There is no such page">
          <a href="#/">All layers</a>
        </Empty>
      );
    default:
      return <LayerPages key={id(at.key)} at={at} />;
  }
}

function Path({ at }: { at: Route }) {
  const steps: [string, string][] = [["Tidegate", "#/"]];
  if (at.page !== "fleet" && at.page !== "nowhere") {
    steps.push([at.key.name, address({ page: "layer", key: at.key })]);
    if (at.page === "object") steps.push([shortName(at.id), address(at)]);
    if (at.page === "history") steps.push(["History", address(at)]);
    if (at.page === "plan") steps.push(["Plan", address(at)]);
  }
  return (
    <nav aria-label="Path">
      <ol class="path">
        {steps.map(([text, to], index) => (
          <li key={to}>
            <a href={to} aria-current={index === steps.length - 1 ? "page" : undefined}>
              {text}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

const STATES = { connecting: "Connecting", live: "Live", lost: "Disconnected", refused: "Not signed in" };

function Link({ connection }: { connection: Connection }) {
  return (
    <div class="row">
      <span class={`link ${connection.state}`} role="status">
        {STATES[connection.state]}
      </span>
      {session.token() && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            session.end();
            void follow();
          }}
        >
          Sign out
        </button>
      )}
    </div>
  );
}

function Lost({ connection }: { connection: Connection }) {
  if (connection.state !== "lost") return null;
  return (
    <p class="banner" role="alert">
      Disconnected: {connection.why}.
      {layers.value && ` What is shown is ${age(new Date(connection.since).toISOString(), now.value)} old.`} The page
      connects again by itself.
    </p>
  );
}

effect(() => {
  const at = route.value;
  const name = at.page === "fleet" || at.page === "nowhere" ? "" : `${at.key.name} · `;
  document.title = `${at.page === "object" ? `${shortName(at.id)} · ` : ""}${name}Tidegate`;
});
