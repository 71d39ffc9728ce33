// The only way in which this page puts text into the document. Nothing here
// parses markup, and every text passes through visible().

import { visible } from './visible.js';

export function byId(id) {
  return document.getElementById(id);
}

export function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    setAttribute(node, name, value);
  }
  node.append(...children.filter((child) => child !== null).map(shown));
  return node;
}

// setAttribute knows three kinds of values: a listener, a switch and a text.
function setAttribute(node, name, value) {
  if (typeof value === 'function') {
    node.addEventListener(name, value);
  } else if (typeof value === 'boolean') {
    node.toggleAttribute(name, value);
  } else {
    node.setAttribute(name, visible(String(value)));
  }
}

function shown(child) {
  return child instanceof Node ? child : visible(String(child));
}

// setText leaves a node alone whose text stays the same: a selection in it
// survives, and a screen reader does not hear it again.
export function setText(node, text) {
  const wanted = visible(String(text));
  if (node.textContent !== wanted) node.textContent = wanted;
}

// setNotice shows a sentence in a place that is hidden while there is none.
export function setNotice(node, sentence) {
  setText(node, sentence);
  setHidden(node, sentence === '');
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}
