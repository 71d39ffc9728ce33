// Shows the part of a FilterIndex that is in view. Only these lines are in the
// document; a spacer has the height of all. Rows have one height, and the text
// was wrapped to the width before, so where a line lies is arithmetic.

import { counts } from './counts.js';

const spareRows = 4;

export class VirtualList {
  #scroller;
  #spacer = document.createElement('div');
  #window = document.createElement('div');
  #index;
  #format;
  #nodes = []; // of the entries #from, #from + 1, ...
  #from = 0;
  #base = 0; // rows above the oldest line when last drawn
  #lastTop = 0;
  #following = true;
  onFollowing = () => {}; // told when scrolling changes whether the end is followed
  onScroll = () => {}; // told that something else may be in view

  // format.make() returns a node, format.fill(node, line, columns) puts a line
  // into it. measure has rowHeight and columns.
  constructor(scroller, index, format) {
    this.#scroller = scroller;
    this.#index = index;
    this.#format = format;
    this.#spacer.className = 'spacer';
    this.#window.className = 'window';
    this.#spacer.append(this.#window);
    scroller.append(this.#spacer);
    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    scroller.addEventListener('wheel', (event) => event.deltaY < 0 && this.#leaveEnd(), { passive: true });
    scroller.addEventListener('keydown', (event) => movesUp.has(event.key) && this.#leaveEnd());
  }

  get following() {
    return this.#following;
  }

  set following(on) {
    this.#following = on;
  }

  // The entry at the top of what is in view.
  topEntry(rowHeight) {
    return this.#index.entryAtRow(this.#base + Math.floor(this.#scroller.scrollTop / rowHeight));
  }

  // forget makes the next draw fill every node anew.
  forget() {
    this.#window.replaceChildren();
    this.#nodes = [];
  }

  draw({ rowHeight, columns }) {
    const index = this.#index;
    const base = index.length > 0 ? index.top(index.first) : index.rows;
    const top = this.#place(base, rowHeight);
    const firstRow = base + Math.floor(top / rowHeight);
    const rowsInView = Math.ceil(this.#scroller.clientHeight / rowHeight);
    const from = index.entryAtRow(firstRow - spareRows);
    const until = Math.min(index.end, index.entryAtRow(firstRow + rowsInView + spareRows) + 1);
    this.#fill(from, Math.max(from, until), columns);
    const offset = from < index.end ? (index.top(from) - base) * rowHeight : 0;
    this.#window.style.transform = `translateY(${offset}px)`;
  }

  // place sets the height of the whole and returns where the view begins. Lines
  // that left at the top must not move those in view.
  #place(base, rowHeight) {
    const height = (this.#index.rows - base) * rowHeight;
    const gone = (base - this.#base) * rowHeight;
    this.#base = base;
    this.#spacer.style.height = `${height}px`;
    const end = Math.max(0, this.#spacer.offsetTop + height - this.#scroller.clientHeight);
    const before = this.#scroller.scrollTop;
    const top = this.#following ? end : Math.min(end, Math.max(0, before - gone));
    if (Math.abs(top - before) >= 1) this.#scroller.scrollTop = top;
    this.#lastTop = top;
    return top;
  }

  // scrollToEntry puts an entry at the top of the view.
  scrollToEntry(entry, rowHeight) {
    this.#base = this.#index.length > 0 ? this.#index.top(this.#index.first) : this.#index.rows;
    this.#spacer.style.height = `${(this.#index.rows - this.#base) * rowHeight}px`;
    this.#scroller.scrollTop = (this.#index.top(entry) - this.#base) * rowHeight;
  }

  #fill(from, until, columns) {
    const keepFrom = Math.max(from, this.#from);
    const keepUntil = Math.min(until, this.#from + this.#nodes.length);
    const kept = keepFrom < keepUntil ? this.#nodes.slice(keepFrom - this.#from, keepUntil - this.#from) : [];
    const keeps = new Set(kept);
    const free = this.#nodes.filter((node) => !keeps.has(node));
    const before = kept.length > 0 ? keepFrom : until;
    const take = (entry) => this.#filled(free.pop(), entry, columns);
    const above = range(from, before).map(take);
    const below = range(before + kept.length, until).map(take);
    for (const node of free) node.remove();
    this.#window.prepend(...above);
    this.#window.append(...below);
    this.#nodes = [...above, ...kept, ...below];
    this.#from = from;
  }

  #filled(node, entry, columns) {
    counts.rendered++;
    const used = node ?? this.#format.make();
    this.#format.fill(used, this.#index.line(entry), columns);
    return used;
  }

  #scrolled() {
    const scroller = this.#scroller;
    const atEnd = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 2;
    if (scroller.scrollTop < this.#lastTop - 2 && !atEnd) this.#leaveEnd();
    else if (atEnd && scroller.scrollTop > this.#lastTop + 2) this.#follow(true);
    this.#lastTop = scroller.scrollTop;
    this.onScroll();
  }

  #leaveEnd() {
    if (this.#scroller.scrollHeight > this.#scroller.clientHeight) this.#follow(false);
  }

  #follow(on) {
    if (on === this.#following) return;
    this.#following = on;
    this.onFollowing(on);
  }
}

const movesUp = new Set(['ArrowUp', 'PageUp', 'Home']);

function range(from, until) {
  return Array.from({ length: Math.max(0, until - from) }, (_, i) => from + i);
}
