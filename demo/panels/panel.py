"""The seam between a tab and what stands below its controls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import gradio as gr

from demo.parts import QUICK

if TYPE_CHECKING:
    from demo.tab import ModalityTab


class Panel(ABC):
    """One folded part of a tab. It reads the tab's `result` and `asked`, and may set its controls."""

    title: ClassVar[str]
    shell: gr.Accordion  # the part itself, set by the tab

    def follow(self, tab: ModalityTab) -> None:
        """Have `due` be the question that was drawn last, but only while this part is open."""
        self.opened, self.due = gr.State(False), gr.State(None)
        self.shell.expand(lambda drawn: (True, drawn), tab.drawn, [self.opened, self.due], **QUICK)
        self.shell.collapse(lambda: False, None, self.opened, **QUICK)

    @abstractmethod
    def build(self, tab: ModalityTab) -> None:
        """Lay the panel out, inside its accordion."""

    @abstractmethod
    def wire(self, tab: ModalityTab) -> None:
        """Its events, once all of the tab is there."""
