// The view "Live": Qt's window, with a search over both panes.

import { get } from './api.js';
import { counts } from './counts.js';
import { byId, setNotice, setText } from './dom.js';
import { exportLines } from './export.js';
import { count, counted } from './format.js';
import { inFrame } from './frame.js';
import { LineIntake } from './line_intake.js';
import { logForClipboard, messageForClipboard } from './line_text.js';
import { logFormat } from './log_format.js';
import { messageFormat } from './message_format.js';
import { Pane } from './pane.js';
import { logTest, messageTest } from './search.js';

const historyLength = 2000;
const spokenEvery = 5000;
const typingPause = 120;

export class LiveView {
  #log = new Pane(partsOf('log'), logFormat, logForClipboard);
  #messages = new Pane(partsOf('messages'), messageFormat, messageForClipboard);
  #intake = new LineIntake({ log: this.#log, datagram: this.#messages });
  #held = null; // events of the stream until the history is there
  #writeCounts = inFrame(() => this.#showCounts());

  constructor() {
    let typing = 0;
    byId('search').addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.#filter(), typingPause);
    });
    byId('level').addEventListener('change', () => this.#filter());
    byId('show-sent').addEventListener('change', () => this.#filter());
    byId('pause').addEventListener('click', () => this.#pause());
    byId('export').addEventListener('click', () => this.#export());
    setInterval(() => this.#speak(), spokenEvery);
    this.#filter();
  }

  // The panes are laid out when they are shown; nothing else is to be done.
  show() {
    this.#log.refresh();
    this.#messages.refresh();
  }

  hide() {}

  // begin starts anew and tells why, where there is something to tell. What the
  // stream brings meanwhile is held until the history before it is there.
  async begin(reason) {
    const held = [];
    this.#held = held;
    this.#intake.start();
    this.#note(reason);
    const history = await this.#history();
    if (this.#held !== held) return;
    this.#held = null;
    this.#intake.addHistory(history, held.find((event) => event.lines.length > 0)?.lines[0].seq);
    for (const event of held) this.#intake.addFromStream(event);
    this.#writeCounts();
  }

  add(event) {
    if (this.#held) {
      this.#held.push(event);
      return;
    }
    this.#intake.addFromStream(event);
    this.#writeCounts();
  }

  async #history() {
    try {
      return (await get(`/lines?limit=${historyLength}`)).lines;
    } catch (problem) {
      this.#note(`Earlier lines cannot be had: ${problem.sentence}.`);
      return [];
    }
  }

  #note(text) {
    setNotice(byId('live-note'), text);
  }

  #filter() {
    const query = byId('search').value;
    this.#log.setTest(logTest({ query, level: byId('level').value }));
    const sent = byId('show-sent').checked;
    this.#messages.setTest(messageTest({ query, sent }), sent ? allLines : linesReceived);
    byId('count-messages').title = sent ? '' : 'Datagrams that the server sent are not counted while they are hidden.';
  }

  #pause() {
    if (this.#intake.paused) this.#intake.resume();
    else this.#intake.paused = true;
    byId('pause').setAttribute('aria-pressed', String(this.#intake.paused));
    this.#writeCounts();
  }

  #export() {
    const lines = [...this.#log.shown(), ...this.#messages.shown()].sort((a, b) => a.seq - b.seq);
    exportLines(lines, `dtlsd-${new Date().toISOString().replace(/[:.]/g, '-')}.jsonl`);
    setText(byId('live-summary'), `Exported ${counted(lines.length, 'line')}.`);
  }

  #showCounts() {
    setText(byId('pause'), this.#intake.paused ? `Resume (${count(this.#intake.waiting)} waiting)` : 'Pause');
    setText(byId('live-counts'), countsSentence());
  }

  // The panes are silent for a screen reader; this sentence now and then is what
  // it hears of them.
  #speak() {
    if (document.hidden || byId('panel-live').hidden) return;
    setText(byId('live-summary'), this.#intake.paused
      ? `Paused, ${counted(this.#intake.waiting, 'line')} waiting.`
      : `${counted(counts.received, 'line')} so far.`);
  }
}

const allLines = (ring) => ring.length;
const linesReceived = (ring) => ring.length - ring.sent;

function partsOf(id) {
  return {
    scroller: byId(id),
    follow: byId(`follow-${id}`),
    copy: byId(`copy-${id}`),
    count: byId(`count-${id}`),
    note: byId('live-summary'),
  };
}

function countsSentence() {
  return `${counted(counts.received, 'line')} received, ${count(counts.missed)} missed on the way, ` +
    `${counted(counts.hidden, 'datagram')} hidden by the console's rate limit, ` +
    `${count(counts.overwritten)} dropped from this page's memory`;
}
