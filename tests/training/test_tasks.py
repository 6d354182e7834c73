"""Augmentations keep what they promise, and the labels of changed clips stay true."""

from __future__ import annotations

import io
import pickle
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from perceiver_zoo.modalities.audio import AudioModality
from perceiver_zoo.modalities.image import ImageModality
from perceiver_zoo.modalities.point_cloud import PointCloudModality
from perceiver_zoo.modalities.video import VideoModality
from perceiver_zoo.training import audio, camera_work, video
from perceiver_zoo.training.camera_pictures import FolderPictures
from perceiver_zoo.training.image import Cifar10, crop_and_flip, jitter_colour
from perceiver_zoo.training.packed import Packed
from perceiver_zoo.training.point_cloud import PARTS, WAYS, Shapes, move
from perceiver_zoo.training.task import one_hot


def test_one_hot_targets_are_smoothed_and_sum_to_one() -> None:
    hot = one_hot(np.array([2, 0], dtype=np.uint8), 4, smoothing=0.2)
    torch.testing.assert_close(hot, torch.tensor([[0.05, 0.05, 0.85, 0.05], [0.85, 0.05, 0.05, 0.05]]))
    assert one_hot(np.array([1]), 3).tolist() == [[0, 1, 0]]


class TestPictures:
    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 9999), smallest=st.floats(0.2, 1))
    def test_a_crop_is_a_window_of_the_picture_perhaps_mirrored(self, seed: int, smallest: float) -> None:
        places = torch.stack(
            torch.meshgrid(torch.linspace(0, 1, 64), torch.linspace(0, 1, 64), indexing="ij")
        )
        pixels = torch.cat([places, torch.zeros(1, 64, 64)]).expand(8, -1, -1, -1)
        inner = crop_and_flip(np.random.default_rng(seed), pixels, smallest)[:, :, 8:-8, 8:-8]
        down, across = inner[:, 0], inner[:, 1]
        assert (down.diff(dim=1) > 0).all() and down.std(
            dim=2
        ).max() < 1e-3  # never upside down, never skewed
        assert ((across.diff(dim=2) > 0).all((1, 2)) | (across.diff(dim=2) < 0).all((1, 2))).all()
        # Per inner pixel; a window of the same area may be a fifth wider than high, or the other way round.
        step = (down[:, -1, 0] - down[:, 0, 0]) * (across[:, 0, -1] - across[:, 0, 0]).abs() * (63 / 47) ** 2
        assert step.min() > smallest * 0.8 and step.max() < 1.05

    def test_every_shift_and_both_sides_occur(self) -> None:
        ramp = torch.linspace(0, 1, 32).expand(600, 3, 32, 32)
        middle = crop_and_flip(np.random.default_rng(0), ramp, 0.25)[:, 0, 16, 14:18]
        assert middle.min() < 0.35 and middle.max() > 0.65
        assert 0.4 < (middle[:, 0] > middle[:, 3]).float().mean() < 0.6

    def test_a_batch_is_the_same_for_the_same_seed(self, tmp_path: Path) -> None:
        task = photographs(tmp_path)
        batches = [task.draw(np.random.default_rng(7), 16) for _ in range(2)]
        torch.testing.assert_close(batches[0].features, batches[1].features, rtol=0, atol=0)
        torch.testing.assert_close(batches[0].targets.sum(1), torch.ones(16))
        other = task.draw(np.random.default_rng(8), 16)
        assert not torch.equal(batches[0].features, other.features)

    def test_the_last_photographs_are_never_trained_on(self, tmp_path: Path) -> None:
        assert len(photographs(tmp_path).images) == len(photographs(tmp_path).labels) == 48

    def test_colours_change_but_stay_colours(self) -> None:
        pixels = torch.rand(50, 3, 4, 4, generator=torch.Generator().manual_seed(0))
        changed = jitter_colour(np.random.default_rng(0), pixels)
        assert changed.min() >= 0 and changed.max() <= 1
        assert 0.01 < (changed - pixels).abs().mean() < 0.2
        torch.testing.assert_close(jitter_colour(np.random.default_rng(0), pixels, amount=0), pixels)


def photographs(folder: Path) -> Cifar10:
    """A prepared task over 50 photographs of noise, the last two kept out, all augmented, half of the batches mixed."""

    class Few(Cifar10):
        elements, randaugment, mixing = 50, (1.0, "rand-m5-n2"), 0.5

    (folder / "image").mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for file in (*Few.train, Few.test):
        records = []
        for image in rng.integers(0, 256, (50, 32, 32, 3), dtype=np.uint8):
            Image.fromarray(image).save(out := io.BytesIO(), "WEBP")
            records.append(np.frombuffer(out.getvalue(), np.uint8))
        offsets = np.cumsum([0, *map(len, records)])
        np.savez(
            folder / file,
            images=np.concatenate(records),
            offsets=offsets,
            labels=np.arange(50, dtype=np.uint8) % 10,
            classes=np.array([f"class {i}" for i in range(10)]),
        )
    task = Few(folder, ImageModality(size=32, neighbourhood=3))
    task.prepare()
    return task


class TestClouds:
    def test_a_batch_reads_shapes_as_the_page_would(self, tmp_path: Path) -> None:
        task = shapes(tmp_path)
        assert len(task.labels) == 3 * 30  # of 32 the first and the seventeenth are kept out
        batch = task.draw(np.random.default_rng(0), 12)
        assert batch.features.shape == (12, 256, 20) and batch.features.isfinite().all()
        again = task.draw(np.random.default_rng(0), 12)
        torch.testing.assert_close(batch.features, again.features, rtol=0, atol=0)
        # A ball's points lie on a shell: the mean of a neighbourhood lies inside, whatever way it was sampled.
        inward = (batch.features[..., 1:4] * batch.positions).sum(-1)
        assert (inward.mean(dim=1) < 0).all()

    @pytest.mark.parametrize("way", WAYS)
    def test_every_way_of_sampling_gives_points_of_the_shape(self, tmp_path: Path, way: str) -> None:
        task = shapes(tmp_path)
        shape = ball(np.random.default_rng(1))
        points, index = task.reading(np.random.default_rng(2), shape, way)
        assert len(points) <= task.modality.points and index.shape == (len(points), 24)
        assert {tuple(p) for p in points.tolist()} <= {tuple(p) for p in shape.tolist()}
        assert (index[:, 0] == torch.arange(len(points))).all()

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 9999), points=st.integers(2, 80))
    def test_moved_clouds_are_centred_in_the_unit_sphere(self, seed: int, points: int) -> None:
        clouds = torch.randn(4, points, 3, generator=torch.Generator().manual_seed(seed)) * 9 + 5
        moved = move(np.random.default_rng(seed), clouds)
        torch.testing.assert_close(moved.mean(1), torch.zeros(4, 3), atol=1e-5, rtol=0)
        torch.testing.assert_close(moved.norm(dim=2).amax(1), torch.ones(4))

    def test_up_stays_up_while_the_rest_turns(self) -> None:
        pole = torch.cat([torch.zeros(50, 2), torch.linspace(-1, 1, 50)[:, None]], 1)
        arm = pole[:, [2, 0, 1]]
        moved = move(np.random.default_rng(0), torch.stack([pole, arm]).repeat(100, 1, 1))
        ends = F.normalize(moved[:, -1] - moved[:, 0], dim=1)
        assert ends[0::2, 2].mean() > 0.95 and ends[0::2, 2].min() > 0.6
        assert ends[1::2, 2].abs().mean() < 0.2
        angles = torch.atan2(ends[1::2, 1], ends[1::2, 0])
        assert len(set((angles // (torch.pi / 2)).tolist())) == 4


def ball(rng: np.random.Generator) -> np.ndarray:
    points = rng.normal(size=(400, 3))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def shapes(folder: Path) -> Shapes:
    """A prepared task over 32 balls a part, none held out."""
    (folder / "point_cloud").mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for file in PARTS.values():
        np.savez(
            folder / file,
            points=np.stack([ball(rng) for _ in range(32)]).astype(np.float16),
            labels=np.arange(32) % 2,
            classes=np.array(["Ball", "Sphere"]),
            is_test=np.zeros(32, bool),
        )
    task = Shapes(folder, PointCloudModality(points=256, neighbours=(8, 24)))
    task.prepare()
    return task


class TestSounds:
    @settings(max_examples=30, deadline=None)
    @given(seed=st.integers(0, 9999), frames=st.integers(1, 60))
    def test_at_most_one_band_of_each_kind_is_masked(self, seed: int, frames: int) -> None:
        mel = torch.randn(1, 64, frames, generator=torch.Generator().manual_seed(seed))
        before = mel.clone()
        masked = audio.mask_bands(np.random.default_rng(seed), mel)
        assert torch.equal(mel, before)
        changed = (masked != mel)[0]
        rows, columns = changed.all(1).nonzero().ravel(), changed.all(0).nonzero().ravel()
        rest = changed.clone()
        rest[rows] = False
        rest[:, columns] = False
        assert not rest.any()
        if not changed.all():
            assert len(rows) < 10 and len(columns) < max(1, min(40, frames // 4))
            for band in (rows, columns):
                assert (band.diff() == 1).all() and len({float(v) for v in masked[0][changed]}) <= 2

    @settings(max_examples=40, deadline=None)
    @given(length=st.integers(1, 12), other=st.integers(1, 12), offset=st.integers(-15, 15))
    def test_added_sounds_start_where_asked_and_are_cut(self, length: int, other: int, offset: int) -> None:
        power, more = torch.ones(2, length), torch.arange(1.0, other + 1).expand(2, -1)
        total = audio.add(power, more, offset)
        expected = [1 + (t - offset + 1 if 0 <= t - offset < other else 0) for t in range(length)]
        assert total[0].tolist() == total[1].tolist() == expected
        assert (power == 1).all()

    def test_a_widened_band_reaches_above_and_keeps_the_rest(self) -> None:
        times = np.arange(8000) / 16_000
        speech = sum(np.sin(2 * np.pi * f * times) for f in (300, 900, 2700)).astype(np.float32)
        wide = audio.widen_band(speech)
        energy = [np.abs(np.fft.rfft(w))[2000:].sum() for w in (speech, wide)]  # 4 kHz and above
        assert energy[1] > 20 * energy[0]
        assert np.corrcoef(speech, wide)[0, 1] > 0.9 and wide.dtype == np.float32
        assert (audio.widen_band(np.zeros(100, np.float32)) == 0).all()

    def test_resampling_changes_length_and_pitch(self) -> None:
        tone = np.sin(2 * np.pi * 500 * np.arange(16_000) / 16_000).astype(np.float32)
        fast = audio.resample(tone, 1.25)
        assert len(fast) == 12_800 and audio.resample(tone, 1.0) is tone
        assert np.abs(np.fft.rfft(fast)).argmax() * 16_000 / len(fast) == pytest.approx(625, abs=2)

    def test_training_elements_are_those_of_the_page(self) -> None:
        """Without augmentation, a training example is what `encode` makes of the same wave, shuffled."""
        modality = AudioModality(seconds=1.0)
        task = audio.Sounds.__new__(audio.Sounds)
        task.modality, task.elements = modality, 200
        wave_ = np.random.default_rng(0).uniform(-1, 1, 5 * modality.step).astype(np.float32)
        features, positions, mask = task.elements_of(StillRandom(), task.mel_power(wave_))
        assert (features.shape, positions.shape, int(mask.sum())) == ((200, 64), (200, 2), 40)
        expected = modality.features(torch.from_numpy(wave_ / np.abs(wave_).max())[None])[0]
        torch.testing.assert_close(features[mask], expected, atol=1e-3, rtol=0)
        torch.testing.assert_close(positions[mask], modality.positions(5)[0])
        assert (features[~mask] == 0).all()


class StillRandom:
    """A generator that always takes the first of what there is."""

    def integers(self, low: int, high: int | None = None) -> int:
        return 0 if high is None else low

    def permutation(self, count: int) -> np.ndarray:
        return np.arange(count)


# Which part of the content's motion a label speaks of, and its sign.
AXES = {
    "pan left": (0, 1),
    "pan right": (0, -1),
    "tilt up": (1, 1),
    "tilt down": (1, -1),
    "zoom in": (2, 1),
    "zoom out": (2, -1),
    "roll clockwise": (3, -1),
    "roll counter-clockwise": (3, 1),
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    folder = tmp_path_factory.mktemp("photographs")
    for seed in range(4):
        total, rng = np.zeros((128, 160, 3)), np.random.default_rng(seed)
        for cells in (3, 6, 12, 24):
            noise = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
            total += np.asarray(noise.resize((160, 128), Image.Resampling.BICUBIC)) - 128.0
        Image.fromarray(np.clip(128 + 0.8 * total, 0, 255).astype(np.uint8)).save(folder / f"{seed}.png")
    pictures = camera_work.Photographs([FolderPictures(folder)])
    return {
        name: camera_work.render(
            np.random.default_rng(3), pictures, camera_work.CLASSES.index(name), clean=True
        )
        for name in AXES
    }


class TestCameraWork:
    """Labels of mirrored, upended and reversed clips, measured in the pixels of rendered camera moves."""

    @pytest.mark.parametrize("name", AXES)
    @pytest.mark.parametrize(
        ("axis", "table"), [(2, video.MIRRORED), (1, video.UPENDED), (0, video.REVERSED), (None, None)],
        ids=["mirrored", "upended", "reversed", "as it is"],
    )  # fmt: skip
    def test_moves(self, clips: dict, name: str, axis: int | None, table: np.ndarray | None) -> None:
        clip, label = clips[name], name
        if axis is not None:
            clip, label = np.flip(clip, axis), camera_work.CLASSES[table[camera_work.CLASSES.index(name)]]
        which, sign = AXES[label]
        motion = sum(content_motion(a, b) for a, b in pairwise(clip[2:9]))
        assert sign * motion[which] > 0.05, motion

    def test_the_rest_keep_their_label(self) -> None:
        for name in ("static", "shake", "cut"):
            at = camera_work.CLASSES.index(name)
            assert video.MIRRORED[at] == video.UPENDED[at] == video.REVERSED[at] == at

    def test_flips_undo_themselves(self) -> None:
        for table in (video.MIRRORED, video.UPENDED, video.REVERSED):
            assert table[table].tolist() == list(range(len(camera_work.CLASSES)))

    def test_drawn_batches_carry_the_label_of_their_clip(self) -> None:
        """A bank of one clip that only moves right: what is drawn tells by itself how it was flipped."""
        task = video.CameraWork(Path(), VideoModality(stride=2))
        x = np.arange(48)
        ramp = np.stack([np.broadcast_to(100 + x + 2 * t, (48, 48)) for t in range(12)])
        task.clips = np.repeat(ramp[..., None], 3, -1)[None].astype(np.uint8)
        task.labels = np.array([camera_work.CLASSES.index("pan left")])
        batch = task.draw(np.random.default_rng(0), 64)
        order = np.lexsort(batch.positions[0].numpy().T[::-1])  # patches come in random order
        features = (
            batch.features[:, order].reshape(64, 6, 6, 6, 2, 8, 8, 3).mean((2, 5, 7))
        )  # B, t, column, step, x
        mirrored = features[:, 0, 5].mean((1, 2)) < features[:, 0, 0].mean((1, 2))
        reverse = features[:, 5].mean((1, 2, 3)) < features[:, 0].mean((1, 2, 3))
        left = batch.targets.argmax(1) == camera_work.CLASSES.index("pan left")
        assert torch.equal(left, ~(mirrored ^ reverse))
        assert 8 < left.sum() < 56 and 8 < mirrored.sum() < 56
        assert task.clips[0, 0, 0, 0, 0] == 100  # the bank itself is left alone


def content_motion(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Right and down (frame widths), log growth and clockwise turn (radians) of what two frames [S, S, 3] show."""
    a, b = (torch.from_numpy(f.astype(np.float32)).mean(2)[None, None] for f in (first, second))
    motion = np.zeros(4)
    for blur in (12, 4):
        soft_a, soft_b = (F.avg_pool2d(F.avg_pool2d(x, blur, 1), blur, 1) for x in (a, b))
        for _ in range(3):
            here = warped(soft_b, motion)
            slopes = [(warped(soft_b, motion + step) - here) / 0.02 for step in 0.02 * np.eye(4)]
            inside = slice(None) if blur == 12 else (slice(None), slice(None), slice(6, -6), slice(6, -6))
            matrix = np.stack([s[inside].numpy().ravel() for s in slopes], 1)
            motion = motion + np.linalg.lstsq(matrix, (soft_a - here)[inside].numpy().ravel(), rcond=0.01)[0]
    return motion


def warped(picture: torch.Tensor, motion: np.ndarray) -> torch.Tensor:
    """The second frame looked up where the first frame's content went."""
    right, down, growth, turn = motion
    c, s = np.exp(growth) * np.cos(turn), np.exp(growth) * np.sin(turn)
    theta = torch.tensor([[[c, -s, 2 * right], [s, c, 2 * down]]], dtype=torch.float32)
    grid = F.affine_grid(theta, list(picture.shape), align_corners=False)
    return F.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)


class TestPacked:
    def write(self, path: Path, files: list[bytes], **more: np.ndarray) -> Path:
        offsets = np.cumsum([0] + [len(f) for f in files])
        np.savez(path, blob=np.frombuffer(b"".join(files), np.uint8), offsets=offsets, **more)
        return path

    def test_pictures_come_back_in_order(self, tmp_path: Path) -> None:
        pictures = np.random.default_rng(0).integers(0, 256, (3, 5, 6, 3), dtype=np.uint8)
        files = []
        for picture in pictures:
            Image.fromarray(picture).save(file := io.BytesIO(), "PNG")
            files.append(file.getvalue())
        path = self.write(
            tmp_path / "a.npz", files, labels=np.array([1, 0, 1]), classes=np.array(["cat", "dog"])
        )
        packed = Packed(path, "blob")
        assert (len(packed), packed.classes, packed["labels"].tolist()) == (3, ["cat", "dog"], [1, 0, 1])
        np.testing.assert_array_equal(packed.images("pictures"), pictures)
        assert [packed.record(i).read() for i in range(3)] == files

    def test_sounds_come_back_mono_at_the_rate_asked_for(self, tmp_path: Path) -> None:
        files = []
        for hertz in (400, 1200):
            tone = (np.sin(2 * np.pi * hertz * np.arange(8000) / 8000) * 20_000).astype("<i2")
            with wave.open(file := io.BytesIO(), "wb") as out:
                out.setnchannels(2)
                out.setsampwidth(2)
                out.setframerate(8000)
                out.writeframes(np.repeat(tone, 2).tobytes())
            files.append(file.getvalue())
        packed = Packed(self.write(tmp_path / "a.npz", files, labels=np.array([0, 1])), "blob")
        for hertz, sound in zip((400, 1200), packed.sounds(16_000, "sounds"), strict=True):
            assert sound.dtype == np.float32 and len(sound) == pytest.approx(16_000, abs=64)
            assert np.abs(np.fft.rfft(sound)).argmax() * 16_000 / len(sound) == pytest.approx(hertz, rel=0.01)

    def test_objects_are_never_unpickled(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "evil.npz", labels=np.array([Trap(tmp_path / "sprung")], dtype=object))
        with pytest.raises(ValueError, match="allow_pickle=False"):
            Packed(tmp_path / "evil.npz")
        assert not (tmp_path / "sprung").exists()
        pickle.loads(pickle.dumps(Trap(tmp_path / "sprung")))
        assert (tmp_path / "sprung").exists()  # the trap does work

    def test_a_missing_file_says_where_data_come_from(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"none\.npz is missing: point --data"):
            Packed(tmp_path / "none.npz")


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)
