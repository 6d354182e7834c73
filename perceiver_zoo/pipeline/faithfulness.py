"""Whether a map is true: elements it marks are really left out, and the model is asked again.

A Perceiver reads a set, so an element left out is not there, rather than blanked. Where a convolution goes before
the looks (perceiver_io_conv), what remains has still seen the pixels around it: there it tells less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from perceiver_zoo.pipeline.classifier import ELEMENTS_AT_ONCE, Pipeline
from perceiver_zoo.pipeline.result import Result


@dataclass(frozen=True, eq=False)
class Curves:
    """Probability of a class as elements are left out (deletion) or alone are read (insertion).

    shares [S]: of the elements, 0..1; deletion and insertion [S] in the map's order, greatest first, random_deletion
    and random_insertion [S] in a random one.
    """

    shares: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray
    random_insertion: np.ndarray

    @property
    def areas(self) -> dict[str, float]:
        """The area under each curve, 0..1; a true map has little under deletion and much under insertion."""
        return {
            name: float(np.trapezoid(getattr(self, name), self.shares))
            for name in ("deletion", "insertion", "random_deletion", "random_insertion")
        }


def left_out(
    pipeline: Pipeline, result: Result, weights: np.ndarray, share: float, keep: bool = False
) -> Result:
    """Run again without the `share` (0..1) of elements that map `weights` [W, M] marks most, ranked in each window.

    keep: with only those instead. At least one element stays. The elements are as before, and those left out have a
    weight of zero in every map. ValueError for another share or shape.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies in 0..1, not {share}")
    ranked = rank(result, weights)
    read = np.ones(ranked.shape, bool) if result.trace.mask is None else result.trace.mask.numpy()
    mask = np.zeros(ranked.shape, bool)
    for window, order in enumerate(ranked):
        order = order[read[window, order]]
        top = round(share * len(order))
        mask[window, order[: max(1, top)] if keep else order[min(top, len(order) - 1) :]] = True
    return pipeline.answer(result.sample, replace(result.inputs, mask=torch.from_numpy(mask)))


def curves(
    pipeline: Pipeline,
    result: Result,
    weights: np.ndarray,
    label: str | int | None = None,
    steps: int = 10,
    seed: int = 0,
    watch: Callable[[Iterable[float]], Iterable[float]] = iter,
) -> Curves:
    """Deletion and insertion curves of map `weights` [W, M] and of a random order (Petsiuk et al. 2018, RISE).

    Shares 0, 1 / steps .. 1 of each window's elements; where none would remain, one does. The probability of class
    `label` (None: the likeliest) is the mean over the windows, before calibration. watch: goes round the shares, to
    tell of progress. ValueError for a map of another shape, or a result that was made without some elements.
    """
    if result.trace.mask is not None:
        raise ValueError(
            "curves leave elements out of a whole input array, and here some are left out already"
        )
    ranked, label = rank(result, weights), result.index_of(label)
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.broadcast_to(np.arange(ranked.shape[1]), ranked.shape), axis=1)
    orders = np.stack([ranked, ranked[:, ::-1], shuffled, shuffled[:, ::-1]])  # [4, W, M]
    shares = np.linspace(0, 1, steps + 1)
    read = read_first(pipeline, result, torch.from_numpy(orders.copy()), watch(shares.tolist()))[..., label]
    # What is left after the first ones are gone is what comes first the other way round.
    return Curves(shares, read[::-1, 1], read[:, 0], read[::-1, 3], read[:, 2])


def rank(result: Result, weights: np.ndarray) -> np.ndarray:
    """Elements [W, M] of each window, the most marked first; NaN, which was not read, last."""
    shape = (len(result.logits), result.trace.looks[0].key.shape[2])
    if weights.shape != shape:
        raise ValueError(f"the map is {list(weights.shape)}, and the input array {list(shape)}")
    return np.argsort(-np.nan_to_num(weights, nan=-np.inf), axis=1, kind="stable")


@torch.inference_mode()
def read_first(pipeline: Pipeline, result: Result, orders: Tensor, shares: Iterable[float]) -> np.ndarray:
    """Probabilities [S, K, classes] where only the first `shares` [S] of the elements in `orders` [K, W, M] are read.

    The elements are made once; all orders of one size run together.
    """
    network, device = pipeline.network, pipeline.device
    kinds, windows, count = orders.shape
    inputs = result.inputs.to(device)
    orders = orders.to(device)
    found = []
    with torch.autocast(device.type, torch.bfloat16, enabled=pipeline.half):
        elements = network.adapter(inputs.features, inputs.positions)
        elements = elements.expand(windows, -1, -1)
        for share in shares:
            size = max(1, round(share * count))
            picks = orders[..., :size].reshape(kinds * windows, size)
            window = torch.arange(windows, device=device).repeat(kinds)[:, None]
            logits = []
            for part in torch.arange(len(picks), device=device).split(max(1, ELEMENTS_AT_ONCE // size)):
                some = elements[window[part], picks[part]]
                logits.append(network.readout(network.look_at(some).latents, some))
            probabilities = torch.cat(logits).float().softmax(dim=-1)
            found.append(probabilities.reshape(kinds, windows, -1).mean(dim=1).cpu().numpy())
    return np.stack(found)
