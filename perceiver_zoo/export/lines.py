"""The lines of Python that write the same file."""

from __future__ import annotations

from typing import Any


def lines_of(kind: str, out: str, model: str, file: str, asked: dict[str, Any]) -> str:
    """Three lines; `file` is the input as its owner calls it."""
    own = {name: value for name, value in asked.items() if value is not None}
    settings = "".join(f", {name}={value!r}" for name, value in own.items())
    return (
        "from perceiver_zoo import export, load\n"
        f"model = load({model!r})\n"
        f"export.save({out!r}, {kind!r}, model, model.classify({file!r}){settings})\n"
    )
