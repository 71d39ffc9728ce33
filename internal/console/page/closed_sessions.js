// The table of the sessions that ended last, each with its reason.

import { get } from './api.js';
import { byId, make, setHidden } from './dom.js';
import { bytes, count, dateAndTime, duration } from './format.js';
import { whoIs } from './session_columns.js';

export class ClosedSessions {
  #drawn = '';

  async refresh() {
    const { sessions } = await get('/sessions/closed');
    const drawn = sessions.map((session) => `${session.id} ${session.closed}`).join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    byId('closed-body').replaceChildren(...sessions.map(rowOf));
    setHidden(byId('closed-empty'), sessions.length > 0);
  }
}

function rowOf(session) {
  return make('tr', {},
    make('td', {}, dateAndTime(session.closed)),
    make('td', {}, session.peer),
    make('td', {}, whoIs(session)),
    make('td', {}, session.reason),
    make('td', { class: 'number' }, duration(Date.parse(session.closed) - Date.parse(session.since))),
    make('td', { class: 'number' }, `${count(session.received)} (${bytes(session.received_bytes)})`),
    make('td', { class: 'number' }, `${count(session.sent)} (${bytes(session.sent_bytes)})`));
}
