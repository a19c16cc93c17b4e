const BASE = new URL("api/v1/", document.baseURI);
const KEPT = "passerby key";
let unlock = null;

/** What the server, or the way to it, says went wrong, in words for a person. */
export class Problem extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Say who asks for a key: an async function that gets why, and gives the key. */
export function whenLocked(asks) {
  unlock = asks;
}

/**
 * Ask the server for `path` under /api/v1.
 * @param {string} path
 * @param {{method?: string, json?: object, form?: FormData, signal?: AbortSignal, as?: "json"|"blob"|"answer"}} how
 * @throws {Problem} with the server's words; an abort is thrown as it is.
 */
export async function ask(path, { method, json, form, signal, as = "json" } = {}) {
  const used = sessionStorage.getItem(KEPT);
  const headers = used ? { Authorization: `Bearer ${used}` } : {};
  if (json) headers["Content-Type"] = "application/json";
  const body = json ? JSON.stringify(json) : form;
  const asked = { method: method ?? (body ? "POST" : "GET"), headers, body, signal, cache: "no-store" };
  let answer;
  try {
    answer = await fetch(new URL(path, BASE), asked);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server cannot be reached. See that it runs and that you are connected, then try again.", 0);
  }
  if (answer.status === 401 && unlock) {
    // somebody else's question may have brought another key while this one was on its way
    if (sessionStorage.getItem(KEPT) === used) {
      sessionStorage.setItem(KEPT, await unlock(used ? await words(answer) : ""));
    }
    return ask(path, { method, json, form, signal, as });
  }
  if (!answer.ok) throw new Problem(await words(answer), answer.status);
  if (as === "answer") return answer;
  if (as === "blob") return answer.blob();
  return answer.status === 204 ? null : answer.json();
}

/** Forget the key of this browser tab. */
export function forgetKey() {
  sessionStorage.removeItem(KEPT);
}

/** Whether this browser tab holds a key. */
export function hasKey() {
  return sessionStorage.getItem(KEPT) !== null;
}

async function words(answer) {
  const told = await answer.json().catch(() => null);
  if (typeof told?.detail === "string" && told.detail) return told.detail;
  if (typeof told?.title === "string" && told.title) return told.title;
  if (answer.status === 413) return "The pictures are larger than the server takes; give smaller ones.";
  return `The server answered ${answer.status} without saying why; ask whoever runs it.`;
}
