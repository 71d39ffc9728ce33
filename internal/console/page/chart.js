// One chart: a heading, uPlot's canvas, and a legend of its own that shows the
// newest values, or those under the pointer.

import uPlot from './vendor/uplot/uPlot.esm.js';
import { make, setText } from './dom.js';

const height = 170;
const dashes = [[], [6, 3], [2, 3], [10, 3, 2, 3]];

export class Chart {
  #plot = null;
  #figure;
  #canvas = make('div', { class: 'canvas', 'aria-hidden': 'true' });
  #legend = make('ul', { class: 'legend' });
  #values = [];
  #range = [0, 1]; // seconds at both ends of the time axis
  #names = null; // of the lines that the plot has; null where it is to be made
  #format;
  #gaps;

  // format(value) is how a value is written; with gaps, a second without a value
  // does not interrupt the line.
  constructor({ id, title, format, gaps = false }) {
    this.#format = format;
    this.#gaps = gaps;
    this.#figure = make('figure', { id, class: 'chart' }, make('figcaption', {}, title), this.#canvas, this.#legend);
    new ResizeObserver(() => this.#fit()).observe(this.#canvas);
  }

  get element() {
    return this.#figure;
  }

  // forget makes the next update begin anew, with the colours of the scheme.
  forget() {
    this.#names = null;
  }

  // update shows columns of values, one array for each name, over times
  // in a range of seconds.
  update(times, names, columns, range) {
    if (names.join() !== this.#names) this.#create(names);
    this.#range = range;
    this.#plot.setData([times, ...columns]);
    this.#writeValues();
  }

  #create(names) {
    this.#names = names.join();
    this.#plot?.destroy();
    this.#values = names.map(() => make('span', { class: 'value' }));
    this.#legend.replaceChildren(...names.map((name, i) => make('li', { class: `series-${i % 8}` },
      make('span', { class: 'key', 'aria-hidden': 'true' }), `${name.replaceAll('_', ' ')} `, this.#values[i])));
    this.#plot = new uPlot(this.#options(names), [[], ...names.map(() => [])], this.#canvas);
  }

  #options(names) {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--grid'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    };
    return {
      width: this.#width,
      height,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, sync: { key: 'dtlsd' }, points: { show: false } },
      scales: { x: { range: () => this.#range }, y: { range: (_, low, high) => [0, Math.max(1, (high ?? 0) * 1.1)] } },
      axes: [
        { ...axis, size: 26, space: 70, values: (_, splits) => splits.map(clock) },
        { ...axis, size: 54, space: 28, values: (_, splits) => splits.map((value) => this.#format(value)) },
      ],
      series: [{}, ...names.map((name, i) => ({
        label: name,
        stroke: colour(`--series-${i % 8}`),
        width: 1.5,
        dash: dashes[Math.floor(i / 2) % dashes.length],
        points: { show: false },
        spanGaps: this.#gaps,
      }))],
      hooks: { setCursor: [() => this.#writeValues()] },
    };
  }

  get #width() {
    return Math.max(200, this.#canvas.clientWidth);
  }

  #fit() {
    if (this.#plot && this.#canvas.clientWidth > 0) this.#plot.setSize({ width: this.#width, height });
  }

  #writeValues() {
    const plot = this.#plot;
    if (!plot) return;
    const at = plot.cursor.idx ?? plot.data[0].length - 1;
    this.#values.forEach((node, i) => {
      const value = plot.data[i + 1]?.[at];
      setText(node, value === null || value === undefined ? '–' : this.#format(value));
    });
  }
}

function clock(seconds) {
  const date = new Date(seconds * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}
