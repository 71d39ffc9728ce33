// A handshake as a sequence in time: the client on the left, the server on the
// right, an arrow for each step. A step is a button that opens its fields.

import { make } from './dom.js';
import { millis } from './format.js';
import { stepTexts } from './step_text.js';

const noticeableWait = 100; // ms

// drawSequence keeps open what a person had opened, because a running handshake
// is drawn again and again.
export function drawSequence(container, trace) {
  const open = new Set([...container.querySelectorAll('[aria-expanded="true"]')].map((button) => button.dataset.step));
  const focused = container.contains(document.activeElement) ? document.activeElement.dataset.step : undefined;
  container.replaceChildren(...flightsOf(trace.trace).map((flight) => drawFlight(flight, open)));
  container.onkeydown = moveFocus;
  if (focused !== undefined) container.querySelector(`[data-step="${Number(focused)}"]`)?.focus();
}

// A flight is what one side sends at a stretch. Steps without a number stand alone.
// A flight that is sent again has its number from before.
function flightsOf(steps) {
  const flights = [];
  let before = 0;
  steps.forEach((step, number) => {
    const last = flights.at(-1);
    const entry = { ...step, number, wait: step.at_ms - before };
    before = step.at_ms;
    const joins = last && step.flight !== undefined && last.flight === step.flight && last.sent === step.sent &&
      last.attempt === step.attempt;
    if (joins) last.steps.push(entry);
    else flights.push({ flight: step.flight, sent: step.sent, attempt: step.attempt, steps: [entry] });
  });
  return flights;
}

function drawFlight({ flight, sent, attempt, steps }, open) {
  const wait = steps[0].wait >= noticeableWait ? make('p', { class: 'wait' }, `${millis(steps[0].wait)} pass`) : null;
  const arrows = steps.some((step) => isArrow(step));
  const direction = sent ? 'server to client' : 'client to server';
  const title = flight && arrows ? make('p', { class: 'flight-title' }, `flight ${flight}${attempt ? ' again' : ''}, ${direction}`) : null;
  return make('li', { class: title ? 'flight' : 'flight alone' }, wait, title,
    make('ol', {}, ...steps.map((step) => drawStep(step, open))));
}

function isArrow({ kind }) {
  return kind !== 'note' && kind !== 'established';
}

function drawStep(step, open) {
  const texts = stepTexts(step);
  const details = make('div', { class: 'fields', id: `step-${step.number}` }, ...drawDetails(step, texts));
  const expanded = open.has(String(step.number));
  details.hidden = !expanded;
  const button = make('button', {
    type: 'button',
    class: `step ${texts.look} ${isArrow(step) ? sideOf(step) : 'across'}`,
    'aria-expanded': String(expanded),
    'aria-controls': details.id,
    'data-step': step.number,
    click: () => toggle(button, details),
  },
  make('span', { class: 'at' }, `${step.at_ms.toFixed(1)} ms`),
  make('span', { class: 'label' }, texts.label, make('span', { class: 'offscreen' }, isArrow(step) ? `, ${spoken(step)}` : '')),
  make('span', { class: 'arrow', 'aria-hidden': 'true' }));
  return make('li', {}, button, details);
}

function sideOf({ sent }) {
  return sent ? 'to-client' : 'to-server';
}

function spoken({ sent }) {
  return sent ? 'from server to client' : 'from client to server';
}

function toggle(button, details) {
  details.hidden = !details.hidden;
  button.setAttribute('aria-expanded', String(!details.hidden));
}

function drawDetails(step, texts) {
  const lists = (step.fields ?? []).map(drawField);
  const facts = texts.facts.map((fact) => make('p', {}, fact));
  if (lists.length + facts.length === 0) facts.push(make('p', {}, 'This step has no fields.'));
  return [...facts, make('dl', {}, ...lists)];
}

function drawField({ name, values }) {
  return make('div', {}, make('dt', {}, name), make('dd', {}, make('ul', {}, ...values.map(drawValue))));
}

// "accepted" is there only where the server had a choice. The word says it, the
// colour only repeats it.
function drawValue({ text, accepted }) {
  if (accepted === undefined) return make('li', {}, text);
  if (!accepted) return make('li', { class: 'refused' }, text);
  return make('li', { class: 'accepted' }, text, make('strong', {}, ' accepted'));
}

function moveFocus(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  const buttons = [...event.currentTarget.querySelectorAll('.step')];
  const next = buttons[buttons.indexOf(document.activeElement) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
