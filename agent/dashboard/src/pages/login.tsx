/** Who is there: a token of the cluster, kept in this tab. */
import { useState } from "preact/hooks";
import { session } from "../api/client";
import { follow } from "../state/fleet";

export function Login({ refused }: { refused: { status: number; why: string } }) {
  const [token, setToken] = useState(session.token());
  const [namespace, setNamespace] = useState(session.namespace());
  const wasTried = session.token() !== "" || refused.status === 403;
  return (
    <main class="login">
      <h1>Tidegate</h1>
      <p>
        The agent asks the cluster who you are. Show it a token of an account that may read layers, as the ClusterRole{" "}
        <code>tidegate-view</code> lets it:
      </p>
      <pre>kubectl create token ACCOUNT -n NAMESPACE</pre>
      {wasTried && (
        <p class="banner" role="alert">
          {refused.why}
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          session.begin(token.trim(), namespace.trim());
          void follow();
        }}
      >
        <label>
          Token
          <input
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <label>
          Namespace, if the account may read only one
          <input
            type="text"
            autocomplete="off"
            value={namespace}
            onInput={(event) => setNamespace(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Sign in</button>
      </form>
      <p class="note">The token stays in this browser tab, and is sent to nobody but the agent.</p>
    </main>
  );
}
