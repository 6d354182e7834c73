"""From a sample to labels, probabilities and maps."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from perceiver_zoo.lenses import LENSES
from perceiver_zoo.media import AudioSample, MediaError
from perceiver_zoo.pipeline import Pipeline, Result, load
from perceiver_zoo.pipeline import result as result_module
from perceiver_zoo.pipeline.gradient import pulls
from perceiver_zoo.zoo import read_entry
from perceiver_zoo.zoo.weights import save_weights
from tests.modalities.sample_making import MODALITY_NAMES, modality_of, network_of, sample_of

LABELS = [f"class {i}" for i in range(7)]
SHAPES = {"image": (1, 8, 8), "audio": (3, 8, 12), "video": (4, 3, 2, 2), "point_cloud": (1, 60)}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    top = tmp_path_factory.mktemp("models")
    for name in MODALITY_NAMES:
        network = network_of(name, len(LABELS))
        with torch.no_grad():  # an untrained readout answers nearly alike for everything
            network.readout.linear.weight.mul_(20)
        save_weights(top / name, network, name, modality_of(name), LABELS, {"licence": "cc0-1.0"})
    return {name: top / name for name in MODALITY_NAMES}


def pipeline_of(folder: Path) -> Pipeline:
    return load(read_entry(folder), device="cpu")


@pytest.mark.parametrize("name", MODALITY_NAMES)
def test_a_sample_is_classified(name: str, folders: dict[str, Path]) -> None:
    result = pipeline_of(folders[name]).classify(sample_of(name))
    windows = SHAPES[name][0]
    assert result.probabilities.shape == (windows, 7) and result.probabilities.dtype == np.float32
    np.testing.assert_allclose(result.probabilities.sum(1), 1, atol=1e-5)
    labels = result.labels(top=7)
    assert sorted(label.label for label in labels) == LABELS
    assert [label.probability for label in labels] == sorted((x.probability for x in labels), reverse=True)
    assert result.labels() == labels[:5]
    mean = dict(zip(LABELS, result.probabilities.mean(0).tolist(), strict=True))  # windows count alike
    assert {label.label: label.probability for label in labels} == pytest.approx(mean)
    assert (result.model, result.device, result.unit) == (name, "CPU", modality_of(name).unit)
    assert all(seconds >= 0 for seconds in result.seconds.values())


@pytest.mark.parametrize("name", MODALITY_NAMES)
def test_every_lens_folds_into_the_samples_shape(name: str, folders: dict[str, Path]) -> None:
    result = pipeline_of(folders[name]).classify(sample_of(name))
    for look in range(3):
        for lens, more in (("mean", {}), ("latent", {"latent": 5})):
            weights = result.map(lens, look=look, head=1, **more)
            assert weights.shape == SHAPES[name] and weights.dtype == np.float32
            np.testing.assert_allclose(weights.reshape(len(weights), -1).sum(1), 1, atol=1e-5)
            flat = result.weights(lens, look=look, head=1, **more)
            np.testing.assert_array_equal(weights.reshape(flat.shape), flat)
            assert np.isfinite(result.map(lens, look=look, scale="scores", **more)).all()


def test_windows_are_read_one_by_one(folders: dict[str, Path]) -> None:
    pipeline, noise = pipeline_of(folders["audio"]), sample_of("audio").waveform
    tone = np.sin(np.arange(20_000) / 5, dtype=np.float32)
    sample = AudioSample(np.concatenate([noise[:20_000], tone]), 16_000)
    whole = pipeline.classify(sample)
    start, length = int(whole.layout.starts[1] * 16_000), round(whole.layout.seconds * 16_000)
    peak = np.abs(sample.waveform).max()
    alone = pipeline.modality.features(torch.from_numpy(sample.waveform[start : start + length] / peak)[None])
    with torch.inference_mode():
        expected = pipeline.network(alone, pipeline.modality.positions(12)).softmax(-1)
    np.testing.assert_allclose(whole.probabilities[1:2], expected.numpy(), atol=1e-4)
    assert np.abs(whole.probabilities[0] - whole.probabilities[2]).max() > 1e-3


def test_a_result_outlives_its_model(folders: dict[str, Path]) -> None:
    pipeline = pipeline_of(folders["image"])
    network = weakref.ref(pipeline.network)
    result = pipeline.classify(sample_of("image"))
    before = result.map("latent", look=2, latent=3)
    del pipeline
    gc.collect()
    assert network() is None
    np.testing.assert_array_equal(result.map("latent", look=2, latent=3), before)


def test_a_later_run_does_not_change_an_earlier_result(folders: dict[str, Path]) -> None:
    pipeline = pipeline_of(folders["image"])
    first = pipeline.classify(sample_of("image"))
    map_before, labels_before = first.map(), first.labels()
    pipeline.classify(sample_of("image", seed=1))
    np.testing.assert_array_equal(first.map(), map_before)
    again = pipeline.classify(sample_of("image"))
    assert first.labels() == labels_before == again.labels()


def test_the_gradients_of_several_windows_are_those_of_each(folders: dict[str, Path]) -> None:
    pipeline = pipeline_of(folders["audio"])
    inputs = pipeline.classify(sample_of("audio")).inputs
    alone = [pulls(pipeline, window, 2) for window in inputs.in_turn(1)]
    together = pulls(pipeline, inputs, 2)
    assert len(alone) == 3 and len(together) == 3
    for look, pull in enumerate(together):
        for name in ("gradient", "value"):
            parts = torch.cat([getattr(own[look], name) for own in alone])
            torch.testing.assert_close(getattr(pull, name), parts, atol=1e-6, rtol=1e-4)


def test_a_gradient_map_is_made_once(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    monkeypatch.setattr(result_module, "pulls", lambda *asked: runs.append(asked[2]) or pulls(*asked))
    pipeline = pipeline_of(folders["image"])
    result = pipeline.classify(sample_of("image"))
    maps = [result.weights("gradient", label=label) for label in range(3)]
    first = maps[0].copy()
    maps[0] += 1  # a map is the caller's own
    np.testing.assert_array_equal(result.weights("gradient", label=0), first)
    assert runs == [0, 1, 2]
    assert np.abs(result.weights("gradient", label=0, look=2) - first).max() > 0
    assert runs == [0, 1, 2, 0]
    for label in range(3):
        for look in range(3):
            for head in range(2):
                result.weights("gradient", label=label, look=look, head=head)
    assert len(result.gradients) == result_module.MAPS_KEPT


def test_a_file_is_read_as_the_models_modality(folders: dict[str, Path], tmp_path: Path) -> None:
    from PIL import Image

    sample, pipeline = sample_of("image"), pipeline_of(folders["image"])
    Image.fromarray(sample.pixels).save(tmp_path / "picture.png")
    for path in (tmp_path / "picture.png", str(tmp_path / "picture.png")):
        result = pipeline.classify(path)
        np.testing.assert_array_equal(result.sample.pixels, sample.pixels)
        assert result.labels() == pipeline.classify(sample).labels()
    with pytest.raises(MediaError):
        pipeline.classify(tmp_path / "none.png")


@pytest.fixture(scope="module")
def result(folders: dict[str, Path]) -> Result:
    return pipeline_of(folders["image"]).classify(sample_of("image"))


@pytest.mark.parametrize(
    ("lens", "asked", "message"),
    [
        ("gaze", {}, f"lens is one of {', '.join(LENSES)}, not 'gaze'"),
        ("mean", {"latent": 1}, "the lens mean does not take latent"),
        ("mean", {"look": 3}, "look 3 does not exist: the run has looks 0..2"),
        ("mean", {"head": 2}, "head 2 does not exist: look 0 has heads 0..1"),
        ("latent", {"latent": 6}, "latent 6 does not exist: the model has latents 0..5"),
        ("latent", {"scale": "odds"}, "scale is one of scores, weights, not 'odds'"),
    ],
)
def test_a_map_that_does_not_exist_is_said_in_a_sentence(
    result: Result, lens: str, asked: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        result.map(lens, **asked)


def test_an_unknown_precision_is_refused(folders: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match="precision is one of auto, exact, not 'fp8'"):
        load(read_entry(folders["image"]), device="cpu", precision="fp8")


@pytest.mark.parametrize("precision", ["auto", "exact"])
def test_a_cpu_runs_in_float32(precision: str, folders: dict[str, Path]) -> None:
    pipeline = load(read_entry(folders["image"]), device="cpu", precision=precision)
    seen = []
    pipeline.network.readout.linear.register_forward_hook(lambda _, inputs, out: seen.append(out.dtype))
    pipeline.classify(sample_of("image"))
    assert seen == [torch.float32]


def test_a_sample_of_another_modality_is_refused(folders: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match="reads image samples, not audio samples"):
        pipeline_of(folders["image"]).classify(sample_of("audio"))
