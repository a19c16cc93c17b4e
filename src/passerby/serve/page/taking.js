import { byId } from "./element.js";

/**
 * Take pictures that somebody chooses, drops anywhere on the page, or pastes.
 * @param {(files: File[]) => void} take
 */
export function taking(take) {
  const choose = byId("choose");
  const over = byId("over");
  choose.addEventListener("change", () => {
    const files = [...choose.files];
    choose.value = ""; // the same picture may be chosen again after it was removed
    take(files);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length && !document.querySelector("dialog[open]")) take(files);
  });
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    over.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) over.hidden = true;
  });
  addEventListener("drop", (event) => {
    over.hidden = true;
    if (!holdsFiles(event)) return;
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) take([...event.dataTransfer.files]);
  });
}
