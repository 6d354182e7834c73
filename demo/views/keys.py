"""A name for every answer, so that a late map is never laid over another answer's input."""

from __future__ import annotations

from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

_numbers = count(1)
_keys: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def key_of(result: Any) -> str:
    """The name of one answer, the same as long as it lives and no other's ever."""
    return _keys.setdefault(result, f"answer {next(_numbers)}")
