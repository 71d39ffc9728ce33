// What a line must be like to be shown. Without a condition there is no test to
// run, and no lower-case copy of any text is made.

import { includesBytes, normalised } from './hex.js';
import { identityOf } from './identities.js';
import { logText, plaintextOf } from './line_text.js';

const searched = Symbol('lower case');

const levelsFrom = {
  info: new Set(['info', 'warning', 'error']),
  warning: new Set(['warning', 'error']),
  error: new Set(['error']),
};

const everything = () => true;

export function logTest({ query, level }) {
  const levels = levelsFrom[level];
  const found = queryTest(query);
  if (level === 'info') return found;
  return (line) => levels.has(line.level) && found(line);
}

export function messageTest({ query, sent }) {
  const found = queryTest(query);
  if (sent) return found;
  return (line) => !line.sent && found(line);
}

function queryTest(query) {
  const text = query.trim().toLowerCase();
  if (text === '') return everything;
  const digits = normalised(text);
  return (line) => textOf(line).includes(text) || (digits !== null && hasBytes(line, digits));
}

function textOf(line) {
  line[searched] ??= parts(line).join('\n').toLowerCase();
  return line[searched];
}

function parts(line) {
  const content = line.type === 'log' ? logText(line) : plaintextOf(line) ?? '';
  return [content, line.peer ?? '', identityOf(line.session)];
}

function hasBytes(line, digits) {
  return includesBytes(line.ciphertext ?? '', digits) || includesBytes(line.plaintext ?? '', digits);
}
