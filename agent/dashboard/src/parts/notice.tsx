/** What stands where nothing else can. */
import type { ComponentChildren } from "preact";

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h1>{title}</h1>
      <p>{children}</p>
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <div class="loading" role="status">
      <h1>Loading {what} …</h1>
    </div>
  );
}

export function Failed({ why }: { why: string }) {
  return (
    <p class="banner" role="alert">
      {why}
    </p>
  );
}
