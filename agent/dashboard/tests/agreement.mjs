// A plan is approved by keyboard, deletes are confirmed by click: exactly what is shown, and named in the history; an object is held.
const LAYER = "tidegate-system/apps";
const RESOURCE = "/apis/tidegate.dev/v1alpha1/namespaces/tidegate-system/layers/apps";

export async function agreement(test) {
  await approval(test);
  await confirmation(test);
  await holding(test);
}

async function approval({ page, demo, until, say, look }) {
  await page.goto(`${demo.url}#/layers/${LAYER}`);
  await demo.merge(RESOURCE, { spec: { mode: "approve" } });
  demo.push({ "apps/consumer.yaml": (text) => text.replace(/replicas: .*/, "replicas: 3") }, "Scale the consumer");
  await page.getByText("A plan waits for approval: 1 to update.").waitFor();
  const button = page.getByRole("button", { name: "Approve …" });
  await button.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Carry out the plan of apps?" });
  const { hash } = (await layer(page)).status.plan;
  await dialog.getByText(hash).waitFor();
  await until("Enter alone does nothing", () => dialog.getByRole("button", { name: "Leave it" }).evaluate(hasFocus));
  await look(page, "approve-light-1280");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "hidden" });
  await button.waitFor();
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Approve this plan" }).focus();
  await page.keyboard.press("Enter");
  await button.waitFor({ state: "hidden" });
  await page.getByText("It waits for nothing").waitFor();
  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("cell", { name: ", approved by system:anonymous" }).first().waitFor();
  await demo.merge(RESOURCE, { spec: { mode: "auto" } });
  say("a plan is approved by keyboard under the hash that was shown, and the history says by whom");
}

async function confirmation({ page, demo, say, look }) {
  await page.goto(`${demo.url}#/layers/${LAYER}`);
  const changes = {
    "apps/kustomization.yaml": (text) => text.replace("- workflows.yaml\n", ""),
    "apps/workflows.yaml": () => undefined,
    // The first and the last of the credentials are the consumer's.
    "apps/credentials.yaml": (text) => [text.split("---\n").at(0), text.split("---\n").at(-1)].join("---\n"),
  };
  demo.push(changes, "Retire the workflows");
  await page.getByText("Deletes are held back: 3 objects that Git no longer holds.").waitFor();
  await page.getByRole("button", { name: "Confirm …" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete 3 objects of apps?" });
  const { hash, objects } = (await layer(page)).status.heldPrune;
  await dialog.getByText(hash).waitFor();
  for (const one of objects) await dialog.getByText(`${one.object}, held back: `).waitFor();
  await look(page, "confirm-light-1280");
  await dialog.getByRole("button", { name: "Delete 3 objects" }).click();
  await page.getByRole("button", { name: "Confirm …" }).waitFor({ state: "hidden" });
  await page.getByText("It waits for nothing").waitFor();
  await page.getByRole("link", { name: "History" }).click();
  await page.getByText("3 deleted").first().waitFor();
  await page.getByRole("cell", { name: ", deletes confirmed by system:anonymous" }).first().waitFor();
  say("deletes that are held back are confirmed by click, each named before it goes");
}

/** An object is held by keyboard, and let go by click. */
async function holding({ page, demo, say, look }) {
  await page.goto(`${demo.url}#/layers/${LAYER}`);
  await page.locator(".chip", { hasText: "consumer" }).last().click();
  await page.getByRole("button", { name: "Hold …" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Why").fill("a hot fix");
  await look(page, "hold-light-1280");
  await dialog.getByRole("button", { name: "Hold Deployment consumer" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText(/^Held for another/).waitFor();
  await page.getByRole("button", { name: "End the hold …" }).click();
  await dialog.getByRole("button", { name: "End the hold" }).click();
  await page.getByText(/^Held for another/).waitFor({ state: "hidden" });
  say("an object is held by keyboard, and let go by click");
}

function layer(page) {
  return page.evaluate((path) => fetch(path).then((answer) => answer.json()), `api/v1/layers/${LAYER}`);
}

function hasFocus(element) {
  return element === document.activeElement;
}
