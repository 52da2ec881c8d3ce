// Files dropped in anywhere or chosen: sent with visible progress, followed until they can be asked about.
import { setting } from "./setting.js";
import { announce, copy, element, say, within } from "./words.js";

const LARGEST = 100_000_000; // knowledge/parsers/port.py: LARGEST_FILE
const list = element("files");
const chooser = /** @type {HTMLInputElement} */ (element("file"));
const everyone = /** @type {HTMLInputElement} */ (element("everyone"));

/**
 * Send one file, as whoever is chosen.
 * @param {File} file
 */
async function add(file) {
  const { person, name } = setting();
  const row = copy("upload");
  within(row, ".name").textContent = file.name;
  within(row, "progress").setAttribute("aria-label", file.name);
  row.dataset.name = file.name;
  row.dataset.readers = everyone.checked ? say("file_all") : say("file_mine", { name });
  within(row, ".remove").addEventListener("click", () => remove(row));
  list.append(row);
  list.hidden = false;
  row.scrollIntoView({ block: "nearest" });
  if (file.size > LARGEST) return finish(row, "failed", say("file_large", { name: file.name }));
  try {
    const { id, error } = await post(file, person, (percent) => state(row, say("file_sending", { percent }), percent));
    error ? finish(row, "failed", error) : await watch(row, id, person);
  } catch {
    finish(row, "failed", say("file_offline"));
  }
}

/**
 * Post it; only XMLHttpRequest can tell how much was sent.
 * @param {File} file
 * @param {string} person
 * @param {(percent: number) => void} progress
 * @returns {Promise<any>}
 */
function post(file, person, progress) {
  const form = new FormData();
  form.append("person", person);
  if (everyone.checked) form.append("everyone", "yes");
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/files");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => progress(Math.round((100 * loaded) / total));
    request.onload = () => (request.response ? resolve(request.response) : reject(new Error("no answer")));
    request.onerror = reject;
    request.send(form);
  });
}

/**
 * Follow a file until it is read.
 * @param {HTMLElement} row
 * @param {string} id
 * @param {string} person
 */
async function watch(row, id, person) {
  for (let pause = 250; row.isConnected; pause = Math.min(pause * 1.5, 3000)) {
    const response = await fetch(`/files/${encodeURIComponent(id)}?as=${encodeURIComponent(person)}`, {
      headers: { Accept: "application/json" },
    });
    const upload = await response.json();
    if (!response.ok) return finish(row, "failed", upload.error);
    if (upload.state === "failed") return finish(row, "failed", upload.reason);
    if (upload.state === "done") return finish(row, "done", `${say("file_done")} · ${row.dataset.readers}`);
    state(row, say(`file_${upload.state}`), null);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * @param {HTMLElement} row
 * @param {string} words
 * @param {number | null} percent null: under way, nobody knows how far
 */
function state(row, words, percent) {
  const label = within(row, ".state");
  const bar = within(row, "progress");
  label.textContent = words;
  percent === null ? bar.removeAttribute("value") : bar.setAttribute("value", String(percent));
}

/**
 * @param {HTMLElement} row
 * @param {"done" | "failed"} end
 * @param {string} words
 */
function finish(row, end, words) {
  row.classList.add(end);
  within(row, "progress").remove();
  within(row, ".about-file").hidden = end === "failed";
  within(row, ".state").textContent = words;
  announce(`${row.dataset.name}: ${words}`);
}

/** @param {HTMLElement} row */
function remove(row) {
  row.remove();
  list.hidden = !list.childElementCount;
  element("question").focus();
}

/** @param {DragEvent} event */
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

/**
 * Begin to take files.
 * @param {(name: string) => void} ask asks about a file that is ready
 */
export function followFiles(ask) {
  const veil = element("drop");
  element("choose-file").addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    for (const file of chooser.files ?? []) add(file);
    chooser.value = "";
  });
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!carriesFiles(event)) return;
    event.preventDefault();
    for (const file of event.dataTransfer?.files ?? []) add(file);
  });
  list.addEventListener("click", ({ target }) => {
    const row = /** @type {HTMLElement} */ (target).closest(".about-file") && /** @type {HTMLElement} */ (target).closest(".upload");
    if (row) ask(/** @type {HTMLElement} */ (row).dataset.name ?? "");
  });
}
