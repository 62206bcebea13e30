// Makes elements without markup in strings: nothing that comes from a policy or an environment can become HTML.

const SVG = "http://www.w3.org/2000/svg";

/** The element with that id, which index.html must have. */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no element #${id}`);
  return found;
}

/** A new element: attributes by name, `text` for its text, children after. */
export function make(tag, { text, ...attributes } = {}, ...children) {
  return fill(document.createElement(tag), text, attributes, children);
}

/** The same for the elements of an SVG. */
export function makeSvg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), undefined, attributes, children);
}

/** Sets the text only if it differs: writing the same again costs a layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function fill(element, text, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}
