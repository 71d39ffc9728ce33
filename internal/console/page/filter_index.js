// Which lines of a ring a filter lets through, and how many rows each takes on
// the screen. A line is looked at once, when it is new. Only another filter or
// another width begins from the start, and that is spread over frames.

const linesBetweenLooksAtTheClock = 256;

// Browsers stop laying out somewhere above 17 million pixels.
const mostRows = 800000;

export class FilterIndex {
  #ring;
  #rowsOf;
  #test = () => true;
  #positions; // by entry: its position in the ring
  #tops; // by entry: the rows above it
  #scanned = 0; // position of the next line to look at
  #cut = -1; // position of the newest entry that made the list too tall
  first = 0; // oldest entry; entries count up and never come back
  end = 0; // entry after the newest
  rows = 0; // rows above the end, counted from a beginning that never moves

  // rowsOf(line) returns how many rows a line takes.
  constructor(ring, rowsOf) {
    this.#ring = ring;
    this.#rowsOf = rowsOf;
    this.#positions = new Float64Array(ring.capacity);
    this.#tops = new Float64Array(ring.capacity);
  }

  get length() {
    return this.end - this.first;
  }

  // Whether lines are missing at the top that the ring still has.
  get isCut() {
    return this.#cut >= this.#ring.first;
  }

  setTest(test) {
    this.#test = test;
    this.restart();
  }

  restart() {
    this.first = this.end;
    this.#cut = -1;
    this.#scanned = this.#ring.first;
  }

  // advance looks at new lines until the deadline, and returns whether it has
  // seen all.
  advance(deadline) {
    this.#scanned = Math.max(this.#scanned, this.#ring.first);
    this.#forgetOverwritten();
    while (this.#scanned < this.#ring.end) {
      const position = this.#scanned++;
      const line = this.#ring.at(position);
      if (this.#test(line)) this.#add(position, this.#rowsOf(line));
      if (position % linesBetweenLooksAtTheClock === 0 && performance.now() > deadline) return false;
    }
    return true;
  }

  #forgetOverwritten() {
    while (this.length > 0 && this.position(this.first) < this.#ring.first) this.first++;
  }

  #add(position, rows) {
    const slot = this.end % this.#positions.length;
    this.#positions[slot] = position;
    this.#tops[slot] = this.rows;
    this.end++;
    this.rows += rows;
    while (this.rows - this.top(this.first) > mostRows) this.#cut = this.position(this.first++);
  }

  line(entry) {
    return this.#ring.at(this.position(entry));
  }

  position(entry) {
    return this.#positions[entry % this.#positions.length];
  }

  top(entry) {
    return entry === this.end ? this.rows : this.#tops[entry % this.#tops.length];
  }

  // The entry in which a row lies.
  entryAtRow(row) {
    return Math.max(this.first, this.#firstWhere((entry) => this.top(entry) > row) - 1);
  }

  // The first entry at or after a position of the ring.
  entryAtPosition(position) {
    return this.#firstWhere((entry) => this.position(entry) >= position);
  }

  #firstWhere(holds) {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (holds(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
