// The timeline below a canvas: of a clip it is the frame that is shown, of a sound the moment that is heard, one window
// after the other. All views of one answer are at the same share of what was read: where one goes, the others follow.

const ZOO_LEFT = 64; // CSS pixels left of a timeline, and of a sound

function zooLine(element, pen, x, y, height, ratio) {
  pen.fillStyle = getComputedStyle(element).getPropertyValue("--color-accent");
  pen.fillRect(x - ratio, y, 2 * ratio, height);
}

class ZooTimeline {
  /** changed: called when another frame or moment is to be drawn. */
  constructor(element, changed) {
    [this.element, this.changed] = [element, changed];
    this.find = (name) => element.querySelector("." + name);
    [this.strip, this.run, this.sound] = [this.find("strip"), this.find("run"), new Audio()];
    [this.base, this.frame, this.moment, this.timer] = [null, 0, 0, null];
    this.sound.addEventListener("ended", () => (this.stop(), this.seek(0)));
    this.run.addEventListener("click", () => this.playOrPause());
    this.strip.addEventListener("pointerdown", (event) => {
      this.strip.setPointerCapture(event.pointerId);
      this.slide(event);
    });
    this.strip.addEventListener("pointermove", (event) => event.buttons && this.slide(event));
    this.strip.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("zoo-moment", ({ detail }) => this.join(detail));
  }

  /** Begin with another answer's base. */
  open(base) {
    this.stop();
    [this.base, this.frame, this.moment] = [base, 0, 0];
    this.find("moments").hidden = !base.times && !base.audio;
    if (base.audio) this.sound.src = base.audio;
  }

  /** Seconds of a sound, all its windows together. */
  get length() {
    return this.base.seconds * this.base.starts.length;
  }

  /** The window that is heard, and the share of it that was heard before. */
  get window() {
    const at = this.moment / this.base.seconds, window = Math.min(Math.floor(at), this.base.starts.length - 1);
    return [window, at - window];
  }

  /** Where the timeline is, 0..1 of all that was read. */
  get share() {
    return this.base.times ? (this.frame + 0.5) / this.base.times.length : this.moment / this.length;
  }

  get text() {
    const { times, starts, seconds } = this.base;
    if (times) return `frame ${this.frame + 1} of ${times.length}, ${times[this.frame].toFixed(2)} s`;
    const [window, part] = this.window;
    if (starts.length === 1) return `${this.moment.toFixed(2)} of ${seconds.toFixed(2)} s`;
    return `window ${window + 1} of ${starts.length}, ${(starts[window] + part * seconds).toFixed(2)} s`;
  }

  /** Draw a bar for every moment, [from, to, shade], from and to 0..1, and where the timeline is. */
  draw(bars, signed, ratio) {
    if (!this.strip.width) return;
    const left = ZOO_LEFT * ratio, wide = this.strip.width - left, high = this.strip.height;
    const pen = this.strip.getContext("2d");
    const rest = signed ? 0.5 : 0, ground = signed ? high / 2 : high, gap = this.base.times ? ratio : 0;
    const most = Math.max(...bars.map(([, , shade]) => Math.abs(shade - rest)), 1e-9);
    pen.clearRect(0, 0, this.strip.width, high);
    pen.fillStyle = getComputedStyle(this.strip).color;
    for (const [from, to, shade] of bars) {
      const tall = ((shade - rest) / most) * ground;
      pen.fillRect(left + from * wide, ground - Math.max(tall, 0), (to - from) * wide - gap, Math.abs(tall) || 1);
    }
    zooLine(this.element, pen, left + this.share * wide, 0, high, ratio);
    this.tell();
  }

  tell() {
    const { times } = this.base;
    this.find("clock").textContent = this.text;
    const told = { valuemin: 0, valuemax: times ? times.length - 1 : this.length, valuetext: this.text };
    told.valuenow = times ? this.frame : this.moment.toFixed(2);
    for (const [name, content] of Object.entries(told)) this.strip.setAttribute("aria-" + name, content);
  }

  place(share) {
    share = Math.min(Math.max(share, 0), 1);
    const { times } = this.base;
    if (times) this.frame = Math.min(Math.floor(share * times.length), times.length - 1);
    else this.moment = share * this.length;
  }

  seek(share) {
    this.place(share);
    if (this.base.audio) this.sound.currentTime = this.moment;
    this.moved();
  }

  /** Draw what is here now, and have the other views of this answer come along. */
  moved() {
    const detail = { from: this, key: this.base.key, share: this.share };
    document.dispatchEvent(new CustomEvent("zoo-moment", { detail }));
    this.changed();
  }

  join({ from, key, share }) {
    if (from === this || !this.base || this.base.key !== key) return;
    this.stop();
    const before = [this.frame, this.moment].join();
    this.place(share);
    if (before !== [this.frame, this.moment].join()) this.changed();
  }

  follow() {
    if (this.base.audio) {
      this.moment = Math.min(this.sound.currentTime, this.length);
      this.timer = requestAnimationFrame(() => this.follow());
    } else {
      this.frame = (this.frame + 1) % this.base.times.length;
      this.timer = setTimeout(() => this.follow(), 1000 * this.base.step);
    }
    this.moved();
  }

  stop() {
    cancelAnimationFrame(this.timer);
    clearTimeout(this.timer);
    this.timer = null;
    this.sound.pause();
    this.run.textContent = "Play";
  }

  playOrPause() {
    if (this.timer) return this.stop();
    this.run.textContent = "Pause";
    if (this.base.audio) {
      this.sound.currentTime = this.moment; // another view may have moved it
      this.sound.play().catch(() => this.stop());
    }
    this.follow();
  }

  slide(event) {
    const box = this.strip.getBoundingClientRect();
    this.seek((event.clientX - box.left - ZOO_LEFT) / (box.width - ZOO_LEFT));
  }

  key(event) {
    if (!this.base) return;
    const step = this.base.times ? 1 / this.base.times.length : 0.01;
    const to = { ArrowLeft: this.share - step, ArrowRight: this.share + step, Home: 0, End: 1 }[event.key];
    if (event.key === " ") this.playOrPause();
    else if (to !== undefined) this.seek(to);
    else return;
    event.preventDefault();
  }
}
