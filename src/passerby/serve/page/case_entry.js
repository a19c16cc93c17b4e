import { element } from "./element.js";

/**
 * Ask which case the marks belong to.
 * @param {string} name what it is called now; "" for none.
 * @returns {Promise<string|null>} null if it was called off.
 */
export function caseEntry(name) {
  return new Promise((resolve) => {
    const field = element("input", {
      id: "case-field", required: true, maxLength: 100, autocomplete: "off", "aria-describedby": "case-note",
      value: name || `Person of ${new Date().toISOString().slice(0, 10)}`,
    });
    const form = element("form", { method: "dialog" },
      element("h2", { id: "case-entry-title" }, "Which case is this for?"),
      element("label", { for: "case-field" }, "Name of the case"), field,
      element("p", { class: "note", id: "case-note" },
        "A case is one person who is looked for. Marks are kept under its name on the server, and everybody who gives the same name works on the same marks."),
      element("p", { class: "row end" },
        element("button", { type: "button", onclick: () => end(null) }, "Cancel"),
        element("button", { type: "submit", class: "primary" }, "Open this case")));
    const dialog = element("dialog", { class: "small", "aria-labelledby": "case-entry-title" }, form);
    const end = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = field.value.trim();
      if (!given || given.includes("/")) {
        field.setCustomValidity(given ? "A case's name has no slash (/); write another sign." : "Give the case a name.");
        field.reportValidity();
        return;
      }
      end(given);
    });
    field.addEventListener("input", () => field.setCustomValidity(""));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); end(null); });
    document.body.append(dialog);
    dialog.showModal();
    field.select();
  });
}
