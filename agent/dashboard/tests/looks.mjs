// How pages look: pictures of them, what axe says, and whether they fit the screen.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");

export async function faults(page, name) {
  // By the debugger's door: the page's policy lets nobody else's script in.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const { overflow, violations } = await page.evaluate(async () => ({
    overflow: document.documentElement.scrollWidth - innerWidth,
    violations: (await globalThis.axe.run()).violations.map(
      (one) => `${one.id}: ${one.nodes.map((node) => `${node.target} (${node.failureSummary})`).join(", ")}`,
    ),
  }));
  if (overflow > 0) violations.push(`${overflow} px wider than the screen`);
  return violations.map((violation) => `${name}: ${violation}`);
}

/** Takes a picture for `make screenshots`, of the whole page where that is asked for. */
export async function picture(page, folder, name, fullPage = false) {
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}

/** Calls for both colour schemes and both widths; leaves the page light and wide. */
export async function inEachLook(page, look) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await look(`${colorScheme}-${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 900 });
}
