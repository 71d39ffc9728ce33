// The view "Sessions": a table that the server sorts, filters and cuts into
// pages, the sessions that ended, and one session in detail.

import { get, remove } from './api.js';
import { ofThisBoot } from './boot.js';
import { ClosedSessions } from './closed_sessions.js';
import { byId, make, setHidden, setNotice, setText } from './dom.js';
import { count, counted } from './format.js';
import { rememberIdentity } from './identities.js';
import { SessionDetail } from './session_detail.js';
import { columns } from './session_columns.js';

const usualRefresh = 1000;
const typingPause = 200;

export class SessionsView {
  #detail = new SessionDetail();
  #closed = new ClosedSessions();
  #rows = new Map(); // by id, so that focus and selection survive a refresh
  #sort = '-received';
  #offset = 0;
  #timer = 0;
  #asked = 0; // counts requests: only the newest answer is shown
  #active = false;
  #usable = true; // what is shown is what the server has, so it can be acted on

  constructor() {
    this.#makeHead();
    let typing = 0;
    byId('sessions-filter').addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.#turnTo(0), typingPause);
    });
    byId('sessions-limit').addEventListener('change', () => this.#turnTo(0));
    byId('sessions-previous').addEventListener('click', () => this.#turnTo(this.#offset - this.#limit));
    byId('sessions-next').addEventListener('click', () => this.#turnTo(this.#offset + this.#limit));
    document.addEventListener('visibilitychange', () => this.#active && !document.hidden && this.#refresh());
  }

  show(id) {
    this.#active = true;
    if (this.#detail.open(id)) this.#note('');
    this.#refresh();
  }

  hide() {
    this.#active = false;
    this.#note('');
    clearTimeout(this.#timer);
  }

  setConnected(connected) {
    this.#setUsable(connected);
    this.#detail.setConnected(connected);
  }

  #setUsable(on) {
    this.#usable = on;
    for (const row of this.#rows.values()) actionOf(row).disabled = !on;
  }

  // restart forgets what has a number: it is that of another session now.
  restart() {
    this.#rows = new Map();
    byId('sessions-body').replaceChildren();
    const gone = this.#detail.restart();
    if (!this.#active) return;
    this.#refresh();
    if (gone !== '') this.#note(`The server was restarted: session ${gone} is gone.`);
  }

  setStatus(status) {
    this.#detail.setCaptures(status.captures);
  }

  get #limit() {
    return Number(byId('sessions-limit').value);
  }

  #turnTo(offset) {
    this.#offset = Math.max(0, offset);
    this.#refresh();
  }

  async #refresh() {
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    let after = usualRefresh;
    try {
      const page = await get(`/sessions?${this.#query()}`);
      if (asked !== this.#asked) return;
      this.#draw(page);
      after = page.refresh_after_ms ?? usualRefresh;
      await Promise.all([this.#closed.refresh(), this.#detail.refresh()]);
      this.#complain('');
    } catch (problem) {
      this.#complain(problem.sentence);
    }
    if (this.#active && !document.hidden && asked === this.#asked) {
      this.#timer = setTimeout(() => this.#refresh(), after);
    }
  }

  #query() {
    return new URLSearchParams({
      filter: byId('sessions-filter').value,
      sort: this.#sort,
      offset: this.#offset,
      limit: this.#limit,
    });
  }

  #draw(page) {
    const kept = new Map();
    const rows = page.sessions.map((session) => {
      rememberIdentity(session.id, session.identity);
      const row = this.#rows.get(session.id) ?? this.#makeRow(session);
      kept.set(session.id, row);
      fillRow(row, session);
      actionOf(row).disabled = !this.#usable;
      return row;
    });
    this.#rows = kept;
    placeRows(byId('sessions-body'), rows);
    setText(byId('sessions-empty'), page.total === 0 ? 'No client is connected.' : 'No session matches.');
    setHidden(byId('sessions-empty'), rows.length > 0);
    this.#writePage(page);
  }

  #writePage({ total, matched, sessions }) {
    const from = sessions.length === 0 ? 0 : this.#offset + 1;
    const range = `${count(from)} to ${count(this.#offset + sessions.length)} of ${count(matched)}`;
    setText(byId('sessions-range'), matched === total ? range : `${range} that match, ${counted(total, 'session')} in all`);
    byId('sessions-previous').disabled = this.#offset === 0;
    byId('sessions-next').disabled = this.#offset + sessions.length >= matched;
    if (sessions.length === 0 && this.#offset > 0) {
      this.#turnTo(Math.floor(Math.max(0, matched - 1) / this.#limit) * this.#limit);
    }
  }

  #makeHead() {
    const heads = columns.map((column) => make('th', { scope: 'col', class: column.number ? 'number' : '' },
      column.sort ? make('button', { type: 'button', class: 'sort', click: () => this.#sortBy(column) }, column.title) : column.title));
    byId('sessions-head').replaceChildren(...heads, make('th', { scope: 'col' }, 'Action'));
    this.#markSorted();
  }

  #sortBy({ sort, number }) {
    const first = number ? `-${sort}` : sort;
    const second = number ? sort : `-${sort}`;
    this.#sort = this.#sort === first ? second : first;
    this.#markSorted();
    this.#turnTo(0);
  }

  #markSorted() {
    columns.forEach((column, i) => {
      const head = byId('sessions-head').children[i];
      const by = this.#sort.replace('-', '') === column.sort;
      if (by) head.setAttribute('aria-sort', this.#sort.startsWith('-') ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
  }

  #makeRow({ id, peer }) {
    const [first, ...others] = columns.map((column) => make('td', { class: column.number ? 'number' : '' }));
    first.append(make('a', { href: `#sessions/${id}` }));
    const end = make('button', { type: 'button', 'aria-label': `Disconnect ${peer}`, click: () => this.#disconnect(id) }, 'Disconnect');
    return make('tr', { 'data-session': id }, first, ...others, make('td', {}, end));
  }

  async #disconnect(id) {
    this.#note('');
    try {
      await remove(ofThisBoot(`/sessions/${id}`));
      this.#refresh();
    } catch (problem) {
      this.#note(problem.sentence);
      if (problem.isOfAnotherBoot) this.#setUsable(false);
    }
  }

  #complain(sentence) {
    setNotice(byId('sessions-error'), sentence);
  }

  // A note stays when the table is refreshed, which ends a complaint.
  #note(sentence) {
    setNotice(byId('sessions-note'), sentence);
  }
}

function actionOf(row) {
  return row.lastChild.firstChild;
}

function fillRow(row, session) {
  columns.forEach((column, i) => {
    const cell = row.children[i];
    setText(i === 0 ? cell.firstChild : cell, column.text(session));
  });
}

// placeRows moves only what is out of place: a moved element loses the focus.
function placeRows(body, rows) {
  rows.forEach((row, i) => {
    if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null);
  });
  while (body.children.length > rows.length) body.lastChild.remove();
}
