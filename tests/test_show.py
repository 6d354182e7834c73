"""A map drawn over its sample in one call, as a notebook shows it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from perceiver_zoo import load
from perceiver_zoo.pipeline import Pipeline, Result, default_model
from tests.files import MAKERS, make

CAPTION = 44  # pixels below the picture
Answer = Callable[[str], Result]


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """The result of a modality's default model, each made once."""
    made: dict[str, tuple[Pipeline, Result]] = {}

    def answer(modality: str) -> Result:
        if modality not in made:
            model = load(default_model(modality))
            made[modality] = model, model.classify(make(modality, tmp_path_factory.mktemp(modality)))
        return made[modality][1]

    return answer


def shown(result: Result, lens: str = "mean", **asked: object) -> np.ndarray:
    """What is drawn, without its caption."""
    return np.asarray(result.show(lens, **asked))[:-CAPTION].astype(int)  # type: ignore[arg-type]


@pytest.mark.parametrize("modality", MAKERS)
def test_every_question_is_drawn_and_named(modality: str, answered: Answer) -> None:
    result = answered(modality)
    looks, heads, (best, other) = len(result.trace.looks), result.trace.heads, result.labels(2)
    start = f"{result.model}, look 1 of {looks}, "
    questions = {
        start + "mean over latents, mean over heads, attention after the softmax": ("mean", {}),
        f"{result.model}, look {looks} of {looks}, latent 8, head {heads}, scores before the softmax": (
            "latent",
            {"latent": 7, "look": looks - 1, "head": heads - 1, "scale": "scores"},
        ),
        start + f"evidence for {best.label}, mean over heads, in logits": ("class_evidence", {}),
        start + f"evidence for {other.label}, mean over heads, in logits": (
            "class_evidence",
            {"label": other.label},
        ),
        start + f"evidence for {best.label}, mean over heads, in logits, minus that of label {other.label}": (
            "class_evidence",
            {"minus": {"label": other.label}},
        ),
        start + "mean over latents, mean over heads, attention after the softmax, minus that of look 2": (
            "mean",
            {"minus": {"look": 1}},
        ),
        start + f"attention times gradient of {best.label}, mean over heads, in logits": ("gradient", {}),
        start + "what the readers of element 10 read, mean over heads, attention after the softmax": (
            "looks_at",
            {"element": 9},
        ),
    }
    pictures = []
    for caption, (lens, asked) in questions.items():
        assert result.caption(lens, **asked) == caption
        pictures.append(shown(result, lens, **asked))
        assert pictures[-1].shape == pictures[0].shape and np.ptp(pictures[-1]) > 50
    for i, one in enumerate(pictures):
        for another in pictures[:i]:
            assert (one != another).any(axis=-1).mean() > 0.005  # of the pixels


@pytest.mark.parametrize("look", [0, 1])
def test_what_is_read_more_is_warm_and_what_is_read_less_cool(look: int, answered: Answer) -> None:
    result, minus = answered("image"), {"look": 1 - look}
    grid, picture = result.map("mean", minus, look=look)[0], shown(result, "mean", minus=minus, look=look)
    height, width = result.sample.pixels.shape[:2]  # type: ignore[union-attr]
    zoom = len(picture) / height
    left, top, side = (zoom * at for at in result.layout.box)  # type: ignore[attr-defined]
    left, cell = left + (picture.shape[1] - zoom * width) / 2, side / len(grid)
    row, column = divmod(int(np.abs(grid).argmax()), len(grid))
    red, _, blue = picture[int(top + (row + 0.5) * cell), int(left + (column + 0.5) * cell)]
    assert red - blue > 50 if grid[row, column] > 0 else red - blue < -10
