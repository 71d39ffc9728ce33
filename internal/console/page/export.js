// Hands lines to the browser as a file of JSON lines. They come from the page's
// own memory, so the file has exactly what the filter shows.

export function exportLines(lines, name) {
  const texts = lines.map((line) => `${JSON.stringify(line)}\n`);
  const address = URL.createObjectURL(new Blob(texts, { type: 'application/jsonl' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The download reads the blob after this function returned.
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
