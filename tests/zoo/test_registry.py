"""Names in, entries out."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perceiver_zoo import zoo
from perceiver_zoo.pipeline import default_model, load
from perceiver_zoo.zoo import UnknownModelError, find, list_models
from perceiver_zoo.zoo.weights import save_weights
from tests.modalities.sample_making import modality_of, network_of


@pytest.fixture
def four_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, modality, top1 in (
        ("zeta", "image", 0.7),
        ("alpha", "image", 0.9),
        ("beta", "image", None),
        ("m", "audio", 0.5),
    ):
        folder = tmp_path / "weights" / name
        save_weights(
            folder,
            network_of(modality),
            modality,
            modality_of(modality),
            ["x", "y", "z"],
            {"licence": "cc0-1.0"},
        )
        if top1:
            (folder / "metrics.json").write_text(json.dumps({"top1": top1}))
    monkeypatch.setattr(sys.modules[zoo.ZooEntry.__module__], "assets", lambda: tmp_path)
    monkeypatch.setattr(sys.modules[zoo.ZooEntry.__module__], "RELEASED", ())
    zoo.registry.cache_clear()
    yield tmp_path / "weights"
    zoo.registry.cache_clear()


@pytest.mark.usefixtures("four_models")
def test_models_are_listed_by_modality_in_the_order_of_the_tabs() -> None:
    assert list_models() == ["alpha", "beta", "zeta", "m"]
    assert list_models("image") == ["alpha", "beta", "zeta"]
    assert list_models("audio") == ["m"]
    assert list_models("video") == []


def test_an_unknown_modality_is_refused() -> None:
    with pytest.raises(ValueError, match=r"modality is one of image, .*, not 'smell'"):
        list_models("smell")


@pytest.mark.usefixtures("four_models")
@pytest.mark.parametrize("ask", [find, load])
def test_an_unknown_name_lists_those_there_are(ask) -> None:
    with pytest.raises(UnknownModelError) as raised:
        ask("alpah")
    assert str(raised.value) == "there is no model 'alpah'; there are alpha, beta, zeta, m"


def test_an_entry_knows_its_file(four_models: Path) -> None:
    entry = find("alpha")
    content = (four_models / "alpha" / "model.safetensors").read_bytes()
    assert (entry.size, entry.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (entry.modality, entry.labels, entry.licence) == ("image", ["x", "y", "z"], "cc0-1.0")
    assert entry.metrics == {"top1": 0.9} and find("beta").metrics == {}


@pytest.mark.usefixtures("four_models")
def test_the_default_is_the_model_that_measured_best() -> None:
    assert default_model("image") == "alpha"
    with pytest.raises(ValueError, match="no model for video is installed"):
        default_model("video")


@pytest.mark.usefixtures("four_models")
def test_the_package_itself_loads_and_lists() -> None:
    import perceiver_zoo

    assert perceiver_zoo.list_models("audio") == ["m"]
    assert perceiver_zoo.load("m", device="cpu").entry.name == "m"
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = perceiver_zoo.lode


def test_deepminds_models_are_listed_with_the_tabs_they_can_answer_in() -> None:
    assert list_models("image")[1:] == [
        f"perceiver_io_{kind}.imagenet" for kind in ("learned", "fourier", "conv")
    ]
    assert "perceiver_io_multimodal.kinetics700" in list_models("audiovisual")
    for modality in ("video", "audio"):
        assert list_models(modality)[1:] == ["perceiver_io_multimodal.kinetics700"]
        assert default_model(modality).startswith("perceiver_nano.")
    assert list_models("flow") == ["perceiver_io_flow.autoflow"]
    assert list_models("text") == ["perceiver_io_language.wikipedia_c4"]


def test_a_model_that_is_not_here_knows_its_size_and_shape() -> None:
    entry = find("perceiver_io_fourier.imagenet")
    assert entry.released is not None and entry.network["latents"] == 512
    assert entry.released.parameters == 48_440_627
    assert entry.size > 4 * entry.released.parameters * 0.99
    assert "CC BY 4.0" in entry.licence and "apache-2.0" in entry.licence
