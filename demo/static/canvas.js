// A picture, a spectrogram or a clip with a map over it. The server sends the input once an answer (props.base) and a
// map for every question (props.value); hovering, colours, the cursor, playing and the timeline need no server.
const find = (name) => element.querySelector("." + name);
const plot = find("plot"), strip = find("strip");
const BOTTOM = 22; // room for the axis of a sound, in CSS pixels
let base = null, images = [], maps = [], value = null; // what is shown
let area = null, rowOf = [], columnOf = []; // where it is shown, in device pixels, and the cell of each of them
let look = 0, cursor = null, loading = null;
const time = new ZooTimeline(element, draw);
const bar = new ZooBar(element, draw, () => (maps.length > 1 ? playLooks() : trigger("play")));

// --- what arrives ---

async function update() {
  const now = props.value;
  // A late map of another answer is not laid over this input; the server sends the right one after it.
  if (!now || !props.base || now.key !== props.base.key) return;
  if (!base || base.key !== now.key) {
    if (loading === now.key) return;
    loading = now.key;
    const loaded = await Promise.all(props.base.frames.map(load));
    if (loading !== now.key) return;
    [base, images, cursor] = [props.base, loaded, null];
    time.open(base);
    return update();
  }
  bar.stop();
  [value, maps, look] = [now, zooMaps(now), now.maps.length > 1 ? now.look : 0];
  bar.show(value);
  zooShown(element, base, value);
  plot.setAttribute("aria-label", `${value.text} Arrow keys move over the elements, Enter picks one.`);
  find("waiting").hidden = true;
  fit();
  if (maps.length > 1) playLooks();
}

async function load(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

function playLooks() {
  const asked = look;
  bar.play(maps.length, (at) => {
    look = at === null ? asked : at;
    draw();
    if (at !== null) find("readout").textContent = `look ${at + 1} of ${maps.length}`;
  });
}

// --- where things lie ---

function fit() {
  const box = find("stage").getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
  if (!base || !value || !box.width) return;
  const axes = Boolean(base.seconds);
  const left = axes ? ZOO_LEFT : 0, room = { w: box.width - left, h: box.height - (axes ? BOTTOM : 0) };
  const zoom = Math.min(room.w / base.width, room.h / base.height);
  const size = axes ? room : { w: base.width * zoom, h: base.height * zoom };
  [plot.width, plot.height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
  [strip.width, strip.height] = [Math.round(strip.clientWidth * ratio), Math.round(strip.clientHeight * ratio)];
  const part = (n) => Math.max(1, Math.round(n * ratio));
  area = { x: Math.round((left + (room.w - size.w) / 2) * ratio), y: 0, w: part(size.w), h: part(size.h), ratio };
  area.y = axes ? 0 : Math.round(((room.h - size.h) / 2) * ratio);
  const [, rows, columns] = value.shape, [x0, y0, x1, y1] = base.box;
  columnOf = cells(area.w, x0, x1, (u) => (base.columns ? between(base.columns, u) : Math.floor(u * columns)));
  rowOf = cells(area.h, y0, y1, (v) => Math.floor(v * rows));
  draw();
}

/** The cell of each pixel along one side, -1 outside what was read. */
function cells(length, from, to, cell) {
  return Int32Array.from({ length }, (_, i) => {
    const at = ((i + 0.5) / length - from) / (to - from);
    return at >= 0 && at < 1 ? cell(at) : -1;
  });
}

/** Index of the interval of rising `edges` that holds `at`. */
function between(edges, at) {
  let low = 0, high = edges.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= at) low = middle;
    else high = middle;
  }
  return low;
}

/** The rectangle of a cell, [x, y, width, height] in device pixels of the plot. */
function rectangle([x0, y0, x1, y1]) {
  const [bx0, by0, bx1, by1] = base.box;
  const x = (u) => area.x + (bx0 + u * (bx1 - bx0)) * area.w, y = (v) => area.y + (by0 + v * (by1 - by0)) * area.h;
  return [x(x0), y(y0), x(x1) - x(x0), y(y1) - y(y0)];
}

function edges(row, column) {
  const [, rows, columns] = value.shape;
  const x = base.columns || null;
  return [x ? x[column] : column / columns, row / rows, x ? x[column + 1] : (column + 1) / columns, (row + 1) / rows];
}

// --- drawing ---

function draw() {
  if (!area || !value) return;
  const pen = plot.getContext("2d");
  pen.clearRect(0, 0, plot.width, plot.height);
  pen.putImageData(overlay(), area.x, area.y);
  if (base.seconds) axes(pen);
  if (value.marked && value.marked.frames[0] <= time.frame && time.frame < value.marked.frames[1]) {
    outline(pen, rectangle(value.marked.box), 3);
  }
  if (cursor) outline(pen, rectangle(edges(...cursor)), 1.5);
  if (base.audio) {
    const [window, part] = time.window, high = area.h / base.starts.length;
    zooLine(element, pen, area.x + part * area.w, area.y + window * high, high, area.ratio);
  }
  if (base.times || base.audio) time.draw(moments(), value.signed, area.ratio);
}

/** The input nearly grey, darkened where it was not read, under the colours of the map; every cell has hard edges. */
function overlay() {
  const sheet = new OffscreenCanvas(area.w, area.h).getContext("2d", { willReadFrequently: true });
  sheet.drawImage(images[base.order[time.frame]], 0, 0, area.w, area.h);
  const picture = sheet.getImageData(0, 0, area.w, area.h), pixels = picture.data;
  const [, rows, columns] = value.shape, shades = maps[look], first = time.frame * rows * columns;
  const table = Float32Array.from({ length: 1025 * 4 }, () => 0);
  for (let i = 0; i <= 1024; i++) table.set(bar.colour(i / 1024), 4 * i);
  for (let y = 0, at = 0; y < area.h; y++) {
    for (let x = 0; x < area.w; x++, at += 4) {
      const inside = rowOf[y] >= 0 && columnOf[x] >= 0;
      const shade = inside ? shades[first + rowOf[y] * columns + columnOf[x]] : NaN;
      const dark = shade === shade ? 1 : 0.35; // not a number: not read
      const key = shade === shade ? 4 * Math.round(shade * 1024) : 0, cover = shade === shade ? table[key + 3] : 0;
      const grey = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
      for (let c = 0; c < 3; c++) {
        pixels[at + c] = (0.85 * grey + 0.15 * pixels[at + c]) * dark * (1 - cover) + table[key + c] * cover;
      }
    }
  }
  return picture;
}

function outline(pen, [x, y, w, h], width) {
  const grow = width * area.ratio;
  for (const [colour, line] of [["#000", 2 * grow], ["#fff", grow]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = line;
    pen.strokeRect(x - grow / 2, y - grow / 2, w + grow, h + grow);
  }
}

function axes(pen) {
  pen.fillStyle = getComputedStyle(plot).color;
  pen.font = `${12 * area.ratio}px sans-serif`;
  [pen.textAlign, pen.textBaseline] = ["right", "middle"];
  for (const [at, text] of base.yticks) {
    const y = Math.min(Math.max(at * area.h, 7 * area.ratio), area.h - 7 * area.ratio);
    pen.fillText(text, area.x - 6 * area.ratio, y);
  }
  pen.textBaseline = "top";
  for (const [at, text] of base.xticks) {
    pen.textAlign = at < 0.02 ? "left" : at > 0.97 ? "right" : "center";
    pen.fillText(text, area.x + at * area.w, area.h + 6 * area.ratio);
  }
}

// --- hovering, keys and clicks ---

function cellAt(event) {
  if (!area || !value) return null;
  const box = plot.getBoundingClientRect();
  const x = Math.floor((event.clientX - box.left) * area.ratio) - area.x;
  const y = Math.floor((event.clientY - box.top) * area.ratio) - area.y;
  return rowOf[y] >= 0 && columnOf[x] >= 0 ? [rowOf[y], columnOf[x]] : null;
}

function point(cell) {
  cursor = cell;
  find("readout").textContent = cell ? told(...cell) : "";
  draw();
}

/** The value of a cell and where it lies. */
function told(row, column) {
  const [, rows, columns] = value.shape, shade = maps[look][(time.frame * rows + row) * columns + column];
  const what = shade === shade ? `${zooNumber(zooValue(value, shade))} ${value.unit}` : "not read";
  const [x0, y0, x1, y1] = edges(row, column), [bx0, by0, bx1, by1] = base.box;
  const x = bx0 + ((x0 + x1) / 2) * (bx1 - bx0), y = by0 + ((y0 + y1) / 2) * (by1 - by0);
  if (base.seconds) return `${what} at ${(x * base.seconds).toFixed(2)} s, ${base.rows[row]}`;
  const when = base.times ? `frame ${time.frame + 1}, ` : "";
  return `${what} at ${when}pixel ${Math.floor(x * base.width)}, ${Math.floor(y * base.height)}`;
}

const pick = () => cursor && trigger("select", { index: [time.frame, ...cursor] });
plot.addEventListener("pointermove", (event) => point(cellAt(event)));
plot.addEventListener("pointerleave", () => point(null));
plot.addEventListener("click", (event) => (point(cellAt(event)), pick()));
plot.addEventListener("keydown", (event) => {
  if (!value) return;
  const [, rows, columns] = value.shape, step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (event.key === "Enter") pick();
  else if (step) {
    const [row, column] = cursor || [rows >> 1, columns >> 1];
    const held = (n, count) => Math.min(Math.max(n, 0), count - 1);
    point([held(row + step[0], rows), held(column + step[1], columns)]);
  } else return;
  event.preventDefault();
});

// --- over time ---

/** The mean shade of every moment, with where it starts and ends, 0..1 of all that was read. */
function moments() {
  const [count, rows, columns] = value.shape, shades = maps[look];
  const mean = (list) => list.reduce((a, b) => a + b, 0) / (list.length || 1);
  const read = (list) => mean(list.filter((shade) => shade === shade));
  if (base.times) {
    return base.times.map((_, i) => [i / count, (i + 1) / count, read(shades.subarray(i * rows * columns, (i + 1) * rows * columns))]);
  }
  const windows = base.starts.length, high = rows / windows; // rows of the map in each
  return Array.from({ length: windows * columns }, (_, i) => {
    const window = Math.floor(i / columns), column = i % columns, [from, , to] = edges(0, column);
    const own = Array.from({ length: high }, (_, row) => shades[(window * high + row) * columns + column]);
    return [(window + from) / windows, (window + to) / windows, read(own)];
  });
}

new ResizeObserver(fit).observe(find("stage"));
watch("value", update);
update();
