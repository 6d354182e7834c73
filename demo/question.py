"""What the controls of a tab ask of a trace."""

from __future__ import annotations

from typing import Any, NamedTuple

from demo.parts import ALL_HEADS

UNITS = {"weights": "of the attention", "scores": "score"}


class Question(NamedTuple):
    """The controls' values in their own order; latents and looks count from 1, as on the page."""

    lens: str
    latent: int
    look: int
    head: str
    scale: str

    @property
    def at(self) -> int:
        """The look, from 0."""
        return int(self.look) - 1

    @property
    def own_scale(self) -> str:
        return "weights" if self.lens == "answer" else self.scale  # a product of two softmaxes has no scores

    def of(self, look: int) -> dict[str, Any]:
        """The lens's own arguments at look `look`, from 0."""
        head = None if self.head == ALL_HEADS else int(self.head)
        asked: dict[str, Any] = {"look": look, "head": head, "scale": self.own_scale}
        if self.lens == "latent":
            asked["latent"] = int(self.latent) - 1
        return asked
