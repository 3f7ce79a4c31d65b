/** An action, which says what it does before it does it, and plainly if it may not be done. */
import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";

export type ActProps = {
  /** What the button says. */
  text: string;
  /** What is asked before it is done. */
  title: string;
  /** What does it. */
  yes: string;
  isQuiet?: boolean;
  /** It cannot be undone: who presses Enter without reading leaves it. */
  isGrave?: boolean;
  /** Somebody begins to look at it. */
  opened?: () => void;
  /** What will happen, and fields for what must be known. */
  children: ComponentChildren;
  /** Does it, and says how it went. */
  act: () => Promise<string>;
};

export function Act({ text, title, yes, isQuiet, isGrave, opened, children, act }: ActProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const leave = useRef<HTMLButtonElement>(null);
  const name = useId();
  const [said, setSaid] = useState("");
  const [failure, setFailure] = useState("");
  const [isAsking, setIsAsking] = useState(false);
  const open = () => {
    setSaid("");
    setFailure("");
    opened?.();
    dialog.current?.showModal();
    if (isGrave) leave.current?.focus();
  };
  const ask = async () => {
    setIsAsking(true);
    setFailure("");
    try {
      setSaid(await act());
      dialog.current?.close();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setIsAsking(false);
    }
  };
  return (
    <div class="act">
      <button type="button" class={isQuiet ? "quiet" : ""} onClick={open}>
        {text} …
      </button>
      <span class="note" role="status">
        {said}
      </span>
      <dialog ref={dialog} aria-labelledby={name}>
        <h2 id={name}>{title}</h2>
        {children}
        {failure && (
          <p class="banner" role="alert">
            {failure}
          </p>
        )}
        <div class="row">
          <button type="button" disabled={isAsking} onClick={ask}>
            {yes}
          </button>
          <button ref={leave} type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
        </div>
      </dialog>
    </div>
  );
}
