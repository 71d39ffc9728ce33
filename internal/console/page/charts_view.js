// The view "Charts": the samples of the last hour, and what each chart takes
// from them.

import { get } from './api.js';
import { Chart } from './chart.js';
import { byId, setHidden } from './dom.js';
import { bytes, millis, short } from './format.js';
import { inFrame } from './frame.js';

const secondsKept = 3600;
const mostReasons = 8;

// fixed names are always there; others appear once one of their values is not 0.
const charts = [
  { id: 'chart-handshakes', title: 'Handshakes per second, by outcome', format: short, fixed: ['completed'], of: (s) => s.handshakes },
  { id: 'chart-sessions', title: 'Sessions', format: short, fixed: ['sessions', 'half open'],
    of: (s) => ({ sessions: s.sessions, 'half open': s.half_open }) },
  { id: 'chart-datagrams', title: 'Datagrams per second', format: short, fixed: ['in', 'out'],
    of: (s) => ({ in: s.datagrams_in, out: s.datagrams_out }) },
  { id: 'chart-bytes', title: 'Bytes per second', format: bytes, fixed: ['in', 'out'],
    of: (s) => ({ in: s.bytes_in, out: s.bytes_out }) },
  { id: 'chart-drops', title: 'Drops per second, by reason', format: short, fixed: [], of: (s) => s.drops },
  { id: 'chart-latency', title: 'Time of a handshake', format: millis, fixed: ['p50', 'p99'], dots: true,
    of: (s) => ({ p50: s.handshake_p50_ms, p99: s.handshake_p99_ms }) },
  { id: 'chart-repairs', title: 'Retransmissions and cookies per second', format: short, fixed: ['retransmissions', 'cookies'],
    of: (s) => ({ retransmissions: s.retransmissions, cookies: s.cookies }) },
];

export class ChartsView {
  #samples = [];
  #drawn = charts.map((chart) => ({ ...chart, chart: new Chart(chart) }));
  #active = false;
  #redraw = inFrame(() => this.#draw());

  constructor() {
    byId('charts').append(...this.#drawn.map(({ chart }) => chart.element));
    byId('range').addEventListener('change', this.#redraw);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const { chart } of this.#drawn) chart.forget();
      this.#redraw();
    });
  }

  show() {
    this.#active = true;
    this.#redraw();
  }

  hide() {
    this.#active = false;
  }

  async begin() {
    this.#samples = [];
    const { samples } = await get('/samples');
    const later = this.#samples;
    this.#samples = [];
    for (const sample of [...samples, ...later]) this.add(sample);
  }

  add(sample) {
    const time = Date.parse(sample.time) / 1000;
    if (time <= (this.#samples.at(-1)?.at ?? 0)) return;
    this.#samples.push({ ...sample, at: time });
    if (this.#samples.length > secondsKept) this.#samples.shift();
    this.#redraw();
  }

  #draw() {
    if (!this.#active) return;
    setHidden(byId('charts-empty'), this.#samples.length > 0);
    if (this.#samples.length === 0) return;
    const end = this.#samples.at(-1).at;
    const range = [end - Number(byId('range').value), end];
    const shown = this.#samples.filter((sample) => sample.at >= range[0]);
    const times = shown.map((sample) => sample.at);
    for (const { chart, fixed, of } of this.#drawn) {
      const rows = shown.map(of);
      const names = fixed.length > 1 ? fixed : namesIn(rows, fixed);
      chart.update(times, names, names.map((name) => rows.map((row) => valueOf(row, name, fixed))), range);
    }
  }
}

function namesIn(rows, fixed) {
  const sums = new Map();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row ?? {})) {
      if (value > 0 && !fixed.includes(name)) sums.set(name, (sums.get(name) ?? 0) + value);
    }
  }
  const others = [...sums].sort((a, b) => b[1] - a[1]).slice(0, mostReasons - fixed.length).map(([name]) => name);
  return [...fixed, ...others.sort()];
}

// A reason that is absent did not occur; a time that is null was not measured.
function valueOf(row, name, fixed) {
  return row?.[name] ?? (fixed.length > 1 ? null : 0);
}
