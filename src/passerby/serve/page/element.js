const ATTRIBUTES = new Set(["for", "role", "list", "form", "class"]);

/**
 * A new element; text among its children stays text, whatever it holds.
 * Properties that are null, undefined or false are left out; `onNAME` adds a listener.
 */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && !ATTRIBUTES.has(key)) made[key] = value;
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** The element with this id. */
export function byId(id) {
  return document.getElementById(id);
}
