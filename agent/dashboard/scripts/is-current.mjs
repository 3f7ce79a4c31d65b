// Tells whether dist/, which is committed, is what the sources build, and whether it is as small as promised.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const LIMIT = 150_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const fresh = mkdtempSync(join(tmpdir(), "tidegate-dashboard-"));
try {
  await build({ root, logLevel: "error", build: { outDir: fresh, emptyOutDir: true } });
  const committed = join(root, "dist");
  const names = [...new Set([...readdirSync(committed), ...readdirSync(fresh)])].sort();
  const read = (folder, name) => (readdirSync(folder).includes(name) ? readFileSync(join(folder, name), "utf8") : "");
  const stale = names.filter((name) => read(committed, name) !== read(fresh, name));
  if (stale.length > 0) {
    throw new Error(
      `agent/dashboard/dist is not what the sources build (${stale.join(", ")}): make generate, and commit it`,
    );
  }
  const size = names
    .filter((name) => !name.endsWith(".md"))
    .reduce((sum, name) => sum + gzipSync(read(fresh, name)).length, 0);
  if (size > LIMIT) throw new Error(`the page has ${size} bytes gzipped, more than ${LIMIT}`);
  process.stdout.write(`dist is current, ${size} bytes gzipped\n`);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
