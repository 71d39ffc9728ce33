// Where the server listens: Qt's dialog "IP and port" and its buttons.

import { post, remove } from './api.js';
import { byId, make, setNotice, setText } from './dom.js';
import { counted, hostPort, splitHostPort } from './format.js';
import { choiceOf, choicesOf, placeName } from './listen_choices.js';

const usualPort = '22334';

export class Listening {
  #onStatus;
  #status = null;
  #connected = true; // what the page knows is what the server does
  #last = []; // where it listens, or last did
  #several = new Map(); // the lists of more than one address so far, by entry
  #choices = new Map(); // what the selector offers, by value
  #offered = ''; // what the selector was filled from

  // onStatus gets the status with which the server answers.
  constructor(onStatus) {
    this.#onStatus = onStatus;
    byId('listen-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#start();
    });
    byId('stop').addEventListener('click', () => this.#ask(() => remove('/listeners')));
    byId('disconnect').addEventListener('click', () => this.#ask(() => remove('/listeners?disconnect=true')));
    byId('address').addEventListener('change', () => this.#chosen());
    byId('port').addEventListener('input', () => this.#chosen());
  }

  setConnected(connected) {
    this.#connected = connected;
    this.#writeState();
  }

  update(status) {
    this.#status = status;
    if (status.listening.length > 0) this.#last = status.listening;
    if (this.#last.length > 1) this.#several.set(choiceOf(this.#last).value, this.#last);
    const offer = JSON.stringify([status.addresses, this.#last]);
    if (offer !== this.#offered) {
      this.#offered = offer;
      this.#fill(status);
    }
    this.#writeState();
    this.#chosen();
  }

  // fill is Qt's selector: the addresses of this machine. What listens now is
  // chosen beforehand.
  #fill(status) {
    const now = this.#last.length > 0 ? this.#last : [hostPort(status.addresses[0] ?? '127.0.0.1', usualPort)];
    this.#choices = choicesOf(status.addresses, [...this.#several.values(), now]);
    const options = [...this.#choices.values()].map(({ value, label }) => make('option', { value }, label));
    byId('address').replaceChildren(...options);
    byId('address').value = choiceOf(now).value;
    byId('port').value = splitHostPort(now[0]).port;
  }

  #writeState() {
    const status = this.#status;
    if (!status) return;
    const on = this.#connected;
    byId('start').disabled = !on;
    byId('stop').disabled = !on || !status.accepting;
    byId('disconnect').disabled = !on || status.listening.length === 0;
    setText(byId('listen-state'), on ? stateOf(status) : `unknown (was: ${stateOf(status)})`);
    byId('listen-state').className = on ? `state ${status.accepting ? 'on' : 'off'}` : 'state unknown';
  }

  #chosen() {
    const choice = this.#choice;
    if (!choice) return;
    byId('port').disabled = !choice.takesPort;
    const hints = [];
    if (!choice.takesPort) hints.push('Each of these addresses has a port of its own.');
    if (this.#moves()) hints.push('Starting there says goodbye to every connected client first.');
    setText(byId('listen-hint'), hints.join(' '));
  }

  get #choice() {
    return this.#choices.get(byId('address').value);
  }

  #moves() {
    const now = this.#status.listening;
    return now.length > 0 && now.toSorted().join() !== this.#wanted().toSorted().join();
  }

  #wanted() {
    return this.#choice.at(byId('port').value.trim());
  }

  async #start() {
    if (!this.#choice) return;
    if (this.#choice.takesPort && !isPort(byId('port').value.trim())) {
      this.#complain('the port must be a number from 0 to 65535');
      byId('port').setAttribute('aria-invalid', 'true');
      byId('port').focus();
      return;
    }
    byId('port').removeAttribute('aria-invalid');
    await this.#ask(() => post('/listeners', { addresses: this.#wanted() }));
  }

  async #ask(request) {
    this.#complain('');
    setText(byId('listen-told'), '');
    try {
      const status = await request();
      if (status.told !== undefined) setText(byId('listen-told'), `Said goodbye to ${counted(status.told, 'client')}.`);
      this.#onStatus(status);
    } catch (problem) {
      this.#complain(problem.sentence);
    }
  }

  #complain(sentence) {
    setNotice(byId('listen-error'), sentence);
  }
}

function isPort(text) {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535;
}

function stateOf(status) {
  if (status.listening.length === 0) return 'Not listening';
  const where = status.listening.map(placeName).join(', ');
  return status.accepting ? `Listening on ${where}` : `Not accepting new connections (open: ${where})`;
}
