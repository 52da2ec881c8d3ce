// The right side: a cited passage in its document. It is part of the page's history, so Back returns to the footnote.
import { announce, element, say, within } from "./words.js";

const pane = element("opened");
const empty = element("source-empty");
const transcript = element("transcript");

/** @type {HTMLElement | null} The mark or source line that the passage was opened from. */
let opener = null;

/**
 * Open what a footnote points at, as a step that Back undoes.
 * @param {HTMLAnchorElement} link
 */
export function open(link) {
  opener = link;
  history.replaceState({ ...history.state, scroll: transcript.scrollTop }, "");
  history.pushState({ passage: link.getAttribute("href") }, "");
  return show(/** @type {string} */ (link.getAttribute("href")));
}

/** Close the passage by going back to where it was opened. Says whether there was one. */
export function close() {
  if (pane.hidden) return false;
  history.state?.passage ? history.back() : hide();
  return true;
}

/**
 * Fetch and show a passage, scrolled to its words.
 * @param {string} href
 */
async function show(href) {
  const address = new URL(href, location.href);
  address.searchParams.set("fragment", "1");
  current(href);
  empty.hidden = true;
  pane.hidden = false;
  if (!pane.childElementCount) tell(say("source_opening"));
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (!response.ok) return tell((await response.json()).error);
    pane.innerHTML = await response.text();
    reveal();
    announce(within(pane, "#passage-title").textContent ?? "");
  } catch {
    tell(say("source_failed"));
  }
}

/** Bring the marked words into view and put the focus on them. */
export function reveal() {
  const mark = /** @type {HTMLElement | null} */ (pane.querySelector("#passage"));
  const paper = /** @type {HTMLElement | null} */ (pane.querySelector(".paper"));
  if (mark && paper) {
    const above = mark.getBoundingClientRect().top - paper.getBoundingClientRect().top;
    paper.scrollTop += above - paper.clientHeight / 3;
  }
  (mark ?? within(pane, ".close-source")).focus({ preventScroll: true });
}

/**
 * Say a sentence where the passage would be, with a way out.
 * @param {string} sentence
 */
function tell(sentence) {
  const words = Object.assign(document.createElement("p"), { className: "said", textContent: sentence });
  const button = Object.assign(document.createElement("button"), { className: "quiet close-source", textContent: say("close") });
  const tools = Object.assign(document.createElement("div"), { className: "tools" });
  tools.append(button);
  const head = document.createElement("header");
  head.append(tools);
  const box = Object.assign(document.createElement("div"), { className: "passage" });
  box.append(head, words);
  pane.replaceChildren(box);
  button.focus();
  announce(sentence);
}

/** Put the passage away and return to the footnote it was opened from. */
function hide() {
  pane.hidden = true;
  pane.replaceChildren();
  empty.hidden = false;
  current("");
  opener?.isConnected ? opener.focus({ preventScroll: true }) : element("question").focus();
}

/**
 * Fill in the mark whose passage is open.
 * @param {string} href
 */
function current(href) {
  for (const link of document.querySelectorAll("#turns .note a, #turns .sources a")) {
    link.toggleAttribute("aria-current", false);
    if (href && link.getAttribute("href") === href) link.setAttribute("aria-current", "true");
  }
}

/**
 * Light what belongs together: the sentences, the source line and the passage of one footnote.
 * @param {HTMLElement | null} link a mark or a source line; null lights nothing
 */
function light(link) {
  for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
  const answer = link?.closest(".reply");
  const n = link?.dataset.n;
  if (!answer || !n) return;
  for (const claim of answer.querySelectorAll(".claim")) {
    const notes = (/** @type {HTMLElement} */ (claim).dataset.notes ?? "").split(" ");
    claim.classList.toggle("lit", notes.includes(n) && !link.closest(".note"));
  }
  answer.querySelector(`.sources [data-n="${n}"]`)?.classList.add("lit");
  if (link.getAttribute("aria-current")) pane.classList.add("lit");
}

/** Begin to follow the footnotes and the history. */
export function followPassages() {
  for (const event of ["mouseover", "focusin"]) {
    element("turns").addEventListener(event, ({ target }) => light(/** @type {HTMLElement} */ (target).closest("a[data-n]")));
  }
  element("turns").addEventListener("mouseleave", () => light(null));
  element("turns").addEventListener("focusout", () => light(null));
  addEventListener("popstate", ({ state }) => {
    if (state?.passage) return show(state.passage);
    hide();
    if (state?.scroll !== undefined) transcript.scrollTop = state.scroll;
  });
  if (history.state?.passage) show(history.state.passage);
}
