import { byId, make } from "./dom.js";

/** The tools, one of which is open. Each has a name, a title, an element, `isOpen` and `refresh`. */
export class Tabs {
  constructor(store, tools) {
    Object.assign(this, { store, tools });
    for (const { name, title, tool } of tools) {
      const tab = make("button", {
        type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `tool-${name}`,
        on: { click: () => store.update({ tab: name }), keydown: (event) => this.#onKey(event) },
      }, title);
      byId("tabs").append(tab);
      byId("tools").append(make("div", {
        role: "tabpanel", id: `tool-${name}`, "aria-labelledby": tab.id, tabIndex: -1,
      }, tool.element));
    }
    store.subscribe((_, changed) => {
      if (changed.has("tab")) this.#show();
    });
    this.#show();
  }

  #show() {
    const known = this.tools.some(({ name }) => name === this.store.state.tab);
    const open = known ? this.store.state.tab : this.tools[0].name;
    for (const { name, tool } of this.tools) {
      const tab = byId(`tab-${name}`), isOpen = name === open;
      tab.setAttribute("aria-selected", String(isOpen));
      tab.tabIndex = isOpen ? 0 : -1;
      byId(`tool-${name}`).hidden = !isOpen;
      tool.isOpen = isOpen;
      if (isOpen) tool.refresh();
    }
  }

  #onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = this.tools.map(({ name }) => name), at = names.indexOf(event.target.id.slice(4));
    const next = names[(at + step + names.length) % names.length];
    this.store.update({ tab: next });
    byId(`tab-${next}`).focus();
  }
}
