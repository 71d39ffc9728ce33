// What came from the network may hold terminal escapes, line breaks that forge a
// second entry, or bidirectional controls that turn a text around. They are
// shown as escapes, so that what is read is what was sent.

const plain = /^[\x20-\x7e]*$/;
const unprintable = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

export function visible(text) {
  return plain.test(text) ? text : text.replace(unprintable, escaped);
}

function escaped(character) {
  const code = character.codePointAt(0);
  const hex = code.toString(16);
  return code <= 0xff ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}
