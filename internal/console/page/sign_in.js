// The printed link carries the token in its fragment, which a browser sends to
// nobody. The page trades it for a cookie and takes it out of the address bar,
// so that it is in no history and on no picture of the screen.

import { signIn } from './api.js';
import { byId, setHidden, setText } from './dom.js';

const noLink = 'This page needs the link that dtlsd serve prints when it starts: open that link.';
const badLink = 'This link is not good: copy the whole link that dtlsd serve printed.';
const forgotten = 'The server has a new secret or does not know this browser: ' +
  'open the link that dtlsd serve printed.';

let wasSignedIn = false;

export function tokenInAddress() {
  const found = /^#token=([^&]+)/.exec(location.hash);
  if (!found) return '';
  history.replaceState(null, '', location.pathname + location.search);
  return found[1];
}

// useToken returns whether the server took it.
export async function useToken(token) {
  try {
    await signIn(token);
    return true;
  } catch (problem) {
    show(problem.status === 401 ? badLink : problem.sentence);
    return false;
  }
}

// showSignedOut gives a reason unless there is one already: a link that is not
// good is followed by calls that are refused.
export function showSignedOut() {
  if (!isSignedOut()) show(wasSignedIn ? forgotten : noLink);
}

function show(reason) {
  setText(byId('signed-out-reason'), reason);
  setHidden(byId('signed-out'), false);
  setHidden(byId('console'), true);
}

export function showSignedIn() {
  wasSignedIn = true;
  setHidden(byId('signed-out'), true);
  setHidden(byId('console'), false);
}

export function isSignedOut() {
  return !byId('signed-out').hidden;
}
