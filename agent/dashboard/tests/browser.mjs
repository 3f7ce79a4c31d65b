// The dashboard in a real Chromium, on the demo: a control plane, the agent, the database layer as it comes up.
// node tests/browser.mjs --demo PROGRAM --program PROGRAM [--pictures FOLDER]
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values: options } = parseArgs({
  options: { demo: { type: "string" }, program: { type: "string" }, pictures: { type: "string" } },
});
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const LIMIT = 120_000;

const demo = await startDemo();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  context.setDefaultTimeout(LIMIT);
  const page = await context.newPage();
  const strange = watch(page);
  await rollout(page);
  await looks(page);
  await keyboard(page);
  await suspension(page);
  await lostConnection(page, context);
  await brokenImage(page);
  await rollback(page);
  if (strange.length > 0) throw new Error(`the browser complained: ${strange.join("\n")}`);
  say("all well");
} finally {
  await browser.close();
  demo.stop();
}

/** The waves fill without a reload, and a picture of it is taken. */
async function rollout(page) {
  await page.goto(demo.url);
  await page.getByRole("link", { name: "database", exact: true }).click();
  await page.getByRole("heading", { name: /^\d+ objects in \d+ waves$/ }).waitFor();
  const ready = () => page.locator(".chip.good").count();
  const first = await ready();
  await until("chips turn ready live", async () => (await ready()) > first + 20);
  await page.locator(".causes li").first().waitFor();
  say(`waves fill live: ${first} → ${await ready()} ready, without a reload`);
  await until("three waves are done", async () => (await page.locator(".gauge .meter.good").count()) >= 3);
  await page.locator(".chip:not(.good)").first().focus();
  await page.locator(".lines path").first().waitFor({ state: "attached" });
  await picture(page, "dashboard");
  await until("it waits for nothing", () => page.getByText("It waits for nothing").isVisible());
  await until("all is ready", async () => (await page.locator(".chip:not(.good)").count()) === 0);
}

/** Every page, wide and narrow, light and dark: no violation that axe knows, nothing wider than the screen. */
async function looks(page) {
  const layer = `${demo.url}#/layers/tidegate-system/database`;
  await page.goto(layer);
  await page.locator(".chip").first().waitFor();
  const id = await page.locator(".chip").last().getAttribute("data-id");
  const pages = {
    fleet: `${demo.url}#/`,
    layer,
    plan: `${layer}/plan`,
    history: `${layer}/history`,
    object: `${layer}/objects/${encodeURIComponent(id)}`,
    nowhere: `${demo.url}#/nowhere`,
  };
  const wrong = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      for (const [name, address] of Object.entries(pages)) {
        await page.goto(address);
        await page.locator("main h1").first().waitFor();
        wrong.push(...(await faults(page, `${name}, ${colorScheme}, ${width}`)));
        await picture(page, `${name}-${colorScheme}-${width}`);
      }
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 900 });
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  say("every page: no violation known to axe, nothing wider than the screen");
}

async function faults(page, name) {
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

/** Search, open, look at the table, sync: without a pointer. */
async function keyboard(page) {
  await page.goto(`${demo.url}#/`);
  await page.getByRole("link", { name: "database", exact: true }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("database");
  await until("one layer is left", async () => (await page.locator(".layer").count()) === 1);
  await page.getByRole("link", { name: "database", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Sync …" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Sync database" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Sync accepted.").waitFor();
  await page.getByRole("link", { name: "History" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("cell", { name: "asked for by" }).first().waitFor();
  say("search and sync by keyboard, and the run stands in the history");
}

/** Suspended by click, resumed by keyboard; a refusal is shown where it was asked. */
async function suspension(page) {
  await page.goto(`${demo.url}#/layers/tidegate-system/apps`);
  await page.route("**/suspend", (route) =>
    route.fulfill({ status: 403, json: { title: "A right is missing", detail: "ann may not <b>suspend</b> it" } }),
  );
  await page.getByRole("button", { name: "Suspend …" }).click();
  await page.getByText("Nothing of the layer is written any more").waitFor();
  await page.getByRole("button", { name: "Suspend apps" }).click();
  await page.getByRole("alert").getByText("ann may not <b>suspend</b> it").waitFor();
  await picture(page, "refused-light-1280");
  await page.unroute("**/suspend");
  await page.getByRole("button", { name: "Suspend apps" }).click();
  await page.getByText("Suspended: nothing is written").waitFor();
  await page.getByRole("button", { name: "Resume …" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Resume apps" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Suspend …" }).waitFor();
  say("suspend by click, resume by keyboard; a refusal is plain text in the dialog");
}

/** Back to the commit before the broken one: by keyboard, from the history. */
async function rollback(page) {
  await page.goto(`${demo.url}#/layers/tidegate-system/apps/history`);
  await page.getByRole("button", { name: "Roll back …" }).first().focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("Held for").selectOption("30m");
  await page.getByRole("button", { name: /^Roll back to / }).focus();
  await page.keyboard.press("Enter");
  await page.getByText(/^Held at .* for another/).waitFor();
  await page.goto(`${demo.url}#/layers/tidegate-system/apps`);
  await page.getByText("It waits for nothing").waitFor();
  await picture(page, "held-light-1280");
  say("a rollback brings the layer to the commit before, and the page says until when it is held");
}

async function lostConnection(page, context) {
  await page.goto(`${demo.url}#/`);
  await page.getByText("Live", { exact: true }).waitFor();
  await context.setOffline(true);
  // What is offline breaks no stream that is open; what is opened anew shows it.
  await page.reload().catch(() => undefined);
  await context.setOffline(false);
  await page.goto(demo.url);
  await page.getByText("Live", { exact: true }).waitFor();
  await context.route("**/api/v1/events*", (route) => route.abort());
  await page.reload();
  await page.getByText(/^Disconnected: /).waitFor();
  await context.unroute("**/api/v1/events*");
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("link", { name: "database", exact: true }).waitFor();
  say("a lost connection is told, and found again");
}

/** A commit breaks an image; the page says so. */
async function brokenImage(page) {
  await page.goto(`${demo.url}#/layers/tidegate-system/apps`);
  await page.getByText("It waits for nothing").waitFor();
  demo.push((text) => text.replace(/image: .*/, "image: registry.example/consumer:broken"), "Break the consumer");
  await page.locator(".causes li", { hasText: "broken" }).first().waitFor();
  const wrong = await faults(page, "apps, broken");
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  await picture(page, "broken-light-1280");
  await page.locator(".causes a.object").first().click();
  await page.getByRole("list", { name: "Why it is not ready" }).getByText("broken").waitFor();
  say("a broken image shows its reason on the layer's page and on the object's");
}

function watch(page) {
  const strange = [];
  page.on("pageerror", (error) => strange.push(String(error)));
  page.on("console", (message) => {
    // A layer that has had no run yet has no plan; a refusal is played.
    const isPlayed = /\/(plan|suspend)$/.test(message.location().url);
    const isExpected = message.text().includes("net::ERR") || isPlayed;
    const isOurs = message.type() === "error" && !isExpected;
    if (isOurs) strange.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(demo.url)) strange.push(`a request to ${request.url()}`);
  });
  return strange;
}

async function picture(page, name) {
  if (!options.pictures) return;
  mkdirSync(options.pictures, { recursive: true });
  await page.screenshot({ path: join(options.pictures, `${name}.png`) });
}

async function until(what, holds) {
  const end = Date.now() + LIMIT;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not so after ${LIMIT / 1000} s`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

function startDemo() {
  const child = spawn(options.demo, ["--program", options.program, "demo"], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = [];
  const line = (pattern) => lines.map((text) => pattern.exec(text)?.[1]).find(Boolean);
  return new Promise((started, failed) => {
    child.once("exit", (code) => failed(new Error(`the demo ended with ${code}:\n${lines.join("\n")}`)));
    createInterface(child.stdout).on("line", (text) => {
      lines.push(text);
      if (!text.startsWith("metrics")) return;
      started({
        url: line(/^dashboard\s+(\S+)$/),
        push: (change, message) => pushed(line(/git clone (\S+)/), line(/git clone \S+ (\S+)/), change, message),
        stop: () => child.kill("SIGINT"),
      });
    });
  });
}

function pushed(url, folder, change, message) {
  const git = (...words) => execFileSync("git", words, { cwd: folder, stdio: "pipe" });
  execFileSync("git", ["clone", "--quiet", url, folder], { stdio: "pipe" });
  const path = join(folder, "clusters/stages/local/apps/consumer.yaml");
  writeFileSync(path, change(readFileSync(path, "utf8")));
  git("-c", "user.name=demo", "-c", "user.email=demo@example.com", "commit", "--quiet", "-am", message);
  git("push", "--quiet");
  rmSync(folder, { recursive: true });
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
