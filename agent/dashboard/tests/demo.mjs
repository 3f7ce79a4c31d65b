// The demo as a process, with the two ways to change what it shows: a push to its repository, and its API server.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Starts it; resolves once the dashboard can be opened. */
export function startDemo(options) {
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
        isUp: () => lines.some((text) => text.startsWith("Ctrl-C")),
        push: (changes, message) => push(line(/git clone (\S+)/), changes, message),
        merge: (path, change) => merge(line(/export KUBECONFIG=(\S+)/), path, change),
        stop: () => child.kill("SIGINT"),
      });
    });
  });
}

/** Pushes a commit that changes files of the stage; `undefined` takes one away. */
function push(url, changes, message) {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-clone-"));
  const git = (...words) => execFileSync("git", words, { cwd: folder, stdio: "pipe" });
  git("clone", "--quiet", url, ".");
  for (const [name, change] of Object.entries(changes)) {
    const path = join(folder, "clusters/stages/local", name);
    const text = change(readFileSync(path, "utf8"));
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
  }
  git("-c", "user.name=demo", "-c", "user.email=demo@example.com", "commit", "--quiet", "-am", message);
  git("push", "--quiet");
  rmSync(folder, { recursive: true });
}

/** Changes an object with all rights, as an administrator would. */
function merge(kubeconfig, path, change) {
  const { clusters, users } = JSON.parse(readFileSync(kubeconfig, "utf8"));
  const text = (base64) => Buffer.from(base64, "base64").toString();
  const options = {
    method: "PATCH",
    headers: { "Content-Type": "application/merge-patch+json" },
    ca: text(clusters[0].cluster["certificate-authority-data"]),
    cert: text(users[0].user["client-certificate-data"]),
    key: text(users[0].user["client-key-data"]),
  };
  return new Promise((done, failed) => {
    const sent = request(`${clusters[0].cluster.server}${path}`, options, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) done();
      else failed(new Error(`${path} answers ${answer.statusCode}`));
    });
    sent.on("error", failed);
    sent.end(JSON.stringify(change));
  });
}
