// The dashboard in a real Chromium, on the demo: a control plane, the agent, the database layer as it comes up.
// node tests/browser.mjs --demo PROGRAM --program PROGRAM [--pictures FOLDER] [--readme FILE]
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { agreement } from "./agreement.mjs";
import { startDemo } from "./demo.mjs";
import { faults, inEachLook, picture } from "./looks.mjs";

const { values: options } = parseArgs({
  options: {
    demo: { type: "string" },
    program: { type: "string" },
    pictures: { type: "string" },
    /** Where the picture of a rollout is put: then no more is done than to take pictures. */
    readme: { type: "string" },
  },
});
const LIMIT = 120_000;
const APPS = "tidegate-system/apps";

/** What is to be mended: all of it is told at the end. */
const wrong = [];

const demo = await startDemo(options);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
let page;
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  context.setDefaultTimeout(LIMIT);
  page = await context.newPage();
  watch(page);
  await rollout(page);
  await looks(page);
  await states(page);
  if (!options.readme) {
    await keyboard(page);
    await suspension(page);
  }
  await agreement({ page, demo, until, say, snap, look });
  if (!options.readme) {
    await lostConnection(page, context);
    await brokenImage(page);
    await rollback(page);
  }
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  if (options.readme) copyFileSync(join(options.pictures, "dashboard.png"), options.readme);
  say("all well");
} catch (error) {
  say(`what the page shows:\n${await page?.locator("body").ariaSnapshot()}`);
  throw error;
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
  await picture(page, options.pictures, "dashboard", true);
  await until("it waits for nothing", () => page.getByText("It waits for nothing").isVisible());
  await until("all is ready", async () => (await page.locator(".chip:not(.good)").count()) === 0);
  await until("the demo is up", () => demo.isUp());
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
    preview: `${demo.url}#/layers/${APPS}/plan/main`,
    history: `${layer}/history`,
    object: `${layer}/objects/${encodeURIComponent(id)}`,
    nowhere: `${demo.url}#/nowhere`,
  };
  await inEachLook(page, async (name) => {
    for (const [what, address] of Object.entries(pages)) {
      await page.goto(address);
      await page.locator("main h1").first().waitFor();
      await until("what is read is there", async () => (await page.locator(".loading").count()) === 0);
      await look(page, `${what}-${name}`);
    }
    await page.goto(layer);
    await page.getByRole("button", { name: "table" }).click();
    await page.getByRole("button", { name: "Sync …" }).click();
    await look(page, `table-${name}`);
  });
  say("every page: no violation known to axe, nothing wider than the screen");
}

/** What stands there instead of layers: nobody signed in, no layers, no agent, nothing yet. */
async function states(page) {
  const problem = { title: "The request carries no bearer token", detail: "send the header Authorization" };
  const snapshot = 'event: snapshot\ndata: {"items":[]}\n\n';
  const played = {
    login: [(route) => route.fulfill({ status: 401, json: problem }), () => page.getByLabel("Token")],
    empty: [
      (route) => route.fulfill({ contentType: "text/event-stream", body: snapshot }),
      () => page.getByText("There are no layers yet"),
    ],
    lost: [(route) => route.abort(), () => page.getByText(/^Disconnected: /)],
    loading: [() => undefined, () => page.getByText("Loading layers")],
  };
  for (const [name, [answer, sign]] of Object.entries(played)) {
    await page.route("**/api/v1/events*", answer);
    await page.goto(demo.url);
    await page.reload();
    await sign().waitFor();
    await inEachLook(page, async (look_) => look(page, `${name}-${look_}`));
    await page.unroute("**/api/v1/events*");
  }
  await page.goto(demo.url);
  await page.reload();
  await page.getByText("Live", { exact: true }).waitFor();
  say("sign-in, no layers, no agent and a slow one: each has its page");
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
  await page.goto(`${demo.url}#/layers/${APPS}`);
  await page.route("**/suspend", (route) =>
    route.fulfill({ status: 403, json: { title: "A right is missing", detail: "ann may not <b>suspend</b> it" } }),
  );
  await page.getByRole("button", { name: "Suspend …" }).click();
  await page.getByText("Nothing of the layer is written any more").waitFor();
  await page.getByRole("button", { name: "Suspend apps" }).click();
  await page.getByRole("alert").getByText("ann may not <b>suspend</b> it").waitFor();
  await look(page, "refused-light-1280");
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
  await page.goto(`${demo.url}#/layers/${APPS}/history`);
  await page.getByRole("button", { name: "Roll back …" }).first().focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Held for").selectOption("30m");
  await dialog.getByRole("button", { name: /^Roll back to / }).focus();
  await page.keyboard.press("Enter");
  await page.getByText(/^Held at .* for another/).waitFor();
  await page.goto(`${demo.url}#/layers/${APPS}`);
  await page.getByText("It waits for nothing").waitFor();
  await look(page, "held-light-1280");
  say("a rollback brings the layer to the commit before, and the page says until when it is held");
}

/** What happens while nobody can be reached is there once the connection is found again. */
async function lostConnection(page, context) {
  await page.goto(`${demo.url}#/layers/${APPS}`);
  await page.getByText("It waits for nothing").waitFor();
  // What is aborted breaks no stream that is open: the page is opened anew, with nobody at the other end.
  await context.route("**/api/v1/**", (route) => route.abort());
  await page.reload();
  await page.getByText(/^Disconnected: /).waitFor();
  demo.push(
    { "apps/consumer.yaml": (text) => text.replace(/replicas: .*/, "replicas: 5") },
    "Scale while nobody looks",
  );
  await context.unroute("**/api/v1/**");
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByText("It waits for nothing").waitFor();
  await page.getByRole("link", { name: "History" }).click();
  await page.getByText("1 updated").first().waitFor();
  say("a lost connection is told, and found again with what happened meanwhile");
}

/** A commit breaks an image; the page says so, and what looks like a script in names and messages is text. */
async function brokenImage(page) {
  await page.goto(`${demo.url}#/layers/${APPS}`);
  await page.getByText("It waits for nothing").waitFor();
  const script = "<img src=x onerror=alert(1)>";
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: script }, rules: [] };
  const breaks = (text) =>
    `${text.replace(/image: .*/, `image: 'registry.example/${script}:broken'`)}---\n${JSON.stringify(role)}\n`;
  demo.push({ "apps/consumer.yaml": breaks }, "Break the consumer");
  await page.locator(".causes li", { hasText: "broken" }).first().waitFor();
  await page.locator(".causes li", { hasText: script }).first().waitFor();
  await page.locator(".chip", { hasText: script }).waitFor();
  await look(page, "broken-light-1280");
  await page.locator(".causes a.object").first().click();
  await page.getByRole("list", { name: "Why it is as it is" }).getByText("broken").first().waitFor();
  await look(page, "broken-object-light-1280");
  await page.goto(`${demo.url}#/layers/${APPS}`);
  await page.locator(".chip", { hasText: script }).click();
  await page.getByRole("heading", { name: `Role ${script}` }).waitFor();
  if ((await page.locator("img").count()) > 0) throw new Error("a name became an element");
  say("a broken image shows its reason on the layer's page and on the object's; a script in a name stays text");
}

function watch(page) {
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("dialog", (dialog) => {
    wrong.push(`a script asks ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    // A layer that has had no run yet has no plan; refusals are played.
    const isPlayed = /\/(plan|suspend|events)$/.test(message.location().url);
    const isExpected = message.text().includes("net::ERR") || isPlayed;
    const isOurs = message.type() === "error" && !isExpected;
    if (isOurs) wrong.push(`the browser complains: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(demo.url)) wrong.push(`a request to ${request.url()}`);
  });
}

/** What axe and the width say of a page as it is; a picture of it for those who look themselves. */
async function look(page, name) {
  wrong.push(...(await faults(page, name)));
  await snap(page, name);
}

function snap(page, name) {
  return picture(page, options.pictures, name);
}

async function until(what, holds) {
  const end = Date.now() + LIMIT;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not so after ${LIMIT / 1000} s`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
