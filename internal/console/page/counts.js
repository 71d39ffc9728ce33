// What the page did with the lines, in numbers since it was opened.

export const counts = {
  received: 0, // lines that reached the page, each counted once
  missed: 0, // lines that the server overwrote before this page could get them
  hidden: 0, // datagrams over the console's rate limit
  overwritten: 0, // lines that left the page's own memory to make room
  rendered: 0, // lines that were drawn
  frames: 0, // animation frames in which something was drawn
};

// The browser tests read these counts as window.dtlsdConsole; nothing can be
// set through it.
export function exposeCounts() {
  const exposed = {};
  for (const name of Object.keys(counts)) {
    Object.defineProperty(exposed, name, { enumerable: true, get: () => counts[name] });
  }
  Object.defineProperty(window, 'dtlsdConsole', { value: Object.freeze(exposed) });
}
