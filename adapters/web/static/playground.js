// The playground: what keys, clicks and the history do. Everything else has a file of its own.
import { followFiles } from "./files.js";
import { followLoading } from "./loading.js";
import { close, followPassages, open, reveal } from "./passage.js";
import { choose, closeSetting, followSetting, setting, whereabouts } from "./setting.js";
import { ask, asked, busy, judge, last, renew, retry, stop, trouble } from "./turns.js";
import { element, say, within } from "./words.js";

const form = /** @type {HTMLFormElement} */ (element("ask"));
const question = /** @type {HTMLTextAreaElement} */ (element("question"));
const turns = element("turns");
const transcript = element("transcript");
const thread = /** @type {HTMLInputElement} */ (within(form, "[name=thread]"));
const again = element("again");

/** Ask what is written, or stop what was asked. */
function submit() {
  if (busy()) return stop();
  const text = question.value.trim();
  if (!text) return question.focus();
  question.value = "";
  ask(text);
}

/** Offer the last question again when somebody else, or another place, is chosen. */
function offerAgain() {
  const before = last();
  const now = setting();
  const changed = before && !busy() && (before.person !== now.person || before.place !== now.place);
  again.hidden = !changed;
  within(again, "button").textContent = say("again", { who: whereabouts(now) });
}

/**
 * What a click on this element does, if it is one of ours.
 * @type {Record<string, (target: HTMLElement, event: MouseEvent) => void>}
 */
const clicks = {
  ".note a[href^='/d/'], .sources a": (link, event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(/** @type {HTMLAnchorElement} */ (link));
  },
  ".suggestions a": (link, event) => {
    event.preventDefault();
    if (link.dataset.person) choose(link.dataset.person, link.dataset.place ?? "");
    ask(within(link, ".text").textContent ?? "");
  },
  ".privately": (button) => {
    const { person, text } = asked(/** @type {HTMLElement} */ (button.closest(".turn")));
    choose(person, "");
    ask(text);
  },
  ".retry": (button) => retry(/** @type {HTMLElement} */ (button.closest(".turn"))),
  "[data-verdict]": (button) => judge(button),
  "#again button": () => ask(last()?.text ?? ""),
  "#new": () => {
    if (!close()) question.focus();
    renew();
    offerAgain();
    question.focus();
  },
  ".close-source": () => close(),
  ".to-passage": (_, event) => {
    event.preventDefault();
    reveal();
  },
  ".skip": (_, event) => {
    event.preventDefault();
    question.focus();
  },
};

document.addEventListener("click", (event) => {
  for (const [selector, act] of Object.entries(clicks)) {
    const target = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest(selector));
    if (target) return act(target, event);
  }
});

document.addEventListener("keydown", (event) => {
  const writing = /** @type {HTMLElement} */ (event.target).matches("textarea, input:not([type=radio], [type=checkbox])");
  if (event.key === "Escape" && (closeSetting() || close())) event.preventDefault();
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    closeSetting();
    question.focus();
  }
});

question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!busy()) submit();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

document.addEventListener("setting", offerAgain);
document.addEventListener("answered", offerAgain);

/** Keep the conversation with this tab, so that leaving the page and coming back loses nothing. */
function keep() {
  const { person, place } = setting();
  const state = { person, place, thread: thread.value, draft: question.value, turns: turns.innerHTML, scroll: transcript.scrollTop };
  try {
    sessionStorage.setItem("conversation", JSON.stringify(state));
  } catch {
    sessionStorage.removeItem("conversation"); // more was said than a tab may keep
  }
}

/** Bring back what this tab kept, unless the address or a plain form already says what to show. */
function bringBack() {
  const kept = JSON.parse(sessionStorage.getItem("conversation") ?? "null");
  if (!kept || location.search || turns.childElementCount) return;
  turns.innerHTML = kept.turns;
  element("empty").hidden = turns.childElementCount > 0;
  thread.value = kept.thread;
  question.value = kept.draft;
  choose(kept.person, kept.place);
  for (const turn of turns.querySelectorAll("[aria-busy]")) {
    turn.removeAttribute("aria-busy");
    trouble(within(turn, ".reply"), say("broken"));
  }
  transcript.scrollTop = kept.scroll;
}

form.noValidate = true; // an empty question is told by the focus, and Stop needs none
addEventListener("pagehide", keep);
followSetting();
bringBack();
followPassages();
followLoading();
followFiles((name) => ask(say("file_question", { name })));
offerAgain();
if (!history.state?.passage && matchMedia("(min-width: 760px)").matches) question.focus();
