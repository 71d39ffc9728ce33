// One chart: a heading, uPlot's canvas, and a legend of its own that shows the
// newest values, or those under the pointer.

import uPlot from './vendor/uplot/uPlot.esm.js';
import { make, setHidden, setText } from './dom.js';

const height = 170;
const dashes = [[], [6, 3], [2, 3], [10, 3, 2, 3]]; // as in the style sheet, for the legend

export class Chart {
  #plot = null;
  #figure;
  #canvas = make('div', { class: 'canvas', 'aria-hidden': 'true' });
  #none = make('p', { class: 'none', hidden: true }, 'none in this time');
  #legend = make('ul', { class: 'legend' });
  #values = [];
  #range = [0, 1]; // seconds at both ends of the time axis
  #names = null; // of the lines that the plot has; null where it is to be made
  #format;
  #dots;

  // format(value) is how a value is written. With dots there is no line: between
  // two values may be seconds without one.
  constructor({ id, title, format, dots = false }) {
    this.#format = format;
    this.#dots = dots;
    this.#figure = make('figure', { id, class: 'chart' }, make('figcaption', {}, title), this.#canvas, this.#none, this.#legend);
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
    const none = columns.every((column) => column.every((value) => value === null));
    setHidden(this.#canvas, none);
    setHidden(this.#none, !none);
    this.#plot.setData([times, ...columns]);
    this.#writeValues();
  }

  #create(names) {
    this.#names = names.join();
    this.#plot?.destroy();
    this.#values = names.map(() => make('span', { class: 'value' }));
    this.#legend.replaceChildren(...names.map((name, i) => make('li', { class: `series-${i % 8} dash-${dashOf(i)}` },
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
      padding: [8, 26, 0, 0],
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
        dash: dashes[dashOf(i)],
        ...(this.#dots ? asDots(colour(`--series-${i % 8}`)) : { points: { show: false } }),
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

function dashOf(i) {
  return Math.floor(i / 2) % dashes.length;
}

function asDots(fill) {
  return { paths: () => null, points: { show: true, size: 4, fill } };
}

function clock(seconds) {
  const date = new Date(seconds * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}
