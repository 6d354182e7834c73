"""Each tab's named endpoint, called over HTTP as any program would."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from perceiver_zoo.pipeline import default_model
from perceiver_zoo.zoo import find
from tests.files import MAKERS, make
from tests.server import serve

# What follows the file: model, lens, latent, look, head and scale.
MEAN = ("mean", 1, 2, "mean", "weights")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("page")) as address:
        yield Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("answers")))


def ask(client: Client, modality: str, file: Path, *asked):
    return client.predict(
        handle_file(str(file)), default_model(modality), *(asked or MEAN), api_name=f"/{modality}"
    )


def labels_of(answer) -> dict:
    return next(value for value in answer if isinstance(value, dict) and "confidences" in value)


@pytest.mark.parametrize("modality", MAKERS)
def test_a_file_gives_labels_and_a_map(client, modality, tmp_path):
    answer = ask(client, modality, make(modality, tmp_path))
    labels = labels_of(answer)
    assert labels["label"] in find(default_model(modality)).labels
    confidences = [entry["confidence"] for entry in labels["confidences"]]
    assert confidences == sorted(confidences, reverse=True) and 0 < sum(confidences) <= 1.0001
    legend = next(value for value in answer if isinstance(value, str) and "legend" in value)
    assert default_model(modality) in legend and "look 2 of" in legend and "after the softmax" in legend


@pytest.mark.parametrize("modality", MAKERS)
def test_another_question_gives_another_map(client, modality, tmp_path):
    file = make(modality, tmp_path)
    mean, latent = ask(client, modality, file), ask(client, modality, file, "latent", 3, 1, "mean", "scores")
    assert labels_of(mean) == labels_of(latent)
    assert content(mean[0]) != content(latent[0])


def content(view) -> list[str]:
    """The map's bytes as they are sent."""
    return view["value"]["maps"]


@pytest.mark.parametrize("modality", MAKERS)
def test_a_program_gets_the_map_and_the_input_it_lies_on(client, modality, tmp_path):
    view = ask(client, modality, make(modality, tmp_path))[0]
    code = np.frombuffer(base64.b64decode(view["value"]["maps"][0]), "<u2")
    assert code.size == np.prod(view["value"]["shape"]) and code.max() == 65_535 and code.min() >= 1
    base = view["props"]["base"]
    if modality == "point_cloud":
        assert len(base["points"]) == code.size
    else:
        data = base["frames"][0].removeprefix("data:image/webp;base64,")
        assert Image.open(io.BytesIO(base64.b64decode(data))).size > (1, 1)


@pytest.mark.parametrize("modality", MAKERS)
def test_a_file_that_cannot_be_read_is_one_clear_sentence(client, modality, tmp_path):
    file = tmp_path / MAKERS[modality][0]
    file.write_bytes(b"nothing of the kind" * 40)
    with pytest.raises(Exception, match=r"accepted|extension"):
        ask(client, modality, file)


def test_a_model_that_is_not_here_says_so_and_keeps_the_answer(client, tmp_path):
    file, name = make("image", tmp_path), "perceiver_io_fourier.imagenet"
    told = client.predict(handle_file(str(file)), name, *MEAN, api_name="/image")
    assert any(isinstance(value, str) and f"{name} is not on this machine yet" in value for value in told)
    with pytest.raises(StopIteration):
        labels_of(told)


def test_one_question_a_tab_is_public(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {f"/{name}" for name in (*MAKERS, "audiovisual", "flow", "text")}
