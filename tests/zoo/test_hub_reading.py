"""Weights and labels of strangers: read, or refused in one sentence, and never executed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from perceiver_zoo.zoo.hub import DownloadError, read_labels, read_tensors


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_tensors_are_read_through_the_links_of_the_cache(tmp_path: Path, suffix: str) -> None:
    tensors = {"latents": torch.arange(6.0).reshape(2, 3), "half": torch.ones(2, dtype=torch.float16)}
    save_file(tensors, tmp_path / "blob") if suffix == ".safetensors" else torch.save(
        tensors, tmp_path / "blob"
    )
    (tmp_path / f"model{suffix}").symlink_to(tmp_path / "blob")
    read = read_tensors(tmp_path / f"model{suffix}")
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)


class Malice:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_malicious_pickle_is_not_executed(tmp_path: Path, zipped: bool) -> None:
    path, marker = tmp_path / "pytorch_model.bin", tmp_path / "executed"
    torch.save({"latents": torch.ones(2), "x": Malice(marker)}, path) if zipped else path.write_bytes(
        pickle.dumps(Malice(marker), protocol=2)
    )
    with pytest.raises(DownloadError, match="is damaged, or holds more than tensors: it was not read"):
        read_tensors(path)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["model.safetensors", "model.bin"])
@pytest.mark.parametrize("damage", ["empty", "noise", "half", "absent"])
def test_damaged_tensors_are_refused(tmp_path: Path, name: str, damage: str) -> None:
    path = tmp_path / name
    tensors = {"latents": torch.ones(1000)}
    save_file(tensors, path) if path.suffix == ".safetensors" else torch.save(tensors, path)
    content = {
        "empty": b"",
        "noise": bytes(range(256)) * 40,
        "half": path.read_bytes()[: path.stat().st_size // 2],
    }
    path.unlink() if damage == "absent" else path.write_bytes(content[damage])
    with pytest.raises(DownloadError, match="it was not read"):
        read_tensors(path)


def test_what_is_no_table_of_tensors_is_refused(tmp_path: Path) -> None:
    for content in ([torch.ones(2)], {"state_dict": {"latents": torch.ones(2)}}, {0: torch.ones(2)}):
        torch.save(content, tmp_path / "model.bin")
        with pytest.raises(DownloadError, match="does not hold a model's tensors by name"):
            read_tensors(tmp_path / "model.bin")
    with pytest.raises(DownloadError, match=r"is neither \.safetensors nor \.bin"):
        read_tensors(tmp_path / "model.msgpack")


def test_labels_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"id2label": {str(n): f"label {n}" for n in reversed(range(12))}}))
    assert read_labels(path) == [f"label {n}" for n in range(12)]
    path.write_text(json.dumps({"id2label": {"0": "tench", "1": "crane", "2": "crane"}}))
    assert read_labels(path) == ["tench", "crane", "crane"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 100_000,
        b"\xff",
        b"[]",
        b"{}",
        b'{"id2label": {}}',
        b'{"id2label": ["a"]}',
        b'{"id2label": {"1": "a"}}',
        b'{"id2label": {"0": "a", "2": "b"}}',
        b'{"id2label": {"0": 7}}',
    ],
)
def test_labels_that_do_not_count_from_zero_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(DownloadError, match=r"config\.json does not name the labels"):
        read_labels(tmp_path / "config.json")
