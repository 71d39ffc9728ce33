// The readable text of a line: what the panes show, the search looks through and
// the clipboard gets. What is costly is kept with the line.

import { asText, spaced } from './hex.js';
import { timeWithMillis } from './format.js';
import { visible } from './visible.js';

// Kept under a symbol, which no export writes.
const readable = Symbol('plaintext as text');

export function plaintextOf(line) {
  if (line.plaintext === undefined) return null;
  line[readable] ??= asText(line.plaintext);
  return line[readable];
}

// The level as a word. Qt shows a shutdown in the colour of errors although it is
// none, so it has a word of its own.
export function levelOf(line) {
  return line.kind === 'shutdown' ? 'closed' : line.level;
}

export function logText(line) {
  return visible(line.text);
}

export function headingOf(line) {
  return `${line.sent ? 'Sent to' : 'A message from'} (${line.peer ?? 'unknown'})`;
}

export const dashes = '---------------';

// A content of a datagram, "ciphertext" or "plaintext", as text; where the server
// hides it, its size.
export function contentOf(line, which) {
  const hex = line[which];
  const size = line[`${which}_size`];
  if (hex === undefined) return sizeOnly(size);
  return (which === 'ciphertext' ? spaced(hex) : plaintextOf(line)) + cutOff(hex, size);
}

function sizeOnly(size) {
  return `${size ?? 0} bytes, not shown`;
}

// What follows a content that the server cut off.
export function cutOff(hex, size) {
  const shown = hex.length / 2;
  return size > shown ? ` ... (${shown} of ${size} bytes)` : '';
}

export function logForClipboard(line) {
  return `${timeWithMillis(line.time)} ${levelOf(line)} ${logText(line)}`;
}

export function messageForClipboard(line) {
  const datagram = contentOf(line, 'ciphertext');
  const plaintext = contentOf(line, 'plaintext');
  return ['', dashes, headingOf(line), 'DTLS datagram:', ` ${datagram}`, 'As plain text:', ` ${plaintext}`].join('\n');
}
