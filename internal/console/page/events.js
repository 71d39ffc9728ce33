// The event stream. The browser reconnects by itself after most failures and
// then resumes where it was. What it gives up on, or what fell silent without
// an error, is opened anew here.

import { get } from './api.js';

const names = ['hello', 'lines', 'status', 'sample', 'handshakes'];
const retryAfter = 1000;
const silence = 10000; // a sample comes every second, so ten are missing

// openEvents calls handlers[name](data) for each event, and
// handlers.connected(bool) when that changes. It returns how to close.
export function openEvents(handlers) {
  let source = null;
  let retry = 0;
  let heard = performance.now();
  let last = ''; // identifier of the last event that had one
  let closed = false;

  function open() {
    if (closed) return;
    heard = performance.now();
    source = new EventSource(`/api/v1/events${last && `?last_event_id=${encodeURIComponent(last)}`}`);
    source.addEventListener('error', lost);
    for (const name of names) {
      source.addEventListener(name, (event) => {
        heard = performance.now();
        last = event.lastEventId || last;
        if (name === 'hello') handlers.connected(true);
        handlers[name](JSON.parse(event.data));
      });
    }
  }

  function lost() {
    handlers.connected(false);
    if (source.readyState === EventSource.CLOSED) askAgain();
  }

  // An EventSource does not tell why it was refused; an ordinary call does. It
  // also notices a page that is no longer signed in.
  function askAgain() {
    clearTimeout(retry);
    retry = setTimeout(async () => {
      try {
        await get('/status');
        open();
      } catch (problem) {
        if (problem.status !== 401 && !closed) askAgain();
      }
    }, retryAfter);
  }

  const watch = setInterval(() => {
    if (source.readyState === EventSource.OPEN && performance.now() - heard > silence) {
      source.close();
      lost();
    }
  }, retryAfter);

  open();
  return function close() {
    closed = true;
    clearTimeout(retry);
    clearInterval(watch);
    source.close();
  };
}
