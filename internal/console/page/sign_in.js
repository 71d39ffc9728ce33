// The printed link carries the token in its fragment, which a browser sends to
// nobody. The page trades it for a cookie and takes it out of the address bar,
// so that it is in no history and on no picture of the screen.

import { signIn } from './api.js';
import { byId, setHidden, setText } from './dom.js';

const unknown = 'The server does not know this page (any more). It was restarted, or the link was ' +
  'never used: open the link that dtlsd serve printed.';

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
    showSignedOut(problem.status === 401 ? `The token in this link is not valid. ${unknown}` : problem.sentence);
    return false;
  }
}

export function showSignedOut(reason = unknown) {
  setText(byId('signed-out-reason'), reason);
  setHidden(byId('signed-out'), false);
  setHidden(byId('console'), true);
}

export function showSignedIn() {
  setHidden(byId('signed-out'), true);
  setHidden(byId('console'), false);
}

export function isSignedOut() {
  return !byId('signed-out').hidden;
}
