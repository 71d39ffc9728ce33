// A datagram in the pane "Received messages", as the block that Qt prints.

import { make } from './dom.js';
import { contentOf, cutOff, dashes, headingOf } from './line_text.js';
import { timeWithMillis } from './format.js';
import { wrap } from './wrap.js';

const fixedRows = 5; // blank, dashes, heading, and the titles of both contents

export const messageFormat = {
  rows(line, columns) {
    return fixedRows + datagramRows(line, columns) + content(contentOf(line, 'plaintext'), columns).length;
  },

  make() {
    return make('div', { class: 'block' }, make('span', { class: 'when' }), make('span'));
  },

  fill(node, line, columns) {
    const [when, text] = node.children;
    node.className = line.sent ? 'block sent' : 'block';
    when.textContent = `${timeWithMillis(line.time)}${line.session === undefined ? '' : `  session ${line.session}`}`;
    text.textContent = [
      '',
      dashes,
      headingOf(line),
      'DTLS datagram:',
      ...content(contentOf(line, 'ciphertext'), columns),
      'As plain text:',
      ...content(contentOf(line, 'plaintext'), columns),
    ].join('\n');
  },
};

function content(text, columns) {
  return wrap(text, columns - 1, columns - 1).map((row) => ` ${row}`);
}

// Rows of nothing but hex are counted without writing the hex: this happens for
// every datagram, and most are never drawn.
function datagramRows(line, columns) {
  const hex = line.ciphertext;
  if (hex === undefined || cutOff(hex, line.ciphertext_size) !== '') {
    return content(contentOf(line, 'ciphertext'), columns).length;
  }
  const bytesInRow = Math.floor(columns / 3);
  return Math.max(1, Math.ceil(hex.length / 2 / bytesInRow));
}
