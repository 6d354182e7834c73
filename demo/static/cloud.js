// Draws the points once an answer (props.base); maps (props.value) only restyle them, so the camera and the one WebGL
// context stay. The points lie in the unit sphere, so a cube of fixed ranges shows every shape whole.
const find = (name) => element.querySelector("." + name);
const plot = find("cloud");
const bar = new ZooBar(element, draw, () => (maps.length > 1 ? playLooks() : trigger("play")));
const axis = { visible: false, showspikes: false, range: [-1, 1] };
const layout = {
  margin: { l: 0, r: 0, t: 0, b: 0 },
  paper_bgcolor: "rgba(0,0,0,0)",
  showlegend: false,
  uirevision: "camera",
  scene: { xaxis: axis, yaxis: axis, zaxis: axis, aspectmode: "cube", camera: { eye: { x: 0.8, y: -0.8, z: 0.45 } } },
};
const config = { responsive: true, displaylogo: false, modeBarButtons: [["toImage", "resetCameraDefault3d"]] };
const DIM = [128, 128, 134];
let base = null, maps = [], value = null, look = 0;
let hovered = null, pressed = null; // the point under the pointer, and where a button went down

function update() {
  const now = props.value;
  // A late map of another answer is not laid on these points; the server sends the right one after it.
  if (!now || !props.base || now.key !== props.base.key) return;
  if (!window.Plotly) {
    zooPlotly().then(update, () => (find("waiting").textContent = "The 3D view's script did not come: reload the page."));
    return;
  }
  bar.stop();
  [base, value, maps, look] = [props.base, now, zooMaps(now), now.maps.length > 1 ? now.look : 0];
  bar.show(value);
  zooShown(element, base, value);
  plot.setAttribute("aria-label", value.text);
  find("waiting").hidden = true;
  draw();
  if (maps.length > 1) playLooks();
}

function playLooks() {
  const asked = look;
  bar.play(maps.length, (at) => {
    look = at === null ? asked : at;
    draw();
    if (at !== null) find("readout").textContent = `look ${at + 1} of ${maps.length}`;
  });
}

/** The colour of a point: laid over grey, faint where it lies below the threshold or was not read. */
function colour(shade) {
  const [r, g, b, cover] = bar.colour(shade);
  if (!cover) return `rgba(${DIM},0.15)`;
  return `rgb(${[r, g, b].map((c, i) => Math.round(c * bar.opacity + DIM[i] * (1 - bar.opacity)))})`;
}

function draw() {
  if (!value) return;
  const [x, y, z] = base.unit, size = x.length > 4000 ? 2 : x.length > 300 ? 4 : 7;
  const points = {
    type: "scatter3d", mode: "markers", x, y, z, hoverinfo: "none",
    marker: { size, color: Array.from(maps[look], colour), opacity: 1, line: { color: "rgba(128,128,128,0.4)", width: plot.clientWidth < 480 ? 0 : 1 } },
  };
  const at = value.marked === null ? [] : [value.marked];
  const marked = {
    type: "scatter3d", mode: "markers", hoverinfo: "skip",
    x: at.map((i) => x[i]), y: at.map((i) => y[i]), z: at.map((i) => z[i]),
    marker: { size: 2.2 * size, symbol: "circle-open", color: getComputedStyle(plot).color, line: { width: 3 } },
  };
  Plotly.react(plot, [points, marked], layout, config);
  listen();
}

/** Plotly's events exist once it has drawn. */
function listen() {
  if (plot.listening) return;
  plot.listening = true;
  plot.on("plotly_hover", ({ points: [{ pointNumber: i }] }) => {
    hovered = i;
    const shade = maps[look][i], place = base.points[i].map((n) => zooNumber(n)).join(", ");
    const what = shade === shade ? `${zooNumber(zooValue(value, shade))} ${value.unit}` : "not read";
    find("readout").textContent = `${what} at point ${i + 1} (${place})`;
  });
  plot.on("plotly_unhover", () => {
    hovered = null;
    find("readout").textContent = "";
  });
  // A click picks, a drag turns: Plotly's own click comes with both.
  plot.addEventListener("pointerdown", (event) => (pressed = [event.clientX, event.clientY]), true);
  plot.addEventListener("pointerup", (event) => {
    const still = pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < 4;
    if (still && hovered !== null) trigger("select", { index: [hovered] });
  }, true);
}

watch("value", update);
update();
