import { byId } from "./dom.js";

const THEMES = ["auto", "light", "dark"];
const SHOWN = { auto: ["◐", "as the system has them"], light: ["☀", "light"], dark: ["☾", "dark"] };

/** Let the button change between the system's colours, light and dark; call `changed` after each change. */
export function offerThemes(changed) {
  const root = document.documentElement, control = byId("theme");
  control.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
    root.dataset.theme = next;
    control.textContent = SHOWN[next][0];
    control.setAttribute("aria-label", `Colours: ${SHOWN[next][1]}`);
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}
