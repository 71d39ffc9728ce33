// A line of the pane "DTLS server info": time, level and text, in Qt's colours.

import { make } from './dom.js';
import { levelOf, logText } from './line_text.js';
import { timeOfDay, timeWithMillis } from './format.js';
import { wrap } from './wrap.js';

const levelColumns = 8;

export const logFormat = {
  rows: (line, columns) => wrapped(line, layout(columns), columns).length,

  make() {
    return make('div', { class: 'line' }, make('span', { class: 'time' }), make('span', { class: 'level' }), make('span'));
  },

  fill(node, line, columns) {
    const { timeColumns, hang, clock } = layout(columns);
    const [time, level, text] = node.children;
    const word = levelOf(line);
    node.className = `line ${word}`;
    time.textContent = clock(line.time).padEnd(timeColumns);
    level.textContent = word.padEnd(levelColumns);
    text.textContent = wrapped(line, layout(columns), columns).join(`\n${' '.repeat(hang)}`);
  },
};

// On a narrow screen the text goes on under the time, on a wide one under itself.
function layout(columns) {
  return columns < 64
    ? { timeColumns: 9, hang: 2, clock: timeOfDay }
    : { timeColumns: 13, hang: 13 + levelColumns, clock: timeWithMillis };
}

function wrapped(line, { timeColumns, hang }, columns) {
  return wrap(logText(line), Math.max(8, columns - timeColumns - levelColumns), Math.max(8, columns - hang));
}
