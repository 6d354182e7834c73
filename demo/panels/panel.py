"""The seam between a tab and what stands below its controls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import gradio as gr

if TYPE_CHECKING:
    from demo.tab import ModalityTab


class Panel(ABC):
    """One folded part of a tab. It reads the tab's `result` and `asked`, and may set its controls."""

    title: ClassVar[str]
    shell: gr.Accordion  # the part itself, set by the tab

    @abstractmethod
    def build(self, tab: ModalityTab) -> None:
        """Lay the panel out, inside its accordion."""

    @abstractmethod
    def wire(self, tab: ModalityTab) -> None:
        """Its events, once all of the tab is there."""
