// Where the server listens: Qt's dialog "IP and port" and its buttons.

import { post, remove } from './api.js';
import { byId, make, setHidden, setText } from './dom.js';
import { counted, hostPort, splitHostPort } from './format.js';

const usualPort = '22334';
const asNow = ''; // value of the selector's entry that keeps several addresses

export class Listening {
  #onStatus;
  #status = null;
  #last = []; // where it listens, or last did
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

  update(status) {
    this.#status = status;
    if (status.listening.length > 0) this.#last = status.listening;
    const offer = JSON.stringify([status.addresses, this.#last, status.listening.length > 0]);
    if (offer !== this.#offered) {
      this.#offered = offer;
      this.#fill(status);
    }
    byId('stop').disabled = !status.accepting;
    byId('disconnect').disabled = status.listening.length === 0;
    setText(byId('listen-state'), stateOf(status));
    byId('listen-state').className = status.accepting ? 'state on' : 'state off';
    this.#chosen();
  }

  // fill is Qt's selector: the addresses of this machine. What listens now is
  // chosen beforehand.
  #fill(status) {
    const several = this.#last.length > 1;
    const first = splitHostPort(this.#last[0] ?? hostPort(status.addresses[0] ?? '127.0.0.1', usualPort));
    const addresses = new Set([...status.addresses, first.address]);
    const options = [...addresses].map((address) => make('option', { value: address }, named(address)));
    if (several) options.unshift(make('option', { value: asNow }, this.#severalNow(status)));
    byId('address').replaceChildren(...options);
    byId('address').value = several ? asNow : first.address;
    byId('port').value = first.port;
  }

  #severalNow(status) {
    return `${status.listening.length > 0 ? 'as now' : 'as before'}: ${this.#last.join(', ')}`;
  }

  #chosen() {
    const kept = this.#isAsNow();
    byId('port').disabled = kept;
    const moves = this.#status?.listening.length > 0 && !kept && !this.#status.listening.includes(this.#wanted()[0]);
    setText(byId('listen-hint'), moves ? 'Starting there says goodbye to every connected client first.' : '');
  }

  #isAsNow() {
    return byId('address').value === asNow && this.#last.length > 1;
  }

  #wanted() {
    return this.#isAsNow() ? this.#last : [hostPort(byId('address').value, byId('port').value.trim())];
  }

  async #start() {
    if (!this.#isAsNow() && !isPort(byId('port').value.trim())) {
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
    setText(byId('listen-error'), sentence);
    setHidden(byId('listen-error'), sentence === '');
  }
}

function isPort(text) {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535;
}

function named(address) {
  if (address === '0.0.0.0') return '0.0.0.0 (every IPv4 address)';
  if (address === '::') return ':: (every address)';
  return address;
}

function stateOf(status) {
  if (status.listening.length === 0) return 'Not listening';
  const where = status.listening.join(', ');
  return status.accepting ? `Listening on ${where}` : `Not accepting new connections (open: ${where})`;
}
