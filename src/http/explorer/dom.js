// Builds the page. Text always stays text: nothing here parses markup, and nothing sets a style.

const SVG = "http://www.w3.org/2000/svg";

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
};

/** An HTML element: h("p", { class: "note" }, "text", element, …). */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** An SVG element. */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

const key = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null);

const fits = (old, fresh) => old.nodeName === fresh.nodeName && key(old) === key(fresh);

/**
 * Makes `old` look like `fresh`, but keeps the elements that are in both, so that focus, selection and open details survive an update.
 * Children with a data-key are matched by it, all others by position.
 */
export const morph = (old, fresh) => {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // The reader opened it, so it stays open.
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphChildren(old, [...fresh.childNodes]);
};

/** The same for the children of an element. */
export const morphChildren = (parent, fresh) => {
  const keyed = new Map();
  for (const child of parent.childNodes) if (key(child) !== null) keyed.set(key(child), child);
  let at = parent.firstChild;
  for (const child of fresh) {
    const named = key(child) === null ? null : keyed.get(key(child));
    let same = named ?? null;
    if (!same && at && key(child) === null && fits(at, child)) same = at;
    if (!same || !fits(same, child)) {
      parent.insertBefore(child, at);
      continue;
    }
    if (same === at) at = at.nextSibling;
    else parent.insertBefore(same, at);
    morph(same, child);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
};
