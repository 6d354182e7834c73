"""DeepMind's released Perceivers on the Hugging Face Hub: where each lies, and what is known of it.

All are Perceiver IO with one cross-attend. The weights are transformers' port; where that departs from DeepMind's own
code the port is followed, because its weights are what the Hub has, and `departs` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from perceiver_zoo.zoo.hub import HubFile, HubSource

LICENCE = "apache-2.0 (card on the Hub), CC BY 4.0 (parameters, DeepMind's README)"


@dataclass(frozen=True)
class Released:
    """One released model. modality: what it was made for; also: whose files it can be given besides.

    architecture: its config's name in `architectures`. reading: fields of the modality. parameters: counted from the
    released shapes. reads: the input in words. published: an accuracy as its paper states it, not measured here.
    departs: where the port differs from DeepMind's code.
    """

    name: str
    modality: str
    architecture: str
    source: HubSource
    parameters: int
    reads: str
    trained_on: str
    published: str
    departs: str
    reading: dict[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    licence: str = LICENCE


def unmerged(
    repo: str, pull_request: tuple[str, str], main: str, size: int, config: int = 70_100
) -> HubSource:
    """Safetensors from a pull request's ref where its commit is the one that was looked at, else the official pickle.

    pull_request: its ref and commit. main: the commit of main. size, config: bytes of the weights and of config.json.
    """
    weights = (
        HubFile("model.safetensors", *pull_request, size),
        HubFile("pytorch_model.bin", "main", main, size),
    )
    return HubSource(repo, weights, HubFile("config.json", "main", main, config))


PAPER = "Perceiver IO paper, table {}, DeepMind's code"
GELU = "GELU by the error function, where DeepMind's code has the tanh approximation (up to 4.7e-4 an activation)"
# The centre 224 / 256 of the shorter side, as transformers' image processor takes it.
CROPPED = {"crop": 224 / 256, "colours": "imagenet"}
PICTURE = "a picture of 224 x 224 pixels"

FOURIER = Released(
    name="perceiver_io_fourier.imagenet",
    modality="image",
    architecture="FOURIER",
    source=unmerged("deepmind/vision-perceiver-fourier", ("refs/pr/2", "31f8876"), "e792872", 193_800_000),
    parameters=48_440_627,
    reads=PICTURE,
    trained_on="ImageNet",
    published=f"79.0 % ImageNet top-1 ({PAPER.format(7)})",
    departs=GELU,
    reading=CROPPED,
)
LEARNED = Released(
    name="perceiver_io_learned.imagenet",
    modality="image",
    architecture="LEARNED",
    source=unmerged("deepmind/vision-perceiver-learned", ("refs/pr/1", "a52f2ed"), "6e8c9ee", 249_000_000),
    parameters=62_255_848,
    reads=PICTURE,
    trained_on="ImageNet",
    published=f"72.7 % ImageNet top-1 ({PAPER.format(7)})",
    departs=f"the decoder adds its query to the answer, which DeepMind's notebook does not; {GELU}",
    reading=CROPPED,
)
CONV = Released(
    name="perceiver_io_conv.imagenet",
    modality="image",
    architecture="CONV",
    source=unmerged("deepmind/vision-perceiver-conv", ("refs/pr/1", "9e887dd"), "795b5ee", 194_600_000),
    parameters=48_646_522,
    reads=PICTURE,
    trained_on="ImageNet",
    published=f"82.1 % ImageNet top-1 ({PAPER.format(7)})",
    departs="no padding before the max-pool, so 55 x 55 elements and not 56 x 56; padding of 3 + 3 and not 2 + 3 "
    "before the convolution, a shift by one pixel; the 7 x 7 kernels transposed, as transformers' converter does; "
    f"{GELU}",
    reading=CROPPED | {"elements": 55},
)
KINETICS = Released(
    name="perceiver_io_multimodal.kinetics700",
    modality="audiovisual",
    architecture="AUDIOVISUAL",
    source=unmerged(
        "deepmind/multimodal-perceiver", ("refs/pr/1", "4a12bbf"), "7d9b1a1", 79_500_000, config=40_500
    ),
    parameters=19_858_855,
    reads="16 frames of 224 x 224 pixels at 25 a second, and their 0.64 s of sound at 48 kHz",
    trained_on="Kinetics-700",
    # The paper has 10.2 % and 45 % for two weightings of the loss.
    published="not stated: the paper has several trainings, and nothing says which of them was released",
    departs=GELU,
    also=("video", "audio"),
)
# Its safetensors are on main.
FLOW = Released(
    name="perceiver_io_flow.autoflow",
    modality="flow",
    architecture="FLOW",
    source=HubSource(
        "deepmind/optical-flow-perceiver",
        (HubFile("model.safetensors", "main", "9c7927a", 164_200_000),),
        HubFile("config.json", "main", "9c7927a", 914),
    ),
    parameters=41_057_134,
    reads="two frames of 368 x 496 pixels",
    trained_on="AutoFlow",
    published=f"end-point error 1.81 Sintel clean, 2.42 Sintel final, 4.98 KITTI ({PAPER.format(3)})",
    departs=GELU,
)
# Any commit: which one main is at was nowhere to be found without the Hub. What arrives is checked all the same.
TEXT = Released(
    name="perceiver_io_language.wikipedia_c4",
    modality="text",
    architecture="TEXT",
    source=HubSource(
        "deepmind/language-perceiver",
        (
            HubFile("model.safetensors", "main", "", 804_500_000),
            HubFile("pytorch_model.bin", "main", "", 804_500_000),
        ),
        HubFile("config.json", "main", "", 1_000),
    ),
    parameters=201_108_230,
    reads="up to 2,048 bytes of text in UTF-8",
    trained_on="English Wikipedia and C4",
    published="not stated for these weights: the paper's figures are of GLUE, after more training on each task",
    departs=GELU,
)
# Of one tab the most accurate comes last.
RELEASED: tuple[Released, ...] = (LEARNED, FOURIER, CONV, KINETICS, FLOW, TEXT)
