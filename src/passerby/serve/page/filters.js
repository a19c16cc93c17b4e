import { element, byId } from "./element.js";
import { fromField, moment } from "./when.js";

const MANY = 12;

/**
 * Which records are meant: fields for cameras, times and labels, in the page's form.
 * @param {object} about what the server says of the gallery.
 * @param {() => void} changed called when a field changes.
 */
export function filters(about, changed) {
  const cameras = about.cameras.map(({ camid, count }) =>
    element("label", { class: "chip", "data-camera": camid },
      element("input", { type: "checkbox", name: "camera", value: String(camid) }),
      element("span", {}, `Camera ${camid}`), element("span", { class: "soft" }, count.toLocaleString("en"))));
  const since = timeField("since", "From");
  const until = timeField("until", "To");
  const labels = Object.entries(about.labels).map(([name, values]) => {
    const select = element("select", { id: `label-${name}`, "data-label": name },
      element("option", { value: "" }, "any"), values.map((value) => element("option", { value }, value)));
    return element("label", { for: `label-${name}` }, words(name), select);
  });
  const wrong = element("p", { id: "time-wrong", class: "wrong-words", role: "alert", hidden: true });
  const clear = element("button", { type: "button", class: "quiet", onclick: () => { empty(); told(); } }, "Clear filters");
  const place = byId("filter-fields");
  place.replaceChildren(
    element("fieldset", {}, element("legend", {}, "Cameras"), about.cameras.length > MANY && finder(cameras),
      element("div", { class: "chips" }, cameras.length ? cameras : element("p", { class: "soft" }, "No camera is known in this gallery."))),
    element("fieldset", {}, element("legend", {}, "Time (UTC)"), element("div", { class: "pair" }, since.label, until.label), wrong,
      about.first_time && element("p", { class: "note" }, `The gallery goes from ${moment(about.first_time)} to ${moment(about.last_time)}.`)),
    ...(labels.length ? [element("fieldset", {}, element("legend", {}, "Clothing and things carried"), element("div", { class: "pair" }, labels))] : []),
    element("p", { class: "row" }, clear));

  function empty() {
    for (const box of place.querySelectorAll("input")) box.type === "checkbox" ? (box.checked = false) : (box.value = "");
    for (const select of place.querySelectorAll("select")) select.value = "";
  }

  /** The filters as the server takes them. */
  function read() {
    const found = {};
    const chosen = [...place.querySelectorAll("[name=camera]:checked")].map((box) => Number(box.value));
    if (chosen.length) found.cameras = chosen;
    for (const field of [since.field, until.field]) if (field.value) found[field.name] = fromField(field.value);
    const worn = [...place.querySelectorAll("[data-label]")].filter((select) => select.value).map((select) => [select.dataset.label, select.value]);
    if (worn.length) found.labels = Object.fromEntries(worn);
    return found;
  }

  /** Whether they make sense; if not the fields say why. */
  function valid() {
    const [from, to] = [since.field.value, until.field.value];
    wrong.hidden = !(from && to && from >= to);
    wrong.textContent = wrong.hidden ? "" : `The end, ${moment(fromField(to))}, must come after the start, ${moment(fromField(from))}.`;
    for (const { field } of [since, until]) {
      wrong.hidden ? field.removeAttribute("aria-invalid") : field.setAttribute("aria-invalid", "true");
    }
    if (!wrong.hidden) byId("filters").open = true;
    return wrong.hidden;
  }

  function told() {
    const count = Object.values(read()).reduce((sum, one) => sum + (typeof one === "object" && !Array.isArray(one) ? Object.keys(one).length : 1), 0);
    byId("filter-count").hidden = count === 0;
    byId("filter-count").textContent = `${count} set`;
    clear.disabled = count === 0;
    if (valid()) changed();
  }

  place.addEventListener("change", (event) => { if (event.target.type !== "search") told(); });
  clear.disabled = true;
  return { read, valid };
}

function timeField(name, said) {
  const field = element("input", { type: "datetime-local", id: name, name, step: 1 });
  return { field, label: element("label", { for: name }, said, field) };
}

function finder(cameras) {
  const show = (event) => {
    const asked = event.target.value.trim();
    for (const chip of cameras) chip.hidden = asked !== "" && !chip.dataset.camera.includes(asked);
  };
  return element("input", { type: "search", class: "finder", placeholder: "Number of a camera", "aria-label": "Find a camera by its number", oninput: show });
}

function words(name) {
  const said = name.replaceAll("_", " ");
  return said[0].toUpperCase() + said.slice(1);
}
