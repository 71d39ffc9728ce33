// Bytes as hexadecimal digits: as the server sends them, as Qt prints them, as a
// person types them, and as text.

import { visible } from './visible.js';

export function spaced(hex) {
  return hex.replace(/..(?=.)/g, '$& ');
}

// normalised returns the digits of what a person typed, or null when it is not hex.
export function normalised(typed) {
  const digits = typed.replace(/[\s:]|0x/gi, '').toLowerCase();
  return /^[0-9a-f]+$/.test(digits) ? digits : null;
}

// includesBytes finds digits at the border of a byte only.
export function includesBytes(hex, digits) {
  let at = hex.indexOf(digits);
  while (at >= 0 && at % 2 === 1) at = hex.indexOf(digits, at + 1);
  return at >= 0;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// asText shows bytes as UTF-8, and those that are not UTF-8 as \xNN.
export function asText(hex) {
  const bytes = bytesOf(hex);
  try {
    return visible(utf8.decode(bytes));
  } catch {
    return piecewise(bytes);
  }
}

function bytesOf(hex) {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(hex.charCodeAt(2 * i)) << 4) | digit(hex.charCodeAt(2 * i + 1));
  }
  return bytes;
}

function digit(code) {
  return code < 0x3a ? code - 0x30 : (code | 0x20) - 0x57;
}

function piecewise(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length;) {
    const length = sequenceLength(bytes[i]);
    try {
      text += visible(utf8.decode(bytes.subarray(i, i + length)));
      i += length;
    } catch {
      text += `\\x${bytes[i].toString(16).padStart(2, '0')}`;
      i++;
    }
  }
  return text;
}

function sequenceLength(lead) {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}
