// Who asks, and where: the radio buttons on the left, and everything that says so elsewhere.
import { announce, element, say } from "./words.js";

/** @typedef {{person: string, name: string, place: string}} Setting */

const form = /** @type {HTMLFormElement} */ (element("ask"));
const pane = element("setting");
const opener = element("open-setting");
/** @type {HTMLInputElement[]} */
const people = [...pane.querySelectorAll("input")].filter((input) => input.name === "person");
/** @type {HTMLInputElement[]} */
const places = [...pane.querySelectorAll("input")].filter((input) => input.name === "place");

/** @returns {Setting} */
export function setting() {
  const person = /** @type {HTMLInputElement} */ (people.find((input) => input.checked) ?? people[0]);
  const place = places.find((input) => input.checked) ?? places[0];
  return { person: person.value, name: person.dataset.name ?? "", place: place?.value ?? "" };
}

/**
 * Choose who asks and where. What does not exist leaves things as they are.
 * @param {string} person
 * @param {string} place
 */
export function choose(person, place) {
  for (const input of people) if (input.value === person) input.checked = true;
  for (const input of places) if (input.value === place) input.checked = true;
  refresh();
}

/**
 * Where somebody asks, in words.
 * @param {Setting} chosen
 */
export const whereabouts = (chosen) => `${chosen.name} · ${chosen.place || say("private_small")}`;

/** Show only the places that this person is in, and say who will see the answer. */
function refresh() {
  const { person } = setting();
  for (const input of places) {
    const inside = !input.value || (input.dataset.members ?? "").split(" ").includes(person);
    input.disabled = !inside;
    const count = input.closest("label")?.querySelector(".count");
    if (count) count.textContent = inside ? members(input) : say("not_in_short");
    if (!inside && input.checked) {
      /** @type {HTMLInputElement} */ (places[0]).checked = true;
      announce(say("moved_private", { name: setting().name, place: input.value }));
    }
  }
  const now = setting();
  const count = members(places.find((input) => input.checked));
  element("sees").textContent = say(now.place ? "sees_place" : "sees_private", { ...now, count });
  element("whereabouts").textContent = whereabouts(now);
  document.dispatchEvent(new CustomEvent("setting"));
}

/** @param {HTMLInputElement | undefined} input */
const members = (input) => say("members", { count: input?.dataset.members?.split(" ").length ?? 1 });

/**
 * On a narrow screen: open or close the choice.
 * @param {boolean} open
 */
function show(open) {
  pane.classList.toggle("open", open);
  opener.setAttribute("aria-expanded", String(open));
  for (const other of ["transcript", "ask", "source"]) element(other).inert = open;
  (open ? element("close-setting") : opener).focus();
}

/** Close the choice if it lies over the page, and say whether it did. */
export function closeSetting() {
  const open = pane.classList.contains("open");
  if (open) show(false);
  return open;
}

/** Begin to follow the choice. */
export function followSetting() {
  for (const input of [...people, ...places]) input.addEventListener("change", refresh);
  opener.addEventListener("click", () => show(true));
  element("close-setting").addEventListener("click", () => show(false));
  matchMedia("(min-width: 760px)").addEventListener("change", closeSetting);
  form.addEventListener("reset", refresh);
  refresh();
}
