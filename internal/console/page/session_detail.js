// One session: everything that is known of it, a datagram to send, its packets
// to download.

import { get, post, remove } from './api.js';
import { ofThisBoot } from './boot.js';
import { byId, make, setHidden, setText } from './dom.js';
import { bytes, counted, dateAndTime, duration } from './format.js';
import { normalised } from './hex.js';

export class SessionDetail {
  #id = '';
  #captures = false;
  #connected = true;
  #state = ''; // what the server last said of the session
  #open = false; // the session is there and takes orders

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
  }

  setConnected(connected) {
    this.#connected = connected;
    this.#writeState();
  }

  // restart closes the panel and returns the number of its session, which is that
  // of another one now: the address with it is not one to come back to.
  restart() {
    const gone = this.#id;
    if (gone !== '' && location.hash === `#sessions/${gone}`) location.replace('#sessions');
    this.open('');
    return gone;
  }

  // open returns whether this is another session than before.
  open(id) {
    const known = /^\d+$/.test(id) ? id : '';
    if (known === this.#id) return false;
    this.#id = known;
    this.#setState('', false);
    byId('send-data').value = '';
    setHidden(byId('session-capture'), true);
    setHidden(byId('session-capture-hint'), true);
    byId('session-facts').replaceChildren();
    setText(byId('session-result'), '');
    setHidden(byId('session-detail'), known === '');
    if (known === '') return true;
    setText(byId('session-title'), `Session ${known}`);
    setHidden(byId('session-handshake'), true);
    this.#findHandshake();
    byId('session-title').focus();
    return true;
  }

  async refresh() {
    const id = this.#id;
    if (id === '') return;
    try {
      const session = await get(ofThisBoot(`/sessions/${id}`));
      if (id === this.#id) this.#draw(session, '');
    } catch (problem) {
      if (problem.isOfAnotherBoot) this.#refuse(id, problem);
      else if (problem.status === 404) await this.#drawClosed(id);
      else throw problem;
    }
  }

  #refuse(id, problem) {
    if (id === this.#id) this.#setState(problem.sentence, false);
  }

  async #drawClosed(id) {
    const { sessions } = await get('/sessions/closed');
    const session = sessions.find((candidate) => String(candidate.id) === id);
    if (id !== this.#id) return;
    if (session) this.#draw(session, `closed ${dateAndTime(session.closed)}: ${session.reason}`);
    else this.#setState('The server does not know this session any more.', false);
  }

  #draw(session, closed) {
    this.#setState(closed || (session.established ? 'established' : 'handshake in progress'), closed === '');
    byId('session-capture').setAttribute('href', ofThisBoot(`/api/v1/sessions/${Number(session.id)}/capture`));
    setHidden(byId('session-capture'), !this.#captures);
    setHidden(byId('session-capture-hint'), !this.#captures || !session.cipher?.startsWith('ECDHE-PSK'));
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

  #setState(state, open) {
    this.#state = state;
    this.#open = open;
    this.#writeState();
  }

  // What was open when the connection was lost may not be any more.
  #writeState() {
    const unsure = this.#open && !this.#connected;
    setText(byId('session-state'), unsure ? `unknown (was: ${this.#state})` : this.#state);
    byId('send').disabled = !this.#open || unsure;
    byId('session-disconnect').disabled = !this.#open || unsure;
  }

  async #findHandshake() {
    const id = this.#id;
    const { handshakes } = await get('/handshakes').catch(() => ({ handshakes: [] }));
    const trace = handshakes.find((handshake) => String(handshake.session) === id);
    if (id !== this.#id || !trace) return;
    byId('session-handshake').setAttribute('href', `#handshakes/${Number(trace.id)}`);
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
    await this.#try(() => post(ofThisBoot(`/sessions/${this.#id}/datagrams`), asHex ? { hex: digits } : { text: typed }), 'Sent.');
  }

  async #disconnect() {
    await this.#try(() => remove(ofThisBoot(`/sessions/${this.#id}`)), 'Said goodbye.');
  }

  async #try(request, done) {
    const id = this.#id;
    try {
      await request();
      if (id !== this.#id) return;
      setText(byId('session-result'), done);
      await this.refresh();
    } catch (problem) {
      if (id !== this.#id) return;
      setText(byId('session-result'), problem.sentence);
      if (problem.isOfAnotherBoot) this.#refuse(id, problem);
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
    ['HelloRetryRequest', session.retried ? 'yes' : undefined],
    ['Server name', session.server_name],
    ['ALPN', session.alpn],
    ['Since', dateAndTime(session.since)],
    ['Age', duration(session.age_ms)],
    ['Idle', duration(session.idle_ms)],
    ['Received', `${counted(session.received, 'datagram')}, ${bytes(session.received_bytes)}`],
    ['Sent', `${counted(session.sent, 'datagram')}, ${bytes(session.sent_bytes)}`],
    ['Retransmissions', session.retransmissions],
    ['Drops', session.drops],
    ['Connection ID', session.connection_id],
    ['Address changes', session.address_changes || undefined],
    ['Key updates', session.key_updates || undefined],
  ];
  return facts.filter(([, value]) => value !== undefined && value !== '');
}
