"""Public layouts are read, learned from and measured on as the packed data are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from perceiver_zoo.cli import main
from perceiver_zoo.media import read
from perceiver_zoo.pipeline import load
from perceiver_zoo.training.evaluate import evaluate
from perceiver_zoo.training.folders import LAYOUTS
from perceiver_zoo.training.loop import train
from perceiver_zoo.training.recipes import RECIPES, on_other_data
from perceiver_zoo.zoo import read_entry
from tests.training.layouts import (
    HELD_OUT,
    HOLDS,
    IMAGENET,
    WRITE,
    task_of,
    write_esc50,
    write_imagenet,
    write_modelnet40,
    written,
)

RECIPE = {
    "imagenet": "perceiver_nano.cifar10",
    "esc50": "perceiver_nano.sounds30",
    "modelnet40": "perceiver_nano.shapes39",
    "videos": "perceiver_nano.camera_work",
}


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_learned_from_and_measured_on(layout: str, tmp_path: Path) -> None:
    (write, classes), held = WRITE[layout], len(HELD_OUT[layout][0])
    write(tmp_path / "data")
    recipe = replace(on_other_data(RECIPES[RECIPE[layout]], layout), batch=8, warmup=1)
    entry = read_entry(train(recipe, tmp_path / "data", tmp_path / "run", steps=2))
    assert entry.labels == classes and entry.config["card"]["layout"] == layout
    measured = evaluate(load(entry), tmp_path / "data")
    assert measured["n"] == held and np.sum(measured["confusion"]) == held


def test_a_layout_of_another_kind_or_an_empty_folder_is_one_sentence(tmp_path: Path, capsys) -> None:
    words = ["train", "perceiver_nano.cifar10", "--data", str(tmp_path), "--run", str(tmp_path / "run")]
    assert main([*words, "--layout", "esc50"]) == 2
    assert "the layout esc50 is for audio" in capsys.readouterr().err
    assert main([*words, "--layout", "imagenet"]) == 1
    assert "train/CLASS/*" in capsys.readouterr().err


@pytest.mark.parametrize("layout", LAYOUTS)
def test_held_out_are_the_files_that_the_layout_says(layout: str, tmp_path: Path) -> None:
    task = written(layout, tmp_path)
    files, labels, part = HELD_OUT[layout]
    assert task.classes == WRITE[layout][1]
    held = list(task.held_out())
    assert [label for _, label, _ in held] == labels and {part for _, _, part in held} == {part}
    for (sample, _, _), file in zip(held, files, strict=True):
        np.testing.assert_array_equal(
            getattr(sample, HOLDS[layout]), getattr(read(tmp_path / file), HOLDS[layout])
        )


def test_photographs_are_learned_from_at_the_size_that_is_read(tmp_path: Path) -> None:
    task = written("imagenet", tmp_path)
    task.prepare()
    squares = [task.modality.square(read(tmp_path / "train" / file))[0] for file in IMAGENET]
    np.testing.assert_array_equal(task.images, squares)
    assert task.labels.tolist() == [0, 0, 0, 1, 1, 1]
    batch = task.draw(np.random.default_rng(0), 16)
    assert batch.features.shape[:2] == (16, 256)
    torch.testing.assert_close(batch.targets.amax(1), torch.full((16,), 0.95))  # smoothed, of one class alone


def test_sounds_are_learned_from_at_every_tempo(tmp_path: Path) -> None:
    task = written("esc50", tmp_path)
    assert task.split == "fold 5"
    task.prepare()
    for clips, number in zip(task.clips, (1, 0), strict=True):
        for clip, fold in zip(clips, (1, 2), strict=True):
            wave = read(tmp_path / f"audio/{fold}-A-{number}.wav").waveform
            frames = [mel.shape[1] for mel in clip]
            assert frames == pytest.approx([clip[2].shape[1] / tempo for tempo in task.tempos], abs=1)
            torch.testing.assert_close(clip[2], task.mel_power(wave))


def test_every_sound_of_ones_own_may_be_cut_or_lie_behind_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, picked = written("esc50", tmp_path), []
    monkeypatch.setattr(task, "pick", lambda rng, label: picked.append(label) or torch.ones(64, 200))
    for label in (0, 1):
        picked.clear()
        lengths = [task.scene(np.random.default_rng(seed), label).shape[1] for seed in range(40)]
        assert min(lengths) < 200 and set(picked) == {0, 1}


def test_every_shape_is_learned_from(tmp_path: Path) -> None:
    """None is kept out, and a file of fewer points than the others is one too."""
    write_modelnet40(tmp_path)
    points = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    for where in ("train", "test"):
        text = "\n".join(" ".join(map(str, row)) for row in points.tolist())
        (tmp_path / "cone" / where / "cone_9.off").write_text(f"OFF\n300 0 0\n{text}\n")
    task = task_of("modelnet40", tmp_path)
    task.prepare()
    assert task.labels.tolist() == [0, 0, 0, 0, 1, 1, 1]
    files = [f"cone/train/cone_{i}.off" for i in (0, 1, 2, 9)]
    files += [f"night_stand/train/night_stand_{i}.off" for i in range(3)]
    for (even, *_), file in zip(task.readings, files, strict=True):
        assert set(map(tuple, even[0].tolist())) <= set(map(tuple, read(tmp_path / file).points.tolist()))
    assert task.draw(np.random.default_rng(0), 16).features.isfinite().all()
    assert [len(sample.points) for sample, _, _ in task.held_out()] == [8192, 8192, 300, 8192, 8192]


def test_every_fifth_video_of_each_class_is_held_out(tmp_path: Path) -> None:
    for name, count in (("clap", 11), ("nod", 4), ("wave", 6)):
        (tmp_path / name).mkdir()
        for i in reversed(range(count)):
            (tmp_path / name / f"{name}{i:02}.mp4").touch()
    task = task_of("videos", tmp_path)
    held = [("clap04.mp4", 0), ("clap09.mp4", 0), ("wave04.mp4", 2)]
    every = [("clap", 0, 11), ("nod", 1, 4), ("wave", 2, 6)]
    assert [(file.name, label) for file, label in task.test] == held
    assert [(file.name, label) for file, label in task.train] == [
        row
        for name, label, count in every
        for i in range(count)
        if (row := (f"{name}{i:02}.mp4", label)) not in held
    ]


def test_every_window_of_a_video_is_learned_from_under_its_label(tmp_path: Path) -> None:
    task = written("videos", tmp_path)
    task.prepare()
    samples = [read(tmp_path / name / f"{i}.mp4") for name in ("clap", "wave") for i in range(4)]
    windows = [task.modality.clips(sample)[0] for sample in samples]
    assert [len(clips) for clips in windows] == [1, 2, 1, 2] * 2
    np.testing.assert_array_equal(task.clips, np.concatenate(windows))
    assert task.labels.tolist() == [0] * 6 + [1] * 6


def ramps(folder: Path) -> Any:
    """A task of two clips that grow brighter down and to the right, and over time: the second one backwards."""
    for name in ("clap", "wave"):
        (folder / name).mkdir()
    task = task_of("videos", folder)
    t, y, x = np.indices((12, 48, 48))
    clip = np.repeat((40 + 2 * t + y + x)[..., None], 3, -1).astype(np.uint8)
    task.clips, task.labels = np.stack([clip, clip[::-1]]), np.array([0, 1])
    return task


def test_drawn_videos_are_mirrored_or_not_and_each_colour_brighter_or_darker(tmp_path: Path) -> None:
    task = ramps(tmp_path)
    batch = task.draw(np.random.default_rng(0), 64)
    colours = (batch.features.unflatten(2, (-1, 3)).mean(2) + 1) / 2 * 255  # [B, M, 3], of whole patches
    t, y, x = batch.positions[0].T * torch.tensor([[5.0], [20.0], [20.0]])  # from the middle, in pixels
    backwards = batch.targets[:, 1:] > 0.5
    torch.testing.assert_close(batch.targets.amax(1), torch.full((64,), 0.95))
    level = 98 + y + torch.where(backwards, -2 * t, 2 * t)  # in the middle 40 + 11 + 23.5 + 23.5
    gains = torch.stack([colours / (level + side)[..., None] for side in (x, -x)])
    off, mirrored = gains.std(dim=2).amax(-1).min(dim=0)
    assert off.max() < 1e-4
    gain = gains.mean(dim=2)[mirrored, torch.arange(64)]
    assert 0.8 <= gain.min() < 0.82 and 1.18 < gain.max() <= 1.2
    assert gain.std(dim=0).min() > 0.1 and gain.std(dim=1).mean() > 0.05
    assert all(16 < int(which.sum()) < 48 for which in (mirrored, backwards))
    assert (task.clips[0, 0, 0, :2, 0] == (40, 41)).all()  # the clips themselves are left alone


def test_drawn_videos_are_another_subset_of_their_patches_each_time(tmp_path: Path) -> None:
    task = ramps(tmp_path)
    task.clips[:] = 255
    first, second = (task.draw(np.random.default_rng(seed), 2) for seed in (0, 1))
    assert first.features.shape[:2] == (2, 240) and first.features.max() == 1  # white is never brighter
    drawn, other = (set(map(tuple, batch.positions[0].tolist())) for batch in (first, second))
    assert len(drawn) == len(other) == 240 and drawn != other


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_empty_folder_is_told_what_belongs_there(layout: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"layout is .*\*"):
        task_of(layout, tmp_path)


@pytest.mark.parametrize(
    ("layout", "folder"), [("imagenet", "train/zebra"), ("modelnet40", "zebra/train"), ("videos", "zebra")]
)
def test_a_class_without_files_is_said(layout: str, folder: str, tmp_path: Path) -> None:
    WRITE[layout][0](tmp_path)
    (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="holds nothing to learn 'zebra' from"):
        task_of(layout, tmp_path).prepare()


def test_a_sound_of_the_last_fold_alone_is_said(tmp_path: Path) -> None:
    write_esc50(tmp_path)
    with (tmp_path / "meta/esc50.csv").open("a") as file:
        file.write("5-A-0.wav,5,2,zebra\n")
    with pytest.raises(FileNotFoundError, match="holds nothing to learn 'zebra' from"):
        task_of("esc50", tmp_path).prepare()


@pytest.mark.parametrize(
    ("layout", "where"),
    [("imagenet", "val"), ("modelnet40", "test"), ("videos", "every fifth video of each class")],
)
def test_nothing_to_measure_on_is_said(layout: str, where: str, tmp_path: Path) -> None:
    WRITE[layout][0](tmp_path)
    for file in HELD_OUT[layout][0]:
        (tmp_path / file).unlink()
    with pytest.raises(FileNotFoundError, match=f"holds nothing to measure on: {where}$"):
        list(task_of(layout, tmp_path).held_out())


def test_a_file_that_is_no_picture_is_one_sentence_that_says_where_it_lies(tmp_path: Path, capsys) -> None:
    write_imagenet(tmp_path)
    (tmp_path / "train/n01443537/notes.txt").write_text("Goldfish, all of them.")
    words = ["train", "perceiver_nano.cifar10", "--data", str(tmp_path), "--run", str(tmp_path / "run")]
    assert main([*words, "--layout", "imagenet"]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / 'train/n01443537'}: “notes.txt” cannot be read as a picture" in said
