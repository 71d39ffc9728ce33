// Everything that changes the document often goes through one animation frame:
// however many events arrive, there is one update a frame, and none while the
// tab is hidden.

import { counts } from './counts.js';

const waiting = new Set();
let asked = false;

// inFrame returns a function that asks for render to be called in the next
// frame. Where render returns true it is called in the one after that, too.
export function inFrame(render) {
  return function request() {
    waiting.add(render);
    ask();
  };
}

function ask() {
  if (asked || document.hidden) return;
  asked = true;
  requestAnimationFrame(draw);
}

function draw() {
  asked = false;
  counts.frames++;
  const renders = [...waiting];
  waiting.clear();
  for (const render of renders) {
    if (render()) waiting.add(render);
  }
  if (waiting.size > 0) ask();
}

document.addEventListener('visibilitychange', () => {
  if (waiting.size > 0) ask();
});
