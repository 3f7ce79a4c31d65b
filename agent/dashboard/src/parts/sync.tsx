/** The manual resync, which says what it does before it does it. */
import { useRef, useState } from "preact/hooks";
import { type Key, sync } from "../api/client";

export function SyncButton({ layer, deployer }: { layer: Key; deployer: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [said, setSaid] = useState("");
  const [failure, setFailure] = useState("");
  const [isAsking, setIsAsking] = useState(false);
  const ask = async () => {
    setIsAsking(true);
    setFailure("");
    try {
      const ticket = await sync(layer);
      setSaid(ticket.pending ? "A sync was asked for already, and is still to begin." : "Sync accepted.");
      dialog.current?.close();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setIsAsking(false);
    }
  };
  return (
    <div class="act">
      <button
        type="button"
        onClick={() => {
          setSaid("");
          setFailure("");
          dialog.current?.showModal();
        }}
      >
        Sync …
      </button>
      <span class="note" role="status">
        {said}
      </span>
      <dialog ref={dialog} aria-labelledby="sync-title">
        <h2 id="sync-title">Sync {layer.name}?</h2>
        <p>
          The agent reads the repository now, and brings the layer to the newest commit of what it follows. Objects that
          differ are written as the account <code>{deployer}</code>. If nothing differs, nothing is written.
        </p>
        {failure && (
          <p class="banner" role="alert">
            {failure}
          </p>
        )}
        <div class="row">
          <button type="button" disabled={isAsking} onClick={ask}>
            Sync {layer.name}
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
        </div>
      </dialog>
    </div>
  );
}
