import { element, byId } from "./element.js";

const COUNTS = [20, 50, 100, 200, 500];
const WIDER = [0, 3, 5, 10];

/**
 * How to search: fields in the page's form.
 * @param {object} about what the server says of the gallery.
 */
export function how(about) {
  const choice = (id, options, chosen) => element("select", { id },
    options.map(([value, said]) => element("option", { value: String(value), selected: value === chosen }, said)));
  const field = (said, input, note) => element("div", { class: "field" }, element("label", { for: input.id }, said), input,
    note && element("p", { class: "note" }, note));
  const tick = (id, said) => element("label", { class: "tick" }, element("input", { type: "checkbox", id }), said);
  const rates = [...new Set([...(about.rates ?? []), about.rate ?? 0.01])].sort((a, b) => a - b).map((rate) => [rate, `at most 1 in ${Math.round(1 / rate).toLocaleString("en")}`]);
  const usual = rates.some(([rate]) => rate === about.rate) ? about.rate : rates[0][0];
  const from = choice("not-camera", [["", "not known"], ...about.cameras.map(({ camid }) => [camid, `Camera ${camid}`])], "");
  const others = element("div", { class: "field", id: "others-field" }, tick("others", "Other cameras only"));
  const notCamera = element("div", { class: "field", id: "not-camera-field" },
    element("label", { for: "not-camera" }, "Leave out the camera that the pictures come from"), from);
  byId("how-fields").replaceChildren(
    others,
    notCamera,
    field("Sightings to show", choice("count", COUNTS.map((count) => [count, `up to ${count}`]), 50)),
    ...(about.calibrated ? [field("False answers above the line", choice("rate", rates, usual),
      "Of searches for somebody who is not in the gallery. Fewer of them raise the line, and more people who are there fall below it.")] : []),
    field("Look at", choice("way", [["approximate", "the likely records (fast)"], ["exact", "every record (exact)"]], "approximate")),
    field("Widen the search", choice("expand", WIDER.map((n) => [n, n ? `with the ${n} closest answers` : "no"]), 0)),
    element("div", { class: "field" }, tick("rerank", "Re-rank by neighbours that answers share")));

  /** The fields as the server takes them. */
  function read() {
    const camera = byId("not-camera").value;
    const asked = {
      k: Number(byId("count").value),
      way: byId("way").value,
      expand: Number(byId("expand").value),
      rerank: byId("rerank").checked,
      not_camera: camera === "" ? null : Number(camera),
      other_cameras_only: byId("others").checked,
    };
    if (about.calibrated) asked.rate = Number(byId("rate").value);
    return asked;
  }

  /** Show what goes with searching by sightings, or with pictures. */
  function fit(bySighting) {
    others.hidden = !bySighting;
    notCamera.hidden = bySighting;
  }

  fit(false);
  return { read, fit };
}
