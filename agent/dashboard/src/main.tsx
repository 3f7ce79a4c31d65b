import { render } from "preact";
import { App } from "./app";
import * as clock from "./clock";
import { followAddress } from "./route";
import { follow } from "./state/fleet";
import "./style.css";

clock.start();
followAddress();
void follow();
const root = document.getElementById("app");
if (root) render(<App />, root);
