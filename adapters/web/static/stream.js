// Server-sent events over fetch: EventSource can neither post nor tell why it failed.

/** @typedef {{event: string, data: any}} ServerEvent */

/** Milliseconds without a sign of life after which the server counts as gone; it sends one every ten seconds. */
const SILENCE = 45_000;

/**
 * Read the events of a response as they arrive.
 * @param {Response} response
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* events(response) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  let waiting = "";
  for (;;) {
    const { done, value } = await soon(reader.read());
    if (done) return;
    waiting += decoder.decode(value, { stream: true });
    const blocks = waiting.split("\n\n");
    waiting = blocks.pop() ?? "";
    for (const block of blocks) if (block.startsWith("event: ")) yield parsed(block);
  }
}

/**
 * @param {string} block
 * @returns {ServerEvent}
 */
function parsed(block) {
  const [event = "", data = ""] = block.split("\ndata: ");
  return { event: event.slice("event: ".length), data: JSON.parse(data) };
}

/**
 * The promise's value, or an error when it takes longer than a living server would let it.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function soon(promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("silence")), SILENCE);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
