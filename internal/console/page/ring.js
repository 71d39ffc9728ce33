// A ring of lines: it holds the newest ones, at most so many and at most so many
// characters. Positions count from 0 and never come back, so that others can
// remember one and see later whether it is still there.

export class Ring {
  #slots;
  #budget;
  #characters = 0;
  first = 0; // position of the oldest line
  end = 0; // position after the newest line
  sent = 0; // how many of the lines are datagrams that the server sent

  constructor(capacity, budget) {
    this.#slots = new Array(capacity).fill(null);
    this.#budget = budget;
  }

  get capacity() {
    return this.#slots.length;
  }

  get length() {
    return this.end - this.first;
  }

  at(position) {
    return this.#slots[position % this.#slots.length];
  }

  // push returns how many lines made room for this one.
  push(line) {
    const before = this.first;
    if (this.length === this.capacity) this.#drop();
    this.#characters += weight(line);
    this.sent += line.sent ? 1 : 0;
    this.#slots[this.end % this.capacity] = line;
    this.end++;
    while (this.#characters > this.#budget && this.length > 1) this.#drop();
    return this.first - before;
  }

  clear() {
    while (this.length > 0) this.#drop();
  }

  #drop() {
    const slot = this.first % this.capacity;
    this.#characters -= weight(this.#slots[slot]);
    this.sent -= this.#slots[slot].sent ? 1 : 0;
    this.#slots[slot] = null;
    this.first++;
  }
}

// Plaintext counts twice more: its readable form is kept, and for a search its
// lower case.
function weight(line) {
  return 200 + (line.text?.length ?? 0) + (line.ciphertext?.length ?? 0) + 2 * (line.plaintext?.length ?? 0);
}
