/** Return the element of the page with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Make an element.
 * @param {string} tag
 * @param {object} properties set on the element; `on` holds event handlers by name; names with a dash, `role` and
 *   `for` are attributes.
 * @param {...(Node | string)} children
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      Object.entries(value).forEach(([event, handler]) => element.addEventListener(event, handler));
    } else if (name.includes("-") || name === "role" || name === "for") {
      element.setAttribute(name, value);
    } else {
      element[name] = value;
    }
  }
  element.append(...children);
  return element;
}

/** Make a button. */
export function button(text, click, properties = {}) {
  return make("button", { type: "button", ...properties, on: { click } }, text);
}

/** Fill a select with [value, text] pairs and choose one. */
export function fillSelect(select, pairs, value) {
  select.replaceChildren(...pairs.map(([key, text]) => make("option", { value: key }, text)));
  select.value = value;
}

let announcing = null;

/** Say something to people who do not see the page, once it has settled. */
export function announce(text) {
  clearTimeout(announcing);
  announcing = setTimeout(() => { byId("live").textContent = text; }, 400);
}

/** Show a short message, and say it. */
export function notify(text) {
  const toast = byId("toast");
  toast.textContent = text;
  toast.classList.add("shown");
  byId("live").textContent = text;
  clearTimeout(notify.timer);
  notify.timer = setTimeout(() => toast.classList.remove("shown"), 3500);
}

/** Copy a text, and say so. */
export async function copyText(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // without permission, or on a page from another machine
    const area = make("textarea", { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  notify(`${what} copied.`);
}
