"""Any script as bytes, hidden bytes as marks, and the way back to text."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.sample import TextSample
from perceiver_zoo.modalities.text import Character, TextLayout, TextModality, hide

MODALITY = TextModality()
TEXTS = [
    "This is an incomplete sentence where some words are missing.",
    " spaces  at both ends ",
    "Grüße, 漢字, שלום, नमस्ते, 👩‍👩‍👧 👍🏽",
    "a[MASK]b [MASK][MASK] c",
    "[MASK]",
    " [MASK] ",
    "tab\tand\nnew line\r\n",
    "\x00\x7f",
    "[MASK and MASK]",
    "x" * 2046,
]
# Marks are drawn on purpose, since no chance would write one.
PIECES = st.one_of(st.just("[MASK]"), st.text(min_size=1, max_size=8))
ANY_TEXT = st.lists(PIECES, min_size=1, max_size=12).map("".join)


def layout_of(text: str) -> TextLayout:
    layout = MODALITY.encode(TextSample(text)).layout
    assert isinstance(layout, TextLayout)
    return layout


def logits_for(ids: np.ndarray) -> np.ndarray:
    """Logits [2048, 262] whose likeliest byte is that of each id, and [PAD] likelier still."""
    logits = np.zeros((2048, 262), np.float32)
    logits[np.arange(2048), ids] = 1
    logits[:, 0] = 2
    return logits


@pytest.mark.parametrize("text", TEXTS)
def test_ids_and_mask_equal_transformers_tokenizer(text: str) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.PerceiverTokenizer()(text, padding="max_length", return_tensors="pt")
    encoded = MODALITY.encode(TextSample(text))
    assert torch.equal(encoded.features, theirs["input_ids"])  # type: ignore[arg-type]
    assert encoded.mask is not None and torch.equal(encoded.mask.long(), theirs["attention_mask"])


def test_an_input_array_of_text() -> None:
    encoded = MODALITY.encode(TextSample("né[MASK]"))
    features, positions = encoded.features, encoded.positions
    assert isinstance(features, torch.Tensor) and isinstance(positions, torch.Tensor)
    assert features.dtype == positions.dtype == torch.int64
    assert features[0, :7].tolist() == [4, 116, 201, 175, 3, 5, 0] and features.shape == (1, 2048)
    assert positions.shape == (1, 2048, 1) and positions[0, :, 0].tolist() == list(range(2048))
    assert encoded.mask is not None and encoded.mask.sum() == 6
    layout = layout_of("né[MASK]")
    assert layout.shape == (2048,) and layout.count == 6 and np.flatnonzero(layout.hidden).tolist() == [4]
    assert layout.characters == (Character("n", 1, 2), Character("é", 2, 4), Character(None, 4, 5))


@settings(max_examples=200, deadline=None)
@given(text=ANY_TEXT)
def test_characters_stand_one_behind_the_other_in_any_script(text: str) -> None:
    layout = layout_of(text)
    at = 1
    for character in layout.characters:
        assert character.start == at < character.stop
        at = character.stop
        own = layout.ids[character.start : character.stop]
        if character.text is None:
            assert own.tolist() == [3]
        else:
            assert bytes((own - 6).tolist()).decode() == character.text
    assert at == layout.count - 1
    whole = "".join("[MASK]" if c.text is None else c.text for c in layout.characters)
    assert whole == text


@pytest.mark.parametrize("text", ["é", "e\u0301", "👍🏽", "👩‍👩‍👧", "नि", "❤️"])
def test_what_a_person_sees_as_one_character_is_one(text: str) -> None:
    assert [c.text for c in layout_of(f"a{text}b").characters] == ["a", text, "b"]


@settings(max_examples=100, deadline=None)
@given(text=ANY_TEXT.filter(lambda text: "[MASK]" not in text), data=st.data())
def test_what_is_hidden_comes_back_when_its_bytes_are_likeliest(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    whole, part = layout_of(text), layout_of(hide(text, start, end))
    assert part.count == whole.count
    assert part.hidden.sum() == len(text[start:end].encode())
    assert part.fill(logits_for(whole.ids)) == text
    assert part.fill(torch.from_numpy(logits_for(whole.ids))) == text


def test_a_hidden_byte_stays_one_when_hidden_again() -> None:
    assert hide("a[MASK]é", 0, 8) == "[MASK]" * 4
    assert hide("漢x", 0, 1) == "[MASK][MASK][MASK]x"


@pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 1), (-1, 2), (0, 4)])
def test_spans_that_do_not_exist_are_not_hidden(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="there are no characters"):
        hide("abc", start, end)


def test_only_hidden_bytes_are_filled_and_broken_ones_shown_as_such() -> None:
    layout = layout_of("é[MASK]!")
    logits = np.zeros((2048, 262))
    logits[:, 6 + 0xC3] = 1
    assert layout.fill(logits) == "é\N{REPLACEMENT CHARACTER}!"
    with pytest.raises(ValueError, match="logits are"):
        layout.fill(logits[None])


def test_other_marks_are_bytes_like_any() -> None:
    assert layout_of("[SEP][PAD]").count == 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no text"),
        ("x" * 2047, "2047 bytes long; the model reads at most 2046"),
        ("漢" * 683, "2049 bytes long"),
        ("half \ud83d", "lone surrogate"),
    ],
)
def test_texts_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        MODALITY.encode(TextSample(text))


def test_a_character_has_the_weight_of_its_bytes() -> None:
    layout = layout_of("a漢[MASK]")
    weights = np.zeros((2, 2048))
    weights[0, :7] = [9, 1, 2, 3, 4, 5, 9]
    assert layout.by_character(weights).tolist() == [[1, 9, 5], [0, 0, 0]]
    with pytest.raises(ValueError, match="do not fold"):
        layout.by_character(np.zeros(9))
