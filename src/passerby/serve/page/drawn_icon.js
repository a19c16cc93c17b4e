const PATHS = {
  right: "M4 12.5 9.5 18 20 6.5",
  wrong: "M6 6 18 18M18 6 6 18",
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM15.5 15.5 20.5 20.5",
  track: "M8 4h11v13M5 7h11v13H5Z",
  box: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  close: "M6 6 18 18M18 6 6 18",
  before: "M15 5 8 12l7 7",
  after: "M9 5l7 7-7 7",
  save: "M12 4v11M7 11l5 5 5-5M4 20h16",
  undo: "M9 5 4 10l5 5M4 10h10a6 6 0 0 1 0 12h-2",
  warning: "M12 4 21.5 20H2.5ZM12 10v5M12 17.5v.5",
};

/** A small drawing that screen readers skip: the words stand beside it or in the button's name. */
export function drawnIcon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
