// Breaks a text into rows of so many columns of a fixed-width font, at blanks
// where there are any. The lists need the number of rows before a text is in
// the document, which rules out the browser's own line breaking.

const narrow = /^[\x20-\x7e]*$/;

// The first row has fewer columns where something stands before the text.
export function wrap(text, firstColumns, columns) {
  return narrow.test(text) ? wrapNarrow(text, firstColumns, columns) : wrapWide(text, firstColumns, columns);
}

function wrapNarrow(text, firstColumns, columns) {
  const rows = [];
  let start = 0;
  let width = firstColumns;
  while (text.length - start > width) {
    const blank = text.lastIndexOf(' ', start + width);
    const cut = blank > start ? blank : start + width;
    rows.push(text.slice(start, cut));
    start = blank > start ? cut + 1 : cut;
    width = columns;
  }
  rows.push(text.slice(start));
  return rows;
}

// Other scripts may take two columns a character; where a blank would be a good
// place is not known for all of them, so any place is.
function wrapWide(text, firstColumns, columns) {
  const rows = [];
  let row = '';
  let left = firstColumns;
  for (const character of text) {
    const width = character.codePointAt(0) < 0x1100 ? 1 : 2;
    if (width > left) {
      rows.push(row);
      row = '';
      left = columns;
    }
    row += character;
    left -= width;
  }
  rows.push(row);
  return rows;
}
