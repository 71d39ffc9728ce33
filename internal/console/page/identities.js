// Which identity a session has. Lines name only the session, and a search for an
// identity must find its datagrams.

const most = 20000;
const bySession = new Map();

export function rememberIdentity(session, identity) {
  if (!session || !identity || bySession.get(session) === identity) return;
  bySession.set(session, identity);
  if (bySession.size > most) bySession.delete(bySession.keys().next().value);
}

export function identityOf(session) {
  return bySession.get(session) ?? '';
}

export function forgetIdentities() {
  bySession.clear();
}
