"""How a camera moves: a random path for each of the eleven kinds of camera work.

Said of the camera, not of the content. "pan right": the camera turns right, so the content moves LEFT across
the frame. "tilt up": the camera tilts up, the content moves DOWN. "zoom in": the content grows. "roll
clockwise": the camera rolls clockwise as seen from behind it, so the content turns COUNTER-clockwise on the
frame. "shake": irregular back-and-forth without a lasting direction. "cut": one abrupt change to another
picture within the clip, with a resting or gently moving camera before and after it. "static": the camera
rests, while objects may move and light may change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

CLASSES = (
    "static",
    "pan left",
    "pan right",
    "tilt up",
    "tilt down",
    "zoom in",
    "zoom out",
    "roll clockwise",
    "roll counter-clockwise",
    "shake",
    "cut",
)
FRAMES = 12  # frames a clip
RATE = 8.0  # frames a second

TRAVEL = (0.11, 2.25)  # pan and tilt: frame widths over the whole clip
ZOOM = (1.15, 2.5)  # how often the content's size, start to end (or end to start)
ROLL = (10.0, 90.0)  # degrees over the whole clip
SHAKE = (0.03, 0.12)  # amplitude in frame widths
STEPS = 6  # path samples a frame, for motion blur and rolling shutter
REST = 0.012  # a resting camera drifts and trembles by less than this, in frame widths: 0.6 of 48 px
# mean way of a frame's points, in frame widths, for one unit of each kind of motion
REACH = {"pan": 1.0, "tilt": 1.0, "zoom": 0.38, "roll": 0.38}


@dataclass(frozen=True)
class CameraPath:
    """Where a camera looks at each moment, relative to a base window one frame width wide.

    times [K] in frames. x, y [K]: shift along the camera's own right and down, in frame widths. log_scale
    [K]: log of the width seen over the base width (falls while zooming in). angle [K]: radians, clockwise.
    """

    times: np.ndarray
    x: np.ndarray
    y: np.ndarray
    log_scale: np.ndarray
    angle: np.ndarray

    def at(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """x, y, log_scale, angle at the given moments (in frames), each in the shape of `times`."""
        x, y = np.interp(times, self.times, self.x), np.interp(times, self.times, self.y)
        return x, y, np.interp(times, self.times, self.log_scale), np.interp(times, self.times, self.angle)


def draw_path(
    rng: np.random.Generator, label: int, frames: int = FRAMES, room: tuple[float, float] = (4.0, 4.0)
) -> CameraPath:
    """A random path of class `label`; for "cut", the camera's on one side of it.

    room: how many of the smallest windows fit across and down the photograph; bounds long moves.
    """
    name = CLASSES[label]
    times = np.arange(-STEPS, frames * STEPS + 1) / STEPS
    if name == "static":
        return _resting(rng, times, frames, REST)
    if name == "shake":
        return _shaking(rng, times, frames)
    if name == "cut":
        if rng.random() < 0.8:
            return _resting(rng, times, frames, REST if rng.random() < 0.6 else 0.08)
        # one may also cut into or out of a gentle move
        name, room = str(rng.choice(CLASSES[1:9])), (1.6, 1.6)
    return _moving(rng, times, frames, name, room)


def _moving(
    rng: np.random.Generator, times: np.ndarray, frames: int, name: str, room: tuple[float, float]
) -> CameraPath:
    """One steady pan, tilt, zoom or roll, with slight motion of the other kinds and the tremor of a hand."""
    kind = name.split()[0]
    sign = 1.0 if name in ("pan right", "tilt down", "zoom out", "roll clockwise") else -1.0
    if kind in ("pan", "tilt"):
        amount = _log_uniform(rng, TRAVEL[0], min(TRAVEL[1], max(0.3, room[kind == "tilt"] - 1.3)))
    elif kind == "zoom":
        amount = math.log(_log_uniform(rng, ZOOM[0], min(ZOOM[1], max(1.3, min(room)))))
    else:
        amount = math.radians(_log_uniform(rng, ROLL[0], min(ROLL[1], 40 * min(room))))
    main = amount * REACH[kind]
    moves = _secondary(rng, kind, main)
    moves[kind] = sign * amount
    progress = _progress(rng, times, frames)
    own = progress if rng.random() < 0.6 else _progress(rng, times, frames)
    pan, tilt, zoom, roll = (
        moves[k] * (progress if k == kind else own) for k in ("pan", "tilt", "zoom", "roll")
    )
    if kind in ("zoom", "roll"):
        pan, tilt = _about(rng, pan, tilt, zoom, roll, 0.3 if kind == "zoom" else 0.12)
    # the more a camera is moved, the less steady the hand; never so much that it hides the move
    unrest = min(0.08 * main, 0.02) * rng.random() ** 2
    hand = _tremor(rng, times, 0.5, 3.5)
    return CameraPath(
        times,
        pan + unrest * hand[0],
        tilt + unrest * hand[1],
        zoom + 0.5 * unrest * hand[2],
        roll + unrest * hand[3] + _lean(rng, kind),
    )


def _resting(rng: np.random.Generator, times: np.ndarray, frames: int, most: float) -> CameraPath:
    """A camera at rest: tripod or steady hand; drift and tremor together stay under `most` frame widths."""
    drift = most * rng.random(3) ** 2 * rng.uniform(-0.5, 0.5, 3)
    tremor = most * 0.35 * rng.random() ** 2 * (rng.random() < 0.7)
    hand, line = _tremor(rng, times, 0.5, 3.5), times / frames
    return CameraPath(
        times,
        drift[0] * line + tremor * hand[0],
        drift[1] * line + tremor * hand[1],
        drift[2] * line + 0.3 * tremor * hand[2],
        0.5 * tremor * hand[3] + _lean(rng, "static"),
    )


def _shaking(rng: np.random.Generator, times: np.ndarray, frames: int) -> CameraPath:
    """Back and forth in both directions, with a little roll and zoom, without net drift."""
    amplitude = _log_uniform(rng, *SHAKE)
    hand = _tremor(rng, times, 1.6, 4.0)
    # how much of the shake goes across and how much up and down
    share = rng.uniform(0.15, 1.0, 2)
    share /= share.max()
    seen = (times >= 0) & (times <= frames - 1)
    line = np.stack([np.ones_like(times), times], 1)
    for v in hand:
        v -= line @ np.linalg.lstsq(line[seen], v[seen], rcond=None)[0]
    hand /= np.abs(hand[:, seen]).max(1, keepdims=True)
    if rng.random() < 0.25:  # comes up or dies down
        hand *= np.interp(times, [0, frames - 1], rng.permutation([0.35, 1.0]))
    roll, zoom = rng.uniform(0, 0.6, 2) * amplitude
    return CameraPath(
        times,
        amplitude * share[0] * hand[0],
        amplitude * share[1] * hand[1],
        zoom * hand[2] * 0.5,
        roll * hand[3] + _lean(rng, "shake"),
    )


def _secondary(rng: np.random.Generator, kind: str, main: float) -> dict[str, float]:
    """Slight motion of the other kinds, at most a fifth of the main one in mean displacement."""
    part = 0.2 * main * rng.uniform(-1, 1, 4) * rng.random() * (rng.random(4) < 0.5)
    limits = {"pan": 0.2, "tilt": 0.2, "zoom": 0.15, "roll": 0.14}
    parts = zip(limits, part, strict=True)
    return {k: float(np.clip(p / REACH[k], -limits[k], limits[k])) for k, p in parts if k != kind}


def _about(
    rng: np.random.Generator,
    pan: np.ndarray,
    tilt: np.ndarray,
    zoom: np.ndarray,
    roll: np.ndarray,
    most: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Shift the path so that zoom and roll happen about a point up to `most` frame widths off the centre."""
    if rng.random() < 0.4:
        return pan, tilt
    fx, fy = rng.uniform(-most, most, 2)
    scale = np.exp(zoom)
    x = fx - scale * (np.cos(roll) * fx - np.sin(roll) * fy)
    y = fy - scale * (np.sin(roll) * fx + np.cos(roll) * fy)
    return pan + x, tilt + y


def _progress(rng: np.random.Generator, times: np.ndarray, frames: int) -> np.ndarray:
    """[K] from 0 to 1, never falling: how much of the move is done; moving for at least half of the clip."""
    last = frames - 1
    start, stop = 0.0, float(last)
    if rng.random() < 0.3:
        share = rng.uniform(0.5, 1.0)
        start = rng.choice([0.0, 1.0, rng.random()]) * (1 - share) * last
        stop = start + share * last
    t = np.clip((times - start) / (stop - start), 0, 1)
    kind = rng.random()
    if kind < 0.35:
        # constant, and going on outside the clip, as most moves do that a clip is cut from
        return t if (start, stop) != (0.0, last) else times / last
    if kind < 0.55:
        return t * t * (3 - 2 * t)
    if kind < 0.7:
        power = rng.uniform(1.2, 2.2)
        return t**power if rng.random() < 0.5 else 1 - (1 - t) ** power
    # uneven speed, once near a stop, from a few random knots
    speed = np.interp(t, np.linspace(0, 1, 5), rng.uniform(0.1, 1.0, 5)) * ((times >= start) & (times < stop))
    done = np.concatenate([[0.0], np.cumsum(speed)[:-1]])
    return done / done[-1]


def _tremor(rng: np.random.Generator, times: np.ndarray, slowest: float, fastest: float) -> np.ndarray:
    """[4, K] irregular swings about zero, of frequencies in Hz between the two, about unit peak."""
    hertz = rng.uniform(slowest, fastest, (4, 3, 1))
    phase = rng.uniform(0, 2 * np.pi, (4, 3, 1))
    weight = rng.uniform(0.2, 1.0, (4, 3, 1))
    swing = (weight * np.sin(2 * np.pi * hertz * times / RATE + phase)).sum(1) / weight.sum(1)
    knots = np.arange(math.floor(times[0]), math.ceil(times[-1]) + 1)
    noise = rng.standard_normal((4, len(knots)))
    return swing + 0.2 * np.stack([np.interp(times, knots, n) for n in noise])


def _lean(rng: np.random.Generator, kind: str) -> float:
    """The angle, in radians, at which the camera is held; more freely where it rolls anyway."""
    return math.radians(rng.normal(0, 15 if kind == "roll" else 3))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))
