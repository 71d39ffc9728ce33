// One session: everything that is known of it, a datagram to send, its packets
// to download.

import { get, post, remove } from './api.js';
import { byId, make, setHidden, setText } from './dom.js';
import { bytes, counted, dateAndTime, duration } from './format.js';
import { normalised } from './hex.js';

export class SessionDetail {
  #id = '';
  #captures = false;

  constructor() {
    byId('send-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    byId('session-disconnect').addEventListener('click', () => this.#disconnect());
    byId('session-close').addEventListener('click', () => { location.hash = 'sessions'; });
  }

  setCaptures(on) {
    this.#captures = on;
    setHidden(byId('session-capture'), !on);
  }

  open(id) {
    const known = /^\d+$/.test(id) ? id : '';
    if (known === this.#id) return;
    this.#id = known;
    byId('session-facts').replaceChildren();
    setText(byId('session-result'), '');
    setHidden(byId('session-detail'), known === '');
    if (known === '') return;
    setText(byId('session-title'), `Session ${known}`);
    byId('session-capture').setAttribute('href', `/api/v1/sessions/${known}/capture`);
    setHidden(byId('session-capture'), !this.#captures);
    setHidden(byId('session-handshake'), true);
    this.#findHandshake();
    byId('session-title').focus();
  }

  async refresh() {
    const id = this.#id;
    if (id === '') return;
    try {
      const session = await get(`/sessions/${id}`);
      if (id === this.#id) this.#draw(session, '');
    } catch (problem) {
      if (problem.status !== 404) throw problem;
      await this.#drawClosed(id);
    }
  }

  async #drawClosed(id) {
    const { sessions } = await get('/sessions/closed');
    const session = sessions.find((candidate) => String(candidate.id) === id);
    if (id !== this.#id) return;
    if (session) this.#draw(session, `closed ${dateAndTime(session.closed)}: ${session.reason}`);
    else setText(byId('session-state'), 'The server does not know this session any more.');
    this.#allow(false);
  }

  #draw(session, closed) {
    setText(byId('session-state'), closed || (session.established ? 'established' : 'handshake in progress'));
    this.#allow(closed === '');
    const facts = factsOf(session);
    const list = byId('session-facts');
    if (list.children.length !== facts.length) {
      list.replaceChildren(...facts.map(() => make('div', {}, make('dt'), make('dd'))));
    }
    facts.forEach(([name, value], i) => {
      setText(list.children[i].firstChild, name);
      setText(list.children[i].lastChild, value);
    });
  }

  #allow(on) {
    byId('send').disabled = !on;
    byId('session-disconnect').disabled = !on;
  }

  async #findHandshake() {
    const id = this.#id;
    const { handshakes } = await get('/handshakes').catch(() => ({ handshakes: [] }));
    const trace = handshakes.find((handshake) => String(handshake.session) === id);
    if (id !== this.#id || !trace) return;
    setHidden(byId('session-handshake'), false);
  }

  async #send() {
    const typed = byId('send-data').value;
    const asHex = byId('send-as').value === 'hex';
    const digits = normalised(typed);
    if (asHex && (digits === null || digits.length % 2 === 1)) {
      setText(byId('session-result'), 'Hex is pairs of the digits 0 to 9 and a to f.');
      return;
    }
    await this.#try(() => post(`/sessions/${this.#id}/datagrams`, asHex ? { hex: digits } : { text: typed }), 'Sent.');
  }

  async #disconnect() {
    await this.#try(() => remove(`/sessions/${this.#id}`), 'Said goodbye.');
  }

  async #try(request, done) {
    try {
      await request();
      setText(byId('session-result'), done);
      await this.refresh();
    } catch (problem) {
      setText(byId('session-result'), problem.sentence);
    }
  }
}

function factsOf(session) {
  const facts = [
    ['Peer', session.peer],
    ['Local address', session.local],
    ['Identity', session.identity],
    ['Certificate subject', session.subject],
    ['Version', session.version],
    ['Cipher suite', session.cipher],
    ['Group', session.group],
    ['Resumed', session.resumed ? 'yes' : 'no'],
    ['Server name', session.server_name],
    ['ALPN', session.alpn],
    ['Since', dateAndTime(session.since)],
    ['Age', duration(session.age_ms)],
    ['Idle', duration(session.idle_ms)],
    ['Received', `${counted(session.received, 'datagram')}, ${bytes(session.received_bytes)}`],
    ['Sent', `${counted(session.sent, 'datagram')}, ${bytes(session.sent_bytes)}`],
    ['Retransmissions', session.retransmissions],
    ['Drops', session.drops],
  ];
  return facts.filter(([, value]) => value !== undefined && value !== '');
}
