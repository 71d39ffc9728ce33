// The page of the console: signs in, opens the event stream, and passes what
// comes to the views.

import { get, onSignedOut } from './api.js';
import { meetBoot, onRestart } from './boot.js';
import { ChartsView } from './charts_view.js';
import { exposeCounts } from './counts.js';
import { byId, setHidden, setText } from './dom.js';
import { openEvents } from './events.js';
import { counted } from './format.js';
import { HandshakesView } from './handshakes_view.js';
import { forgetIdentities } from './identities.js';
import { Listening } from './listening.js';
import { LiveView } from './live_view.js';
import { SessionsView } from './sessions_view.js';
import { isSignedOut, showSignedIn, showSignedOut, tokenInAddress, useToken } from './sign_in.js';
import { startTabs } from './tabs.js';

exposeCounts();
onSignedOut(leave);
onRestart(forgetTheRunBefore);
addEventListener('hashchange', enterWithToken);
document.addEventListener('visibilitychange', enterIfSignedInElsewhere);

const token = tokenInAddress();
const views = {
  live: new LiveView(),
  sessions: new SessionsView(),
  handshakes: new HandshakesView(),
  charts: new ChartsView(),
};
const listening = new Listening(showStatus);
let close = null; // ends the event stream
let boot = ''; // of the server whose lines are shown
let facts = ''; // about the server, as the last status has them

startTabs(views);
if (token === '' || await useToken(token)) enter();

async function enter() {
  try {
    showStatus(await get('/status'));
  } catch (problem) {
    if (problem.status === 401) return;
    showConnected(false);
  }
  showSignedIn();
  close?.();
  close = openEvents({
    connected: showConnected,
    hello: greet,
    lines: (event) => views.live.add(event),
    status: showStatus,
    sample: (sample) => views.charts.add(sample),
    handshakes: ({ changed }) => views.handshakes.change(changed),
  });
}

function leave() {
  close?.();
  close = null;
  showSignedOut();
}

// A link opened in a tab that shows the page already changes only the fragment.
async function enterWithToken() {
  const fresh = tokenInAddress();
  if (fresh !== '' && await useToken(fresh)) enter();
}

// The cookie is shared: a link opened in another tab signs in this one, too.
function enterIfSignedInElsewhere() {
  if (!document.hidden && isSignedOut()) enter();
}

// greet asks for what may have changed while the stream was down, and begins anew
// unless the stream goes on where it was.
function greet(hello) {
  meetBoot(hello.boot);
  get('/status').then(showStatus).catch(showProblem);
  if (hello.resumed && hello.boot === boot) return;
  const reason = boot === '' ? '' : startOver(hello);
  boot = hello.boot;
  views.live.begin(reason);
  views.charts.begin().catch(showProblem);
}

function startOver(hello) {
  if (hello.boot === boot) return 'The connection was lost for too long: lines may be missing before these.';
  return 'The server was restarted: these are its lines since then.';
}

function forgetTheRunBefore() {
  forgetIdentities();
  views.sessions.restart();
  views.handshakes.restart();
}

function showStatus(status) {
  meetBoot(status.boot);
  listening.update(status);
  views.sessions.setStatus(status);
  setText(byId('version'), `version ${status.version}`);
  const shards = status.shards > 1 ? `, ${status.shards} shards` : '';
  facts = `${counted(status.sessions, 'session')}, ${status.half_open} half open${shards}`;
  setText(byId('facts'), facts);
  setHidden(byId('captures-banner'), !status.captures);
  setHidden(byId('payloads-note'), status.payloads !== 'meta');
}

function showProblem(problem) {
  setText(byId('connection-problem'), problem.sentence);
}

function showConnected(connected) {
  const state = byId('connection');
  setText(state, connected ? 'connected' : 'disconnected, trying again');
  state.className = connected ? 'state on' : 'state off';
  if (connected) setText(byId('connection-problem'), '');
  setText(byId('facts'), connected || facts === '' ? facts : `was: ${facts}`);
  listening.setConnected(connected);
  views.sessions.setConnected(connected);
}
