// While the company's documents are still being read: says how far that is, and when it is done.
import { announce } from "./words.js";

const PACE = 1000; // ms

/** Begin to follow, if the page says that they are being read. */
export async function followLoading() {
  const line = document.getElementById("loading");
  while (line) {
    await new Promise((resolve) => setTimeout(resolve, PACE));
    const loading = await look();
    if (!loading) continue;
    line.textContent = loading.said;
    if (loading.under_way) continue;
    line.classList.add("over");
    announce(loading.said);
    document.addEventListener("answered", () => line.remove());
    return;
  }
}

/**
 * How far it is; null while the server cannot be reached.
 * @returns {Promise<{under_way: boolean, said: string} | null>}
 */
async function look() {
  try {
    const response = await fetch("/loading", { headers: { Accept: "application/json" } });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
