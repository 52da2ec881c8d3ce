// The conversation: asking, showing what streams back, asking again, and what people thought of it.
import { setting, whereabouts } from "./setting.js";
import { events } from "./stream.js";
import { announce, copy, element, say, within } from "./words.js";

/**
 * @typedef {import("./setting.js").Setting} Setting
 * @typedef {Setting & {id: string, thread: string, text: string}} Asked
 */

const turns = element("turns");
const transcript = element("transcript");
const send = /** @type {HTMLButtonElement} */ (element("send"));
const thread = /** @type {HTMLInputElement} */ (within(element("ask"), "[name=thread]"));

/** @type {AbortController | null} */
let asking = null;

/** Whether an answer is on its way. */
export const busy = () => asking !== null;

/** Leave the answer that is on its way; its question stays. */
export const stop = () => asking?.abort();

/**
 * Ask, as somebody, somewhere.
 * @param {string} text
 * @param {Setting} [as]
 */
export function ask(text, as = setting()) {
  const turn = copy("turn");
  const asked = { ...as, id: crypto.randomUUID(), thread: thread.value, text };
  Object.assign(turn.dataset, asked);
  within(turn, ".asker").textContent = whereabouts(as);
  const question = within(turn, ".asked");
  question.textContent = text;
  question.classList.toggle("long", text.length > 280);
  if (text.length > 280) question.tabIndex = 0;
  element("empty").hidden = true;
  turns.append(turn);
  turn.scrollIntoView({ block: "start" });
  return answer(turn);
}

/**
 * The question of a turn.
 * @param {HTMLElement} turn
 * @returns {Asked}
 */
export const asked = (turn) => /** @type {Asked} */ (/** @type {unknown} */ ({ ...turn.dataset }));

/** The question asked last, if any. */
export function last() {
  const turn = /** @type {HTMLElement | null} */ (turns.querySelector(".turn[data-id]:last-of-type"));
  return turn && asked(turn);
}

/**
 * Ask again. What ended in an outcome is a new question: its stored outcome would be shown for ever. What broke off keeps its id,
 * so that an answer that was finished meanwhile is shown and nothing is asked twice.
 * @param {HTMLElement} turn
 */
export function retry(turn) {
  if (turn.dataset.turn) {
    turn.dataset.id = crypto.randomUUID();
    delete turn.dataset.turn;
  }
  return answer(turn);
}

/**
 * Get the answer of a turn. The same id is answered once, however often it is sent.
 * @param {HTMLElement} turn
 */
async function answer(turn) {
  asking?.abort();
  const mine = (asking = new AbortController());
  const reply = within(turn, ".reply");
  const clock = begin(turn, reply);
  try {
    await stream(turn, reply, mine.signal);
  } catch (error) {
    trouble(reply, mine.signal.aborted ? say("stopped") : words(error, reply));
  } finally {
    clearInterval(clock);
    turn.removeAttribute("aria-busy");
    if (asking === mine) asking = null;
    label();
    document.dispatchEvent(new CustomEvent("answered"));
  }
}

/** A sentence that the server said. */
class Said extends Error {}

/**
 * @param {unknown} error
 * @param {HTMLElement} reply
 */
function words(error, reply) {
  if (error instanceof Said) return error.message;
  return say(reply.dataset.begun ? "broken" : "offline");
}

/**
 * Show that the question is on its way.
 * @param {HTMLElement} turn
 * @param {HTMLElement} reply
 */
function begin(turn, reply) {
  turn.setAttribute("aria-busy", "true");
  delete reply.dataset.begun;
  const steps = Object.assign(document.createElement("p"), { className: "steps" });
  const doing = Object.assign(document.createElement("span"), { className: "doing", textContent: say("asking") });
  const elapsed = Object.assign(document.createElement("span"), { className: "elapsed" });
  steps.append(doing, elapsed);
  const writing = Object.assign(document.createElement("div"), { className: "writing prose" });
  reply.replaceChildren(writing, steps);
  label();
  const started = Date.now();
  return setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    elapsed.textContent = seconds >= 3 ? `${seconds} s` : "";
  }, 1000);
}

/**
 * @param {HTMLElement} turn
 * @param {HTMLElement} reply
 * @param {AbortSignal} signal
 */
async function stream(turn, reply, signal) {
  const { id, person, place, thread: where, text } = asked(turn);
  const response = await fetch("/ask", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({ id, person, place, thread: where, text }),
    signal,
  });
  if (!response.ok) throw new Said((await response.json()).error);
  reply.dataset.begun = "yes";
  for await (const { event, data } of events(response)) {
    show[event]?.(reply, data, turn);
    if (event === "final") return;
    if (event === "failed") throw new Said(data.error);
  }
  throw new Error("broken off");
}

/** @type {Record<string, (reply: HTMLElement, data: any, turn: HTMLElement) => void>} */
const show = {
  step(reply, { html }) {
    within(reply, ".doing").innerHTML = html;
    announce(within(reply, ".doing").textContent ?? "");
  },
  extracts(reply, { html }) {
    reply.insertAdjacentHTML("beforeend", html);
  },
  text(reply, { html }) {
    within(reply, ".writing").innerHTML = html;
    follow();
  },
  final(reply, data, turn) {
    reply.innerHTML = data.html;
    turn.dataset.turn = data.turn;
    const sources = data.sources > 1 ? "answered" : data.sources ? "answered_one" : "answered_none";
    announce(data.silent ? data.spoken : `${data.spoken} ${say(sources, { count: data.sources })}`);
    within(turn, ".asked").scrollIntoView({ block: "nearest" });
    follow();
  },
};

/** Keep the end of what is being written in view, unless its question would leave the top. */
function follow() {
  const turn = /** @type {HTMLElement} */ (turns.lastElementChild);
  const room = turn.offsetTop - transcript.offsetTop - 8;
  transcript.scrollTop = Math.max(transcript.scrollTop, Math.min(room, transcript.scrollHeight - transcript.clientHeight));
}

/**
 * Say what went wrong under the question, with the way out. What was already shown stays.
 * @param {HTMLElement} reply
 * @param {string} sentence
 */
export function trouble(reply, sentence) {
  const box = copy("trouble");
  within(box, ".outcome").textContent = say("not_answered");
  within(box, ".said").textContent = sentence;
  reply.querySelector(".steps")?.remove();
  const caption = reply.querySelector(".extracts .caption");
  if (caption) caption.textContent = say("passages_only");
  reply.querySelector(".trouble")?.remove();
  reply.append(box);
  announce(sentence);
  box.scrollIntoView({ block: "nearest" });
}

/** The one button asks, or stops what was asked. */
function label() {
  send.textContent = say(busy() ? "stop" : "ask");
  send.classList.toggle("primary", !busy());
}

/**
 * Keep what somebody thought of an answer.
 * @param {HTMLElement} button
 */
export async function judge(button) {
  const turn = /** @type {HTMLElement} */ (button.closest(".turn"));
  const group = /** @type {HTMLElement} */ (button.closest(".verdicts"));
  const sent = { person: turn.dataset.person, turn: turn.dataset.turn, verdict: button.dataset.verdict };
  const note = group.querySelector(".kept") ?? Object.assign(document.createElement("span"), { className: "kept" });
  group.prepend(note);
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("/feedback", { method: "POST", headers, body: JSON.stringify(sent) });
    if (!response.ok) throw new Said((await response.json()).error);
    for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    note.textContent = say("kept");
  } catch (error) {
    note.textContent = error instanceof Said ? error.message : say("not_kept");
  }
  announce(note.textContent ?? "");
}

/** Begin a new conversation: nothing said so far is remembered in it. */
export function renew() {
  stop();
  turns.replaceChildren();
  thread.value = crypto.randomUUID();
  element("empty").hidden = false;
  transcript.scrollTop = 0;
}
