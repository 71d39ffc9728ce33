// Calls of the server's HTTP interface. Whatever goes wrong arrives as a Problem.

const base = '/api/v1';

export class Problem extends Error {
  constructor(status, title, hint = '') {
    super(title);
    this.status = status;
    this.hint = hint;
  }

  // Whether it concerned a run of the server that is over.
  get isOfAnotherBoot() {
    return this.status === 412;
  }

  // The sentence for a person.
  get sentence() {
    return this.hint ? `${this.message}: ${this.hint}` : this.message;
  }
}

const signedOut = new EventTarget();

// onSignedOut is told whenever the server does not know this page.
export function onSignedOut(listener) {
  signedOut.addEventListener('signedout', listener);
}

export const get = (path) => call('GET', path);
export const post = (path, body) => call('POST', path, body);
export const remove = (path) => call('DELETE', path);

export async function signIn(token) {
  const response = await send('POST', '/login', { token });
  if (!response.ok) throw await problemOf(response);
}

async function call(method, path, body) {
  const response = await send(method, path, body);
  if (response.status === 401) signedOut.dispatchEvent(new Event('signedout'));
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? null : response.json();
}

async function send(method, path, body) {
  const options = { method, cache: 'no-store', credentials: 'same-origin' };
  if (body !== undefined) {
    options.headers = { 'Content-Type': 'application/json' };
    options.body = JSON.stringify(body);
  }
  try {
    return await fetch(base + path, options);
  } catch {
    throw new Problem(0, 'the server does not answer', 'is dtlsd still running?');
  }
}

async function problemOf(response) {
  try {
    const { title, hint } = await response.json();
    return new Problem(response.status, title || `status ${response.status}`, hint);
  } catch {
    return new Problem(response.status, `the server answered with status ${response.status}`);
  }
}
