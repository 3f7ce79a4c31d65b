/** The time as the page shows it: one tick for all ages. */
import { signal } from "@preact/signals";

export const now = signal(Date.now());

export function start(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 1000);
}
