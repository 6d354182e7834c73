// What the canvas and the cloud share: unpacking maps, colours, the bar below a view, playing through the looks.
// Nothing here asks the server.

/** A value's maps as shades: per map one Float32Array, 0..1 from low to high, NaN where nothing was read. */
function zooMaps(value) {
  return value.maps.map((code) => {
    const bytes = Uint8Array.from(atob(code), (c) => c.charCodeAt(0));
    return Float32Array.from(new Uint16Array(bytes.buffer), (n) => (n ? (n - 1) / 65534 : NaN));
  });
}

/** The number behind a shade, and a number in three digits. */
const zooValue = (value, shade) => value.low + shade * (value.high - value.low);
const zooNumber = (n) => (Math.abs(n) >= 1e-3 || n === 0 ? String(+n.toPrecision(3)) : n.toExponential(1));

/** Mark of a colour scale, an array of [r, g, b], at 0..1. */
function zooMix(stops, at) {
  const place = Math.min(Math.max(at, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2), part = place - low;
  return stops[low].map((c, i) => c + (stops[low + 1][i] - c) * part);
}

/** The bar of one view: what the visitor chose of colours, opacity, threshold and gamma. */
class ZooBar {
  constructor(element, changed, play) {
    this.find = (name) => element.querySelector("." + name);
    this.changed = changed;
    this.signed = null;
    this.chosen = {};
    for (const name of ["opacity", "threshold", "gamma"]) this.find(name).addEventListener("input", () => this.update());
    this.find("scale").addEventListener("input", (event) => {
      this.chosen[this.kind] = event.target.value;
      this.update();
    });
    this.find("looks").addEventListener("click", () => (this.timer ? this.stop() : play()));
  }

  /** Fit the bar to a new value. */
  show(value) {
    this.value = value;
    this.kind = value.signed ? "signed" : "even";
    if (this.signed !== value.signed) {
      this.signed = value.signed;
      const names = Object.keys(zooScales[this.kind]);
      this.find("scale").innerHTML = names.map((name) => `<option>${name}</option>`).join("");
      this.find("scale").value = this.chosen[this.kind] || names[0];
    }
    this.find("low").textContent = zooNumber(value.low);
    this.find("high").textContent = zooNumber(value.high);
    this.find("looks").hidden = value.looks < 2;
    this.read();
  }

  update() {
    this.read();
    this.changed();
  }

  /** Take the choices and draw the scale as it is used now: bent by gamma, empty below the threshold. */
  read() {
    for (const name of ["opacity", "threshold", "gamma"]) this[name] = +this.find(name).value;
    this.stops = zooScales[this.kind][this.find("scale").value];
    const brush = this.find("ramp").getContext("2d");
    brush.clearRect(0, 0, 256, 1);
    for (let x = 0; x < 256; x++) {
      const [r, g, b, alpha] = this.colour(x / 255);
      brush.fillStyle = alpha ? `rgb(${r},${g},${b})` : "rgba(128,128,128,0.25)";
      brush.fillRect(x, 0, 1, 1);
    }
  }

  /** Colour and cover of one shade, [r, g, b, 0..1]; nothing where it was not read or lies below the threshold. */
  colour(shade) {
    const strength = this.signed ? Math.abs(2 * shade - 1) : shade;
    if (!(strength >= this.threshold)) return [0, 0, 0, 0];
    const bent = Math.pow(strength, this.gamma);
    const at = this.signed ? 0.5 + (Math.sign(shade - 0.5) * bent) / 2 : bent;
    return [...zooMix(this.stops, at), this.opacity * (0.12 + 0.88 * Math.pow(bent, 0.6))];
  }

  /** Show the looks one after the other, again and again, until stopped: `step` gets the look's number. */
  play(count, step) {
    this.stop();
    this.find("looks").textContent = "Stop";
    let at = 0;
    const next = () => step(at++ % count);
    this.ended = () => step(null);
    this.timer = setInterval(next, 900);
    next();
  }

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.find("looks").textContent = "Play the looks";
    this.ended();
  }
}
