'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const make = (name, attributes = {}, ...children) => {
  const svg = ['svg', 'g', 'line', 'rect', 'circle', 'text', 'title'].includes(name);
  const node = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};
const digits = v => v < 10 ? v.toFixed(2) : v < 100 ? v.toFixed(1) : v.toFixed(0);
const scaled = (value, step, units) => {
  let i = 0;
  for (; value >= step && i < units.length - 1; i++) value /= step;
  return digits(value) + ' ' + units[i];
};
const time = ns => scaled(ns, 1000, ['ns', '\u00b5s', 'ms', 's']);
const size = bytes => scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB']);
const row = (cells, cell = 'td', attributes = {}) =>
  make('tr', attributes, ...cells.map(text => make(cell, {}, String(text))));
const COLORS = ['a', 'b', 'c', 'd', 'e', 'f'].map(c => `var(--${c})`);
const LEFT = 170, RIGHT = 980, ROW = 30;

document.getElementById('facts').textContent = `Linux ${data.kernel}, ${data.processors} processors, Java ${data.java}, `
  + `${data.repetitions} repetitions after ${data.warmup} that do not count`;

function bars() {
  if (!data.bars.length) return;
  const table = make('table', {}, row(['bar', 'metric', 'measured', 'bar', ''], 'th'));
  for (const bar of data.bars) {
    const plain = /\/|^pss$|ratio$|allocated$/.test(bar.metric);
    const value = bar.value === null ? '-' : bar.metric === 'image' ? size(bar.value)
      : plain ? digits(bar.value) : time(bar.value * 1e9);
    const line = row([bar.shape, bar.metric, value, bar.bar, bar.ok ? 'ok' : 'missed']);
    line.lastChild.className = bar.ok ? 'ok' : 'missed';
    table.append(line);
  }
  document.getElementById('bars').append(table);
}

function ticks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const digit of [1, 2, 5]) found.push(digit * 10 ** power);
  return found.filter(value => value >= low && value <= high);
}

/* Every sample a dot, on one logarithmic axis; the floor as a dashed line. */
function samples(shape) {
  const all = shape.series.flatMap(series => series.samples_ns).filter(value => value > 0);
  const floor = shape.floor_ns ? shape.floor_ns.create + shape.floor_ns.hand_over + shape.floor_ns.read : 0;
  if (!all.length) return '';
  const low = Math.min(...all, floor > 0 ? floor : Infinity) / 1.3, high = Math.max(...all) * 1.3;
  const x = ns => LEFT + (Math.log(ns / low) / Math.log(high / low)) * (RIGHT - LEFT);
  const height = ROW * shape.series.length + 26;
  const plot = make('svg', { viewBox: `0 0 1000 ${height}`, role: 'img', 'aria-label': 'samples' });
  for (const tick of ticks(low, high)) {
    plot.append(make('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: 0, y2: height - 20 }),
      make('text', { class: 'faint', x: x(tick), y: height - 6, 'text-anchor': 'middle' }, time(tick)));
  }
  shape.series.forEach((series, i) => {
    const y = ROW * i + ROW / 2;
    plot.append(make('text', { x: 0, y: y + 4 }, `${series.operation} ${series.tool}`));
    series.samples_ns.forEach((ns, n) => plot.append(
      make('circle', { class: 'dot', cx: x(ns), cy: y + ((n * 7) % 11) - 5, r: 3.5 }, make('title', {}, time(ns)))));
    plot.append(make('line', { class: 'median', x1: x(series.total_ns.p50), x2: x(series.total_ns.p50), y1: y - 10, y2: y + 10 }));
    if (floor > 0 && series.operation === 'restore')
      plot.append(make('line', { class: 'floor', x1: x(floor), x2: x(floor), y1: y - 13, y2: y + 13 },
        make('title', {}, 'floor: ' + time(floor))));
  });
  return plot;
}

/* Medians of the stages, end to end. */
function stages(shape) {
  const with_ = shape.series.filter(series => Object.keys(series.stages_ns).length);
  if (!with_.length) return '';
  const sum = series => Object.values(series.stages_ns).reduce((total, stage) => total + stage.p50, 0);
  const longest = Math.max(...with_.map(sum));
  const plot = make('svg', { viewBox: `0 0 1000 ${ROW * with_.length}`, role: 'img', 'aria-label': 'stages' });
  with_.forEach((series, i) => {
    let at = LEFT;
    plot.append(make('text', { x: 0, y: ROW * i + 19 }, `${series.operation} ${series.tool}`));
    Object.entries(series.stages_ns).forEach(([name, stage], n) => {
      const width = stage.p50 / longest * (RIGHT - LEFT);
      plot.append(make('rect', { x: at, y: ROW * i + 6, width: Math.max(0, width - 1), height: 18, fill: COLORS[n % COLORS.length] },
        make('title', {}, `${name}: ${time(stage.p50)}`)));
      if (width > name.length * 6.2 + 6)
        plot.append(make('text', { x: at + 4, y: ROW * i + 19, style: 'fill: #fff' }, name));
      at += width;
    });
  });
  return plot;
}

function table(shape) {
  const names = ['min', 'p50', 'p90', 'p99', 'max'];
  const body = make('table', {}, row(['', ...names, 'x floor', 'cpu', 'memory'], 'th'));
  for (const series of shape.series) {
    const multiple = shape.metrics[`${series.operation}.${series.tool}/floor`];
    body.append(row([`${series.operation} ${series.tool}`, ...names.map(name => time(series.total_ns[name])),
      multiple ? digits(multiple) : '', series.cpu_ns ? time(series.cpu_ns) : '',
      series.max_rss_bytes ? size(series.max_rss_bytes) : '']));
    for (const [name, stage] of Object.entries(series.stages_ns))
      body.append(row([name, ...names.map(one => time(stage[one])), '', '', ''], 'td', { class: 'stage' }));
  }
  return make('div', { class: 'wide' }, body);
}

bars();
for (const shape of data.shapes) {
  const facts = [shape.processes && `${shape.processes} processes`, `${shape.tasks} tasks`,
    shape.image_bytes && `image ${size(shape.image_bytes)}`];
  if (shape.floor_ns) facts.push('floor: ' + Object.entries(shape.floor_ns)
    .map(([name, ns]) => `${name.replace('_', '-')} ${time(ns)}`).join(', '));
  const ratios = shape.ratios.map(ratio => make('p', {}, `${ratio.of}, ratio of pairs: ${digits(ratio.median)} `
    + `(${Math.floor(ratio.confidence * 100)}% confidence: ${digits(ratio.low)} to ${digits(ratio.high)}, ${ratio.pairs.length} pairs)`));
  document.getElementById('shapes').append(make('h2', {}, shape.shape),
    make('p', { class: 'facts' }, facts.filter(Boolean).join(' \u00b7 ')), samples(shape), stages(shape), ...ratios, table(shape));
}
