// Takes lines from the event stream and from the history, each once, and passes
// them to the pane they belong to, or keeps them while the panes are paused.

import { counts } from './counts.js';
import { Ring } from './ring.js';

const waitingAtMost = 50000;
const waitingBudget = 64 * 1024 * 1024;

export class LineIntake {
  #panes; // by type of line
  #waiting = new Ring(waitingAtMost, waitingBudget);
  #lastSeq = 0;
  #historyFrom = 0; // seq of the oldest line of a history just shown, or 0
  paused = false;

  constructor(panes) {
    this.#panes = panes;
  }

  get waiting() {
    return this.#waiting.length;
  }

  // start forgets all: another server, or a stream with a hole.
  start() {
    this.#waiting.clear();
    this.#clearPanes();
    this.#lastSeq = 0;
    this.#historyFrom = 0;
  }

  // addHistory shows what happened before the line with which the stream began,
  // where that is known.
  addHistory(lines, streamFrom = Infinity) {
    const earlier = lines.filter((line) => line.seq < streamFrom);
    this.#take(earlier);
    this.#historyFrom = earlier[0]?.seq ?? 0;
  }

  addFromStream({ lines, missed = 0, hidden = 0 }) {
    counts.missed += missed;
    counts.hidden += hidden;
    if (lines.length > 0 && lines[0].seq < this.#historyFrom) this.#replaceHistory();
    this.#historyFrom = 0;
    this.#take(lines);
  }

  // A short history may begin after the stream did. The stream has the lines
  // between, so it is the one to keep.
  #replaceHistory() {
    counts.received -= this.#panes.log.ring.length + this.#panes.datagram.ring.length + this.#waiting.length;
    this.start();
  }

  resume() {
    this.paused = false;
    const waiting = this.#waiting;
    for (let position = waiting.first; position < waiting.end; position++) this.#show(waiting.at(position));
    waiting.clear();
    this.#refreshPanes();
  }

  #take(lines) {
    for (const line of lines) {
      if (line.seq <= this.#lastSeq) continue;
      this.#lastSeq = line.seq;
      counts.received++;
      if (this.paused) counts.overwritten += this.#waiting.push(line);
      else this.#show(line);
    }
    if (!this.paused) this.#refreshPanes();
  }

  #show(line) {
    const pane = this.#panes[line.type];
    if (pane) counts.overwritten += pane.ring.push(line);
  }

  #clearPanes() {
    for (const pane of Object.values(this.#panes)) pane.clear();
  }

  #refreshPanes() {
    for (const pane of Object.values(this.#panes)) pane.refresh();
  }
}
