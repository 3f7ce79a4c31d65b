import { render } from "preact";
import { session } from "./api/client";
import { App } from "./app";
import * as clock from "./clock";
import { followAddress } from "./route";
import { follow } from "./state/fleet";
import "./style.css";

// `tidegate ui` says by the address who is there: that is taken out of it before anything else sees it.
const handed = /^#token=(.+)$/.exec(location.hash)?.[1];
if (handed) {
  session.begin(decodeURIComponent(handed), "");
  history.replaceState(null, "", location.pathname);
}
clock.start();
followAddress();
void follow();
const root = document.getElementById("app");
if (root) render(<App />, root);
