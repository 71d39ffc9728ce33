// One of the two panes: a ring of lines, the filter over it, the list on the
// screen, and the controls in its heading.

import { copyText } from './clipboard.js';
import { setText } from './dom.js';
import { count } from './format.js';
import { FilterIndex } from './filter_index.js';
import { inFrame } from './frame.js';
import { Ring } from './ring.js';
import { VirtualList } from './virtual_list.js';

const capacity = 50000;
const budget = 64 * 1024 * 1024;
const workPerFrame = 8; // ms
const probeColumns = 100; // as in the style sheet

export class Pane {
  ring = new Ring(capacity, budget);
  #index = new FilterIndex(this.ring, (line) => this.#format.rows(line, this.#metrics.columns));
  #metrics = { rowHeight: 18, columns: 80 };
  #anchor = -1; // position of the line to return to after a new filter or width
  #format;
  #clipboardText;
  #total = (ring) => ring.length;
  #parts;
  #list;
  refresh = inFrame(() => this.#render());

  // parts are the elements of the pane; format is how a line is drawn,
  // clipboardText(line) how it is copied.
  constructor(parts, format, clipboardText) {
    this.#parts = parts;
    this.#format = format;
    this.#clipboardText = clipboardText;
    this.#list = new VirtualList(parts.scroller, this.#index, format);
    this.#list.onFollowing = (on) => { parts.follow.checked = on; };
    this.#list.onScroll = this.refresh;
    parts.follow.addEventListener('change', () => {
      this.#list.following = parts.follow.checked;
      this.refresh();
    });
    parts.copy.addEventListener('click', () => this.#copy());
    this.#watchSize();
  }

  // setTest shows the lines that pass a test, out of a total that is counted by
  // total(ring).
  setTest(test, total = this.#total) {
    this.#total = total;
    this.#keepPlace();
    this.#index.setTest(test);
    this.#list.forget();
    this.refresh();
  }

  clear() {
    this.ring.clear();
    this.#index.restart();
    this.#list.forget();
    this.refresh();
  }

  // shown returns the lines that the filter lets through, oldest first.
  shown() {
    this.#index.advance(Infinity);
    return Array.from({ length: this.#index.length }, (_, i) => this.#index.line(this.#index.first + i));
  }

  #render() {
    const done = this.#index.advance(performance.now() + workPerFrame);
    if (done) this.#returnToPlace();
    this.#list.draw(this.#metrics);
    this.#writeCount();
    return !done;
  }

  #writeCount() {
    const shown = this.#index.length;
    const all = this.#total(this.ring);
    const cut = this.#index.isCut ? ', the newest' : '';
    setText(this.#parts.count, shown === all ? count(all) : `${count(shown)} of ${count(all)}${cut}`);
  }

  #keepPlace() {
    if (this.#list.following || this.#index.length === 0 || this.#anchor >= 0) return;
    this.#anchor = this.#index.position(this.#list.topEntry(this.#metrics.rowHeight));
  }

  #returnToPlace() {
    if (this.#anchor < 0) return;
    this.#list.scrollToEntry(this.#index.entryAtPosition(this.#anchor), this.#metrics.rowHeight);
    this.#anchor = -1;
  }

  // The width of a character is measured, because the font is the reader's own.
  #watchSize() {
    const probe = document.createElement('span');
    probe.className = 'probe';
    probe.setAttribute('aria-hidden', 'true');
    this.#parts.scroller.append(probe);
    const observer = new ResizeObserver(() => this.#measure(probe));
    observer.observe(probe);
    observer.observe(this.#parts.scroller);
  }

  #measure(probe) {
    const box = probe.getBoundingClientRect();
    const width = this.#parts.scroller.clientWidth - 2 * probe.offsetLeft;
    if (box.width === 0 || width <= 0) return;
    const columns = Math.max(24, Math.floor(width / (box.width / probeColumns)));
    if (columns !== this.#metrics.columns || box.height !== this.#metrics.rowHeight) {
      this.#keepPlace();
      this.#metrics = { rowHeight: box.height, columns };
      this.#index.restart();
      this.#list.forget();
    }
    this.refresh();
  }

  async #copy() {
    const selection = selectedWithin(this.#parts.scroller);
    const lines = selection ? [] : this.shown();
    const copied = await copyText(selection || lines.map(this.#clipboardText).join('\n'));
    const what = selection ? 'the selection' : `${count(lines.length)} shown`;
    setText(this.#parts.note, copied ? `Copied ${what}.` : 'The browser refuses the clipboard to this page.');
  }
}

function selectedWithin(node) {
  const selection = getSelection();
  if (selection.isCollapsed || !node.contains(selection.anchorNode)) return '';
  return selection.toString();
}
