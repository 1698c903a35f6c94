'use strict';
(() => {
const data = JSON.parse(document.getElementById('data').textContent);
const byId = id => document.getElementById(id);
const column = name => Float64Array.from(data[name] ? data[name].split(' ') : []);
const pid = column('pid'), kind = column('kind'), name = column('name');
const arrived = column('arrived'), start = column('start'), end = column('end'), failed = column('failed');
const tasks = pid.length, words = data.words;
const rowOf = new Map();
for (let i = 0; i < tasks; i++) rowOf.set(pid[i], i);
const captured = !arrived.some(at => at >= 0);

// ---- what is seen: a window of time (us) and of rows ----
const GUTTER = 190, AXIS = 20, LANE = 22, TALLEST = 20, LABELS = 9;
const lanes = [['phases', data.phases, '--phase']];
if (data.stages.length) lanes.push(['stages', data.stages, '--stage']);
if (data.scripts.length) lanes.push(['actions', data.scripts, '--script']);
const upper = AXIS + lanes.length * LANE + 6;
const canvas = byId('canvas'), pen = canvas.getContext('2d');
let width = 0, height = 0, from = 0, to = data.length, rowHeight = 1, firstRow = 0, marked = -1, matches = null;
let colors = {};

function readColors() {
  const style = getComputedStyle(document.documentElement);
  for (const key of ['back', 'panel', 'ink', 'faint', 'line', 'wait', 'baton', 'after', 'bad', 'phase', 'stage',
    'script', 'mark']) colors['--' + key] = style.getPropertyValue('--' + key).trim();
}

const plot = () => Math.max(50, width - GUTTER - 8);
const x = at => GUTTER + (at - from) / (to - from) * plot();
const timeAt = px => from + (px - GUTTER) / plot() * (to - from);
const y = row => upper + (row - firstRow) * rowHeight;
const rowAt = py => Math.floor((py - upper) / rowHeight + firstRow);
const fitting = () => Math.min(TALLEST, Math.max(0.05, (height - upper - 4) / Math.max(1, tasks)));
const visibleRows = () => (height - upper) / rowHeight;

function time(us) {
  if (us >= 1e6) return (us / 1e6).toFixed(3) + ' s';
  return us >= 1000 ? (us / 1000).toFixed(us >= 1e5 ? 1 : 3) + ' ms' : Math.round(us) + ' \u00b5s';
}

const exact = us => (us / 1000).toFixed(3) + ' ms';

function clampView() {
  const shortest = Math.min(20, data.length);
  const span = Math.min(data.length, Math.max(shortest, to - from));
  from = Math.max(0, Math.min(from, data.length - span));
  to = from + span;
  rowHeight = Math.max(fitting(), Math.min(TALLEST, rowHeight));
  firstRow = Math.max(0, Math.min(firstRow, tasks - visibleRows()));
}

let asked = false;
function redraw() {
  if (!asked) {
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  }
}

function draw() {
  clampView();
  const scale = devicePixelRatio || 1;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.fillStyle = colors['--back'];
  pen.fillRect(0, 0, width, height);
  pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
  pen.textBaseline = 'middle';
  drawTasks();
  pen.fillStyle = colors['--back'];
  pen.fillRect(0, 0, width, upper - 3);
  drawAxis();
  lanes.forEach((lane, i) => drawLane(lane, AXIS + i * LANE));
}

function axisLabel(at, unit) {
  const [size, name] = unit >= 1e5 ? [1e6, ' s'] : [1e3, ' ms'];
  return (at / size).toFixed(Math.max(0, Math.ceil(Math.log10(size / unit) - 1e-9))) + name;
}

function drawAxis() {
  const span = to - from, steps = plot() / 110;
  let unit = Math.pow(10, Math.floor(Math.log10(span / steps)));
  for (const factor of [1, 2, 5, 10]) if (span / (unit * factor) <= steps) { unit *= factor; break; }
  pen.textAlign = 'center';
  for (let at = Math.ceil(from / unit) * unit; at <= to; at += unit) {
    const px = Math.round(x(at)) + 0.5;
    pen.strokeStyle = colors['--line'];
    pen.beginPath(); pen.moveTo(px, AXIS - 4); pen.lineTo(px, height); pen.stroke();
    pen.fillStyle = colors['--faint'];
    if (px < width - 24) pen.fillText(axisLabel(at, unit), px, 8);
  }
}

function drawLane([title, bars, color], py) {
  pen.textAlign = 'right';
  pen.fillStyle = colors['--faint'];
  pen.fillText(title, GUTTER - 8, py + LANE / 2);
  pen.textAlign = 'left';
  bars.forEach(([label, begin, finish], i) => {
    if (finish < from || begin > to) return;
    const left = Math.max(GUTTER, x(begin)), right = Math.min(width - 4, Math.max(x(finish), left + 1));
    pen.globalAlpha = i % 2 ? 0.62 : 0.85;
    pen.fillStyle = colors[color];
    pen.fillRect(left, py + 3, Math.max(1, right - left - (right - left > 3 ? 1 : 0)), LANE - 6);
    pen.globalAlpha = 1;
    pen.fillStyle = '#fff';
    fitText(label, left + 4, py + LANE / 2, right - left - 8);
  });
}

function fitText(text, px, py, room) {
  if (room < 16) return;
  let shown = text;
  while (shown && pen.measureText(shown + (shown === text ? '' : '\u2026')).width > room) shown = shown.slice(0, -1);
  if (shown.length > 2 || shown === text) pen.fillText(shown === text ? text : shown + '\u2026', px, py);
}

function drawTasks() {
  const last = Math.min(tasks, Math.ceil(firstRow + visibleRows()) + 1);
  const gap = rowHeight >= 6 ? 1 : 0, labels = rowHeight >= LABELS;
  const thick = Math.max(1, rowHeight - 2 * gap);
  const bar = (begin, finish, row, color, least) => {
    if (finish < from || begin > to) return;
    const left = Math.max(GUTTER, x(begin)), right = Math.min(width - 4, x(finish));
    pen.fillStyle = color;
    pen.fillRect(left, y(row) + gap, Math.max(least, right - left), thick);
  };
  const first = Math.max(0, Math.floor(firstRow));
  for (let row = first; row < last; row++) {
    if (row === marked) {
      pen.fillStyle = colors['--mark'];
      pen.fillRect(0, y(row), width, Math.max(2, rowHeight));
    }
    if (matches && !matches.has(row) && row !== marked) pen.globalAlpha = 0.25;
    if (arrived[row] >= 0) {
      const until = start[row] >= 0 ? start[row] : failed[row] >= 0 ? failed[row] : data.length;
      bar(arrived[row], until, row, colors['--wait'], 0);
    }
    if (end[row] >= 0 && !captured) bar(end[row], data.length, row, colors['--after'], 0);
    pen.globalAlpha = 1;
  }
  for (let row = first; row < last; row++) { // above all others, where rows are thinner than a pixel
    if (matches && !matches.has(row) && row !== marked) pen.globalAlpha = 0.25;
    if (start[row] >= 0) bar(start[row], end[row], row, colors['--baton'], 1.5);
    if (failed[row] >= 0) bar(failed[row], failed[row], row, colors['--bad'], 5);
    pen.globalAlpha = 1;
  }
  if (labels) drawLabels(first, last);
  else overviewLabels();
  pen.strokeStyle = colors['--line'];
  pen.beginPath(); pen.moveTo(GUTTER - 0.5, 0); pen.lineTo(GUTTER - 0.5, height); pen.stroke();
}

function drawLabels(first, last) {
  for (let row = first; row < last; row++) {
    const py = y(row) + rowHeight / 2;
    pen.textAlign = 'right';
    pen.fillStyle = colors['--ink'];
    pen.fillText(String(pid[row]), 62, py);
    pen.textAlign = 'left';
    fitText(words[name[row]] || '', 68, py, 72);
    pen.fillStyle = colors['--faint'];
    fitText(words[kind[row]] || '', 142, py, GUTTER - 146);
  }
}

function overviewLabels() {
  const step = Math.max(1, Math.ceil(26 / rowHeight));
  pen.textAlign = 'right';
  pen.fillStyle = colors['--faint'];
  for (let row = Math.ceil(firstRow / step) * step; row < tasks && y(row) < height - 6; row += step) {
    pen.fillText('pid ' + pid[row], GUTTER - 24, y(row) + 6);
    pen.fillRect(GUTTER - 16, y(row), 10, 1);
  }
}

// ---- moving ----
function zoomTime(factor, px) {
  const at = timeAt(px === undefined ? GUTTER + plot() / 2 : px), span = Math.min(data.length, (to - from) * factor);
  const share = (at - from) / (to - from);
  from = at - span * share;
  to = from + span;
  redraw();
}

function zoomRows(factor, py) {
  const centre = py === undefined ? upper + (height - upper) / 2 : py;
  const at = (centre - upper) / rowHeight + firstRow;
  rowHeight = Math.max(fitting(), Math.min(TALLEST, rowHeight * factor));
  firstRow = at - (centre - upper) / rowHeight;
  redraw();
}

function showAll() {
  from = 0; to = data.length; rowHeight = fitting(); firstRow = 0;
  redraw();
}

function goTo(row) {
  marked = row;
  rowHeight = Math.max(rowHeight, 14);
  firstRow = row - visibleRows() / 2;
  if (start[row] >= 0) {
    const span = Math.max((end[row] - start[row]) * 8, data.length / 400);
    if (to - from > span * 4 || start[row] < from || end[row] > to) {
      from = (start[row] + end[row] - span) / 2; to = from + span;
    }
  }
  redraw();
}

canvas.addEventListener('wheel', event => {
  event.preventDefault();
  const factor = Math.exp(event.deltaY * 0.0015);
  if (event.ctrlKey || event.metaKey) zoomTime(factor, event.offsetX);
  else if (event.altKey) zoomRows(1 / factor, event.offsetY);
  else {
    firstRow += event.deltaY / rowHeight;
    const sideways = (event.shiftKey ? event.deltaY : event.deltaX) / plot() * (to - from);
    if (event.shiftKey) firstRow -= event.deltaY / rowHeight;
    from += sideways; to += sideways;
    redraw();
  }
}, { passive: false });

let grip = null;
canvas.addEventListener('pointerdown', event => {
  grip = { x: event.offsetX, y: event.offsetY, from, to, firstRow };
  canvas.setPointerCapture(event.pointerId);
  canvas.classList.add('drag');
});
canvas.addEventListener('pointerup', event => {
  if (grip && Math.abs(event.offsetX - grip.x) + Math.abs(event.offsetY - grip.y) < 3) {
    const row = rowAt(event.offsetY);
    marked = event.offsetY > upper && row < tasks ? row : -1;
    redraw();
  }
  grip = null;
  canvas.classList.remove('drag');
});
canvas.addEventListener('pointermove', event => {
  if (grip) {
    const moved = (event.offsetX - grip.x) / plot() * (grip.to - grip.from);
    from = grip.from - moved; to = grip.to - moved;
    firstRow = grip.firstRow - (event.offsetY - grip.y) / rowHeight;
    redraw();
  } else tip(event.offsetX, event.offsetY);
});
canvas.addEventListener('pointerleave', () => { byId('tip').hidden = true; });
canvas.addEventListener('dblclick', showAll);
canvas.addEventListener('keydown', event => {
  const step = (to - from) / 10, page = visibleRows() * 0.9;
  const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    PageUp: [0, -page], PageDown: [0, page], Home: [0, -tasks], End: [0, tasks] }[event.key];
  if (move) { from += move[0]; to += move[0]; firstRow += move[1]; redraw(); }
  else if (event.key === '+') zoomTime(0.7);
  else if (event.key === '-') zoomTime(1 / 0.7);
  else if (event.key === '0') showAll();
  else return;
  event.preventDefault();
});

function tip(px, py) {
  const lane = lanes[Math.floor((py - AXIS) / LANE)], at = timeAt(px), row = rowAt(py);
  let text = '';
  if (py > AXIS && py < upper - 6 && lane) {
    const close = (to - from) / plot() * 2;
    const hit = lane[1].find(bar => bar[1] - close <= at && at <= bar[2] + close);
    if (hit) text = hit[0] + ': ' + time(hit[2] - hit[1]) + '\nfrom ' + time(hit[1]) + (hit[3] ? '\n' + hit[3] : '');
  } else if (py > upper && row < tasks && row >= 0) text = describe(row);
  const box = byId('tip');
  box.hidden = !text;
  box.textContent = text;
  box.style.left = Math.min(px + 14, width - 240) + 'px';
  box.style.top = Math.min(py + 14, height - 110) + 'px';
}

function describe(row) {
  const lines = ['pid ' + pid[row] + '  ' + (words[name[row]] || '') + '  ' + (words[kind[row]] || '')];
  if (arrived[row] >= 0) lines.push('arrived at ' + exact(arrived[row]));
  if (start[row] >= 0) {
    lines.push((captured ? 'captured from ' : 'took the baton at ') + exact(start[row]) + ', for '
      + time(end[row] - start[row]));
  } else if (!captured) lines.push('did not get the baton');
  if (failed[row] >= 0) lines.push('failed at ' + exact(failed[row]));
  return lines.join('\n');
}

// ---- finding ----
function search() {
  const wanted = byId('search').value.trim().toLowerCase();
  matches = null;
  if (wanted) {
    matches = new Set();
    for (let i = 0; i < tasks; i++) {
      if (String(pid[i]) === wanted || (words[name[i]] || '').toLowerCase().includes(wanted)
        || (words[kind[i]] || '') === wanted) matches.add(i);
    }
  }
  byId('found').textContent = wanted ? matches.size + ' found' : '';
  if (matches && matches.size) goTo(matches.values().next().value);
  else redraw();
}
byId('search').addEventListener('input', search);
byId('search').addEventListener('keydown', event => {
  if (event.key === 'Enter' && matches && matches.size) {
    const all = [...matches], at = all.indexOf(marked);
    goTo(all[(at + 1) % all.length]);
  }
});

// ---- what stands around it ----
function list(id, rows) {
  const table = byId(id);
  if (!rows.length) table.parentNode.hidden = true;
  for (const [task, micros, what] of rows) {
    const line = table.insertRow();
    line.dataset.pid = task;
    line.tabIndex = 0;
    for (const text of [time(micros), task, what]) line.insertCell().textContent = text;
    const go = () => { if (rowOf.has(task)) goTo(rowOf.get(task)); };
    line.addEventListener('click', go);
    line.addEventListener('keydown', event => { if (event.key === 'Enter') go(); });
  }
}

function resize() {
  const box = byId('stage').getBoundingClientRect(), scale = devicePixelRatio || 1;
  const wasAll = rowHeight <= fitting();
  width = box.width; height = box.height;
  canvas.width = width * scale; canvas.height = height * scale;
  if (wasAll) rowHeight = fitting();
  redraw();
}

document.title = data.title + ' \u2013 baton timeline';
byId('title').textContent = data.title;
byId('outcome').textContent = data.outcome;
byId('outcome').classList.toggle('bad', !data.ok);
byId('facts').textContent = [tasks + ' tasks', time(data.length), 'root pid ' + data.root,
  new Date(data.begun).toISOString().replace('T', ' ').replace('Z', ' UTC'), data.id]
  .concat(data.lost ? [data.lost + ' records found no room'] : []).join('  \u00b7  ');
byId('failure').textContent = data.failure;
byId('failure').hidden = !data.failure;
for (const part of document.querySelectorAll('.restore')) part.hidden = captured;
byId('barName').textContent = captured ? 'is captured' : 'has the baton';
const nameOf = task => rowOf.has(task) ? words[name[rowOf.get(task)]] : '';
list('slowTasks', data.slowTasks.map(task => {
  const row = rowOf.get(task);
  return [task, end[row] - start[row], nameOf(task) + ' (' + words[kind[row]] + ')'];
}));
list('slowInstructions', data.slowInstructions.map(([task, what, micros]) => [task, micros, what + ' \u2013 '
  + nameOf(task)]));
byId('timeIn').onclick = () => zoomTime(0.6);
byId('timeOut').onclick = () => zoomTime(1 / 0.6);
byId('rowsIn').onclick = () => zoomRows(1.6);
byId('rowsOut').onclick = () => zoomRows(1 / 1.6);
byId('all').onclick = showAll;
byId('tree').hidden = !data.stages.length;
byId('tree').onclick = () => { from = data.stages[0][1]; to = data.stages[data.stages.length - 1][2]; rowHeight = fitting(); redraw(); };
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { readColors(); redraw(); });
readColors();
new ResizeObserver(resize).observe(byId('stage'));
rowHeight = 0;
resize();
rowHeight = fitting();
draw();
document.body.dataset.drawn = Math.round(performance.now());
})();
