"""What a lens is called, what it says and what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from perceiver_zoo.lenses.rows import SCALES
from perceiver_zoo.nn.trace import Trace


@dataclass(frozen=True)
class Lens:
    """A way to reduce a trace to one map [W, M]; called as its function is: lens(trace, look, head, scale, **own).

    sentence: what it shows. signed: whether values lie on both sides of zero. takes: its own arguments, of latent,
    rank, element and label. scales: which of SCALES it has. needs: whether a trace has what it needs.
    """

    name: str
    title: str
    sentence: str
    function: Callable[..., Tensor]
    signed: bool = False
    takes: tuple[str, ...] = ()
    scales: tuple[str, ...] = SCALES
    needs: Callable[[Trace], bool] = lambda trace: True

    def __call__(self, trace: Trace, *asked: Any, **own: Any) -> Tensor:
        return self.function(trace, *asked, **own)

    def available(self, trace: Trace) -> bool:
        """Whether this lens can be asked of the trace."""
        return self.needs(trace)
