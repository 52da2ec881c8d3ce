// The page's words and its elements. All words come from the server, in the page's data.

/** @type {{words: Record<string, string>, company: string}} */
const data = JSON.parse(element("data").textContent ?? "{}");

/**
 * The words of that name, filled in.
 * @param {string} name
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function say(name, values = {}) {
  return (data.words[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? data[/** @type {"company"} */ (key)] ?? ""));
}

/**
 * Say something to who listens instead of looking. Only what matters: not every step of a growing answer.
 * @param {string} words
 */
export function announce(words) {
  element("status").textContent = words;
}

/**
 * The element of that id, which the page always has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * A copy of a template's element.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function copy(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}

/**
 * The first element within another that fits, which is always there.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function within(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}
