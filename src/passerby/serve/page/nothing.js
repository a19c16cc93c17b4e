import { element } from "./element.js";

/**
 * What stands where sightings would: there are none at all, or none that pass.
 * @param {boolean} empty whether the gallery has no records.
 */
export function nothing(empty) {
  return element("div", { class: "empty" },
    element("h3", {}, empty ? "This gallery is empty" : "No sighting passes these filters"),
    element("p", {}, empty ? ["Whoever runs the server fills it with ", element("code", {}, "passerby index"), "."] : "Take away a filter, or widen the time range."));
}
