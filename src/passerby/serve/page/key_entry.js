import { element } from "./element.js";

let waiting = null;

/**
 * Ask for the key of the server, once however many questions wait for it.
 * @param {string} why what the server said of the key given before; "" where none was given.
 * @returns {Promise<string>} the key.
 */
export function keyEntry(why) {
  waiting ??= shown(why).finally(() => {
    waiting = null;
  });
  return waiting;
}

function shown(why) {
  return new Promise((resolve) => {
    const field = element("input", {
      type: "password", id: "key", required: true, autocomplete: "off", spellcheck: false, "aria-describedby": "key-note",
    });
    const form = element("form", { method: "dialog" },
      element("h2", { id: "key-title" }, "This server asks for a key"),
      why && element("p", { class: "wrong-words", role: "alert" }, why),
      element("label", { for: "key" }, "Your key"),
      field,
      element("p", { class: "note", id: "key-note" },
        "Whoever runs the server makes it, with ", element("code", {}, "passerby keys"), ". It is kept until this tab is closed."),
      element("p", { class: "row end" }, element("button", { type: "submit", class: "primary" }, "Go on")));
    const dialog = element("dialog", { class: "small", "aria-labelledby": "key-title" }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const key = field.value.trim();
      if (!key || /[^\x21-\x7e]/.test(key)) {
        field.setCustomValidity("A key has letters, digits and signs only, and no spaces; copy it as a whole.");
        field.reportValidity();
        return;
      }
      dialog.close();
      dialog.remove();
      resolve(key);
    });
    field.addEventListener("input", () => field.setCustomValidity(""));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
}
