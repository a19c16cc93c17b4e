import { ask } from "./api.js";
import { caseEntry } from "./case_entry.js";
import { complain, say } from "./say.js";

const KEPT = "passerby case";

/**
 * What was marked right or wrong in the case at hand, as the server keeps it.
 * @param {() => void} changed called when marks or the case change.
 */
export function marks(changed) {
  let name = sessionStorage.getItem(KEPT) ?? "";
  let kept = new Map(); // record id -> right
  let undo = []; // [[id, what it was before], ...] for each step

  async function open(next) {
    try {
      kept = next ? new Map((await ask(`marks?case=${encodeURIComponent(next)}`)).marks.map((one) => [one.record, one.right])) : new Map();
    } catch (error) {
      complain(error.message, () => open(next));
      return;
    }
    name = next;
    undo = [];
    sessionStorage.setItem(KEPT, name);
    changed();
  }

  async function askCase() {
    const next = await caseEntry(name);
    if (next !== null && next !== name) await open(next);
    return next !== null;
  }

  /** Mark records right or wrong; marking all of them as they are marked takes the marks away. */
  async function mark(ids, right) {
    const saw = name !== ""; // whoever opens a case by a first mark did not see what is marked in it
    if (!saw && !(await askCase())) return;
    const wish = saw && ids.every((id) => kept.get(id) === right) ? null : right;
    const before = ids.map((id) => [id, kept.get(id) ?? null]);
    if (!(await put(ids.map((id) => [id, wish])))) return;
    undo.push(before);
    const what = ids.length === 1 ? "" : `${ids.length} sightings `;
    say(wish === null ? `${what}no longer marked.` : `${what}marked ${right ? "right" : "wrong"} in ${name}.`.replace(/^m/, "M"), { name: "Undo", act: takeBack });
  }

  async function takeBack() {
    const before = undo.pop();
    if (!before) {
      say("There is no mark to take back.");
      return;
    }
    if (await put(before)) say("The last mark was taken back.");
    else undo.push(before);
  }

  async function put(wishes) {
    try {
      for (const [id, right] of wishes) {
        if (right === null) await ask(`marks/${encodeURIComponent(name)}/${encodeURIComponent(id)}`, { method: "DELETE" });
        else await ask("marks", { json: { case: name, record: id, right } });
        right === null ? kept.delete(id) : kept.set(id, right);
      }
      return true;
    } catch (error) {
      complain(`This was not marked: ${error.message}`);
      return false;
    } finally {
      changed();
    }
  }

  /** Hand over what is marked right as a file: path, pid, camid and time; each case is a person. */
  async function save() {
    try {
      const answer = await ask("marks/manifest.csv", { as: "answer" });
      const out = Number(answer.headers.get("X-Passerby-Left-Out") ?? 0);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = "manifest.csv";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      say(`Saved as ${link.download}.${out ? ` ${out} without a path were left out.` : ""}`);
    } catch (error) {
      complain(error.message, save);
    }
  }

  return { open, askCase, mark, takeBack, save, name: () => name, of: (id) => kept.get(id) ?? null, count: () => kept.size,
    rights: () => [...kept.values()].filter(Boolean).length };
}
