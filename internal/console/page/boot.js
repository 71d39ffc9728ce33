// Which run of the server the page shows. Sessions and handshakes are numbered
// from 1 in each run, so whatever concerns one of them says which run it means,
// and the server refuses (412) when that is over.

let current = '';
const restarts = new EventTarget();

// onRestart is told when the server is another run than before.
export function onRestart(listener) {
  restarts.addEventListener('restart', listener);
}

export function meetBoot(boot) {
  if (boot === current) return;
  const before = current;
  current = boot;
  if (before !== '') restarts.dispatchEvent(new Event('restart'));
}

// ofThisBoot adds the run to a path. There is none to add before the first status
// has come.
export function ofThisBoot(path) {
  return current === '' ? path : `${path}?boot=${encodeURIComponent(current)}`;
}
