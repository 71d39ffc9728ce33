// The view "Handshakes": the list of the last ones, each with its outcome and
// what went wrong, and one of them as a sequence in time.

import { get } from './api.js';
import { ofThisBoot } from './boot.js';
import { byId, make, setHidden, setNotice, setText } from './dom.js';
import { count, millis, timeWithMillis } from './format.js';
import { inFrame } from './frame.js';
import { rememberIdentity } from './identities.js';
import { drawSequence } from './sequence_diagram.js';

const atMost = 256;
const traceAtMostEvery = 250;

export class HandshakesView {
  #handshakes = []; // newest first
  #groups = new Map(); // of rows, by id, so that the focus survives a change
  #selected = '';
  #active = false;
  #resting = false; // a trace was asked for a moment ago
  #stale = false; // there is a newer one since
  #redraw = inFrame(() => this.#drawList());

  constructor() {
    for (const id of ['handshakes-filter', 'handshakes-outcome', 'handshakes-hold']) {
      byId(id).addEventListener('input', this.#redraw);
    }
  }

  show(id) {
    this.#active = true;
    this.#select(/^\d+$/.test(id) ? id : '');
    this.#redraw();
  }

  #select(id) {
    if (id === this.#selected) return;
    this.#selected = id;
    setHidden(byId('trace'), id === '');
    byId('trace-steps').replaceChildren();
    setNotice(byId('handshakes-note'), '');
    this.#loadTrace();
  }

  // restart forgets all: their numbers are those of other handshakes now. The
  // address with the number is not one to come back to.
  restart() {
    this.#handshakes = [];
    this.#groups = new Map();
    byId('handshakes-hold').checked = false;
    this.#redraw();
    const gone = this.#selected;
    if (gone === '') return;
    if (location.hash === `#handshakes/${gone}`) location.replace('#handshakes');
    this.#select('');
    if (this.#active) setNotice(byId('handshakes-note'), `The server was restarted: handshake ${gone} is gone.`);
  }

  hide() {
    this.#active = false;
    setNotice(byId('handshakes-note'), '');
  }

  // change takes summaries that are new or differ from before. A stream begins with
  // all that there are.
  change(summaries) {
    const changed = new Map(summaries.map((summary) => [summary.id, summary]));
    for (const summary of summaries) rememberIdentity(summary.session, summary.identity);
    const old = this.#handshakes.map((known) => take(changed, known.id) ?? known);
    const fresh = [...changed.values()].sort((a, b) => b.id - a.id);
    this.#handshakes = [...fresh, ...old].slice(0, atMost);
    if (!this.#active) return;
    this.#redraw();
    if (summaries.some((summary) => String(summary.id) === this.#selected)) this.#loadTrace();
  }

  #drawList() {
    if (!this.#active) return;
    const held = byId('handshakes-hold').checked;
    const shown = this.#handshakes.filter((handshake) => this.#passes(handshake) && (!held || this.#groups.has(handshake.id)));
    this.#groups = new Map(shown.map((handshake) => {
      const group = this.#groups.get(handshake.id) ?? makeGroup(handshake);
      fillGroup(group, handshake, String(handshake.id) === this.#selected);
      return [handshake.id, group];
    }));
    placeAfter(byId('handshakes-head'), [...this.#groups.values()]);
    setText(byId('handshakes-count'), `${count(shown.length)} of the last ${count(this.#handshakes.length)}`);
    setHidden(byId('handshakes-empty'), shown.length > 0);
  }

  #passes(handshake) {
    const outcome = byId('handshakes-outcome').value;
    if (outcome === 'bad' ? !wentWrong(handshake) : outcome !== '' && handshake.outcome !== outcome) return false;
    const text = byId('handshakes-filter').value.trim().toLowerCase();
    return [handshake.peer, handshake.identity ?? '', handshake.explanation ?? ''].some((part) => part.toLowerCase().includes(text));
  }

  // A running handshake changes often; its trace is asked for now and then, and
  // once more after the last change.
  #loadTrace() {
    this.#stale = true;
    if (this.#resting || this.#selected === '') return;
    this.#stale = false;
    this.#resting = true;
    setTimeout(() => {
      this.#resting = false;
      if (this.#stale) this.#loadTrace();
    }, traceAtMostEvery);
    this.#drawTrace(this.#selected);
  }

  async #drawTrace(id) {
    try {
      const trace = await get(ofThisBoot(`/handshakes/${id}`));
      if (id === this.#selected) drawTrace(trace);
    } catch (problem) {
      if (id !== this.#selected) return;
      setText(byId('trace-title'), `Handshake ${id}`);
      setText(byId('trace-outcome'), '');
      setNotice(byId('trace-explanation'), problem.sentence);
    }
  }
}

function take(map, key) {
  const value = map.get(key);
  map.delete(key);
  return value;
}

// placeAfter moves only what is out of place: a moved element loses the focus.
function placeAfter(head, groups) {
  let before = head;
  for (const group of groups) {
    if (before.nextElementSibling !== group) before.after(group);
    before = group;
  }
  while (before.nextElementSibling) before.nextElementSibling.remove();
}

function makeGroup({ id }) {
  return make('tbody', { class: 'handshake', 'data-handshake': id },
    make('tr', {},
      make('td', {}, make('a', { href: `#handshakes/${Number(id)}` })),
      make('td'), make('td', {}, make('span', { class: 'outcome' })),
      make('td', { class: 'number' }), make('td', { class: 'number' }), make('td')),
    make('tr', {}, make('td', { colspan: 6, class: 'explanation' })));
}

function fillGroup(group, handshake, selected) {
  const [facts, why] = group.children;
  const [peer, identity, outcome, elapsed, steps, started] = facts.children;
  group.classList.toggle('selected', selected);
  if (selected) peer.firstChild.setAttribute('aria-current', 'true');
  else peer.firstChild.removeAttribute('aria-current');
  setText(peer.firstChild, handshake.peer);
  setText(identity, handshake.identity ?? '');
  setText(outcome.firstChild, handshake.outcome);
  outcome.firstChild.className = `outcome ${classOf(handshake.outcome)}`;
  setText(elapsed, millis(handshake.elapsed_ms));
  setText(steps, handshake.steps);
  setText(started, timeWithMillis(handshake.started));
  setText(why.firstChild, handshake.explanation ?? '');
  setHidden(why, !handshake.explanation);
}

// The explanation is there as soon as something is wrong, long before a handshake
// ends, and also where it came right in the end.
function wentWrong({ outcome, explanation }) {
  return Boolean(explanation) || (outcome !== 'established' && outcome !== 'running');
}

const outcomes = new Set(['running', 'established', 'failed', 'unanswered', 'garbage']);

function classOf(outcome) {
  return outcomes.has(outcome) ? outcome : '';
}

function drawTrace(trace) {
  const who = trace.identity ? `${trace.peer}, ${trace.identity}` : trace.peer;
  setText(byId('trace-title'), `Handshake ${trace.id} with ${who}`);
  setText(byId('trace-outcome'), `${trace.outcome} after ${millis(trace.elapsed_ms)}`);
  byId('trace-outcome').className = `outcome ${classOf(trace.outcome)}`;
  setNotice(byId('trace-explanation'), trace.explanation ?? '');
  setHidden(byId('trace-truncated'), !trace.truncated);
  drawSequence(byId('trace-steps'), trace);
}
