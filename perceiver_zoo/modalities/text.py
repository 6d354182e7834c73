"""Text: one element a UTF-8 byte, so any script and no vocabulary of words (Perceiver IO, section 4.1)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.sample import TextSample
from perceiver_zoo.modalities.base import InputArray, Layout, Modality

# Ids of the released model: six marks, of which it never uses BOS and EOS (1 and 2), and then the 256 bytes.
PAD, MASK, CLS, SEP, BYTES = 0, 3, 4, 5, 6
HIDDEN = "[MASK]"
_JOINER = "\N{ZERO WIDTH JOINER}"


@dataclass(frozen=True)
class Character:
    """What a person sees as one character, and its elements start..stop; text is None for one hidden byte."""

    text: str | None
    start: int
    stop: int


@dataclass(frozen=True)
class TextLayout(Layout):
    """Bytes between a [CLS] and a [SEP], and padding behind them.

    ids: int64 [longest]. count: elements that are no padding. characters: in order, they cover all but the two marks.
    """

    ids: np.ndarray
    count: int
    characters: tuple[Character, ...]

    @property
    def shape(self) -> tuple[int]:
        return (len(self.ids),)

    @property
    def hidden(self) -> np.ndarray:
        """bool [longest], True at hidden bytes."""
        return self.ids == MASK

    def by_character(self, weights: Any) -> np.ndarray:
        """Weights [..., longest] -> [..., characters], the sum over each one's bytes."""
        weights = self.fold(weights)
        parts = [weights[..., c.start : c.stop].sum(axis=-1) for c in self.characters]
        return np.stack(parts, axis=-1)

    def fill(self, logits: Any) -> str:
        """The text with each hidden byte replaced by its likeliest under logits [longest, 262].

        Marks are never likeliest. Bytes that are no UTF-8 together come out as U+FFFD.
        """
        logits = np.asarray(logits)
        if logits.shape != (len(self.ids), BYTES + 256):
            raise ValueError(f"logits are {logits.shape}, not {(len(self.ids), BYTES + 256)}")
        likeliest = logits[:, BYTES:].argmax(axis=-1)
        filled = np.where(self.hidden, likeliest, self.ids - BYTES)[1 : self.count - 1]
        return filled.astype(np.uint8).tobytes().decode("utf-8", errors="replace")


@dataclass(frozen=True)
class TextModality(Modality):
    """Reads texts of up to `longest` - 2 bytes; `[MASK]` in a text is one hidden byte.

    The model's other marks are bytes like any when somebody writes them: nobody can end a text by typing `[SEP]`.
    """

    name = "text"
    longest: int = 2048

    @property
    def channels(self) -> int:
        """One: an element is the id of its byte, which the network looks up."""
        return 1

    @property
    def unit(self) -> str:
        return "byte"

    @property
    def positions(self) -> Tensor:
        """Indices int64 [1, longest, 1]."""
        return torch.arange(self.longest)[None, :, None]

    def encode(self, sample: TextSample) -> InputArray:
        """Raises MediaError for a text that is empty, too long or no Unicode."""
        if not sample.text:
            raise MediaError("There is no text: write a sentence, with [MASK] for each hidden byte.")
        ids = [CLS, *byte_ids(sample.text), SEP]
        if len(ids) > self.longest:
            raise MediaError(
                f"This text is {len(ids) - 2} bytes long; the model reads at most {self.longest - 2} bytes."
            )
        padded = np.full(self.longest, PAD, np.int64)
        padded[: len(ids)] = ids
        mask = torch.arange(self.longest)[None] < len(ids)
        layout = TextLayout(padded, len(ids), characters_of(sample.text))
        return InputArray(torch.from_numpy(padded.copy())[None], self.positions, layout, mask)


def byte_ids(text: str) -> list[int]:
    """Ids of a text's bytes, MASK for each `[MASK]`. Raises MediaError for half of a surrogate pair."""
    try:
        parts = [part.encode("utf-8") for part in text.split(HIDDEN)]
    except UnicodeEncodeError:
        raise MediaError("This text holds half a character (a lone surrogate); write it again.") from None
    ids = [byte + BYTES for byte in parts[0]]
    for part in parts[1:]:
        ids += [MASK, *(byte + BYTES for byte in part)]
    return ids


def hide(text: str, start: int, end: int) -> str:
    """The text with characters start..end hidden: as many `[MASK]` as they have UTF-8 bytes.

    A `[MASK]` inside stays one. Raises ValueError for an empty or impossible span.
    """
    if not 0 <= start < end <= len(text):
        raise ValueError(f"there are no characters {start}..{end} in a text of {len(text)}")
    return text[:start] + HIDDEN * len(byte_ids(text[start:end])) + text[end:]


def characters_of(text: str) -> tuple[Character, ...]:
    """The characters of a text and their elements, which begin at 1, behind the [CLS]."""
    found: list[Character] = []
    at = 1
    for number, part in enumerate(text.split(HIDDEN)):
        if number:
            found.append(Character(None, at, at + 1))
            at += 1
        for cluster in clusters(part):
            length = len(cluster.encode("utf-8"))
            found.append(Character(cluster, at, at + length))
            at += length
    return tuple(found)


def clusters(text: str) -> list[str]:
    """Code points with the marks, joiners and skin tones that change their looks: nearly what a person counts."""
    found: list[str] = []
    for point in text:
        joins = (
            unicodedata.category(point)[0] == "M" or point == _JOINER or "\U0001f3fb" <= point <= "\U0001f3ff"
        )
        if found and (joins or found[-1][-1] == _JOINER):
            found[-1] += point
        else:
            found.append(point)
    return found
