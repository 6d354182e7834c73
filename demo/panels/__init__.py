"""What stands below a tab's controls, folded away until it is wanted; one file each, in the order of the page."""

from __future__ import annotations

from demo.panels.home import Home
from demo.panels.network import NetworkPanel
from demo.panels.panel import Panel
from demo.panels.sheet import Sheet
from demo.panels.truth import Truth

PANELS: tuple[type[Panel], ...] = (Sheet, Truth, NetworkPanel, Home)

__all__ = ["PANELS", "Panel"]
