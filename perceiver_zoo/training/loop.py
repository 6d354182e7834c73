"""The training loop: any task, any Perceiver; resumable, seeded, on a CPU or on GPUs (accelerate)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TextIO

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler
from timm.utils import ModelEmaV3
from torch import nn
from tqdm import tqdm

from perceiver_zoo.nn import Perceiver
from perceiver_zoo.training.recipe import Recipe
from perceiver_zoo.training.task import Batch, Task
from perceiver_zoo.zoo.weights import save_weights

WHITENED = 256  # examples whose features tell how to whiten


def train(recipe: Recipe, data: Path, run: Path, steps: int | None = None, seed: int = 0) -> Path:
    """Train `recipe` on the packed data below `data`; returns the folder with the averaged weights.

    run: folder of this run; a run found there is resumed. steps: overrides the recipe's own number.
    """
    steps = steps or recipe.steps
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    modality = recipe.build_modality()
    task = recipe.task(data, modality)
    task.prepare()
    accelerator = Accelerator(mixed_precision=recipe.precision, cpu=not torch.cuda.is_available())
    model = Perceiver(recipe.config(len(task.classes)))
    if recipe.whiten:
        whiten(model, task.draw(np.random.default_rng((seed, WHITENED)), WHITENED).features)
    ema = ModelEmaV3(model, decay=recipe.ema, use_warmup=True)
    optimizer = create_optimizer_v2(
        model, opt=recipe.optimizer, lr=recipe.lr, weight_decay=recipe.weight_decay
    )
    schedule = CosineLRScheduler(optimizer, t_initial=steps, warmup_t=recipe.warmup, warmup_lr_init=1e-6)
    model, optimizer = accelerator.prepare(model, optimizer)
    ema.to(accelerator.device)
    plain = accelerator.unwrap_model(model)
    first = resume(run, plain, ema, optimizer)
    progress = Progress(run, first, steps, recipe.batch)
    card = recipe.card(steps, seed)
    save = partial(save_weights, run / "weights", ema.module, recipe.modality, modality, task.classes, card)
    own_seed = seed + accelerator.process_index * 7919
    for step, batch in batches(task, recipe.batch, own_seed, first, steps):
        torch.manual_seed(own_seed * 1_000_003 + step)  # dropout too is the same after a resume
        schedule.step(step)
        loss, accuracy = train_step(accelerator, model, optimizer, batch.to(accelerator.device), recipe.clip)
        ema.update(plain, step=step)
        progress.update(step, loss, accuracy, optimizer.param_groups[0]["lr"])
        if accelerator.is_main_process and ((step + 1) % recipe.save_every == 0 or step + 1 == steps):
            checkpoint(run, step + 1, plain, ema, optimizer)
            save()
    progress.close()
    if accelerator.is_main_process:
        save()  # a finished run found again: its weights, with what the recipe says now
    return run / "weights"


@torch.no_grad()
def whiten(model: Perceiver, features: torch.Tensor) -> None:
    """Start the elements' first layer on whitened features [B, E, C]; else it has to learn that neighbours agree.

    ZCA (Bell and Sejnowski 1997), with small directions, mostly noise, left small.
    """
    rows = features.flatten(0, 1).double()
    middle = rows.mean(dim=0)
    size, axes = torch.linalg.eigh(torch.cov((rows - middle).T))
    undo = (axes * (size + 0.01).rsqrt()) @ axes.T
    first = model.adapter.embed[0]
    mixed = torch.randn(first.out_features, len(middle), dtype=torch.double) @ undo / len(middle) ** 0.5
    first.weight[:, : len(middle)] = mixed.float()
    first.bias -= (mixed @ middle).float()


def batches(task: Task, size: int, seed: int, first: int, steps: int) -> Iterator[tuple[int, Batch]]:
    """Batches first..steps-1, each from its own seed, so that a resumed run sees what an unbroken one would."""
    with ThreadPoolExecutor(1) as pool:
        draw = lambda step: pool.submit(task.draw, np.random.default_rng((seed, step)), size)  # noqa: E731
        ahead = draw(first)
        for step in range(first, steps):
            batch = ahead.result()
            if step + 1 < steps:
                ahead = draw(step + 1)
            yield step, batch


def train_step(accelerator, model: nn.Module, optimizer, batch: Batch, clip: float) -> tuple[float, float]:
    """One optimisation step; returns its loss and its share of right answers."""
    with accelerator.autocast():
        logits = model(batch.features, batch.positions, batch.mask).float()
        loss = F.cross_entropy(logits, batch.targets)
    accelerator.backward(loss)
    accelerator.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    optimizer.zero_grad()
    right = (logits.argmax(-1) == batch.targets.argmax(-1)).float().mean()
    return loss.item(), right.item()


def checkpoint(run: Path, step: int, model: nn.Module, ema: ModelEmaV3, optimizer) -> None:
    """Write everything a resumed run needs; the rename makes it whole or absent."""
    state = {
        "step": step,
        "model": model.state_dict(),
        "ema": ema.module.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(state, run / "state.tmp")
    (run / "state.tmp").replace(run / "state.pt")


def resume(run: Path, model: nn.Module, ema: ModelEmaV3, optimizer) -> int:
    """Restore the run in `run`, if there is one; returns the step to go on from."""
    if not (run / "state.pt").is_file():
        return 0
    state = torch.load(run / "state.pt", weights_only=True, map_location="cpu")
    model.load_state_dict(state["model"])
    ema.module.load_state_dict(state["ema"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]


class Progress:
    """A progress line with rate and time left, and a JSON-lines log of loss and accuracy."""

    every = 50

    def __init__(self, run: Path, first: int, steps: int, batch: int) -> None:
        self.bar = tqdm(total=steps, initial=first, unit="step", smoothing=0.05, disable=None)
        self.log = continued_log(run / "log.jsonl", first)
        self.batch = batch
        self.start()

    def start(self) -> None:
        self.sums, self.steps = np.zeros(2), 0
        self.since = time.perf_counter()

    def update(self, step: int, loss: float, accuracy: float, lr: float) -> None:
        self.bar.update()
        self.sums += loss, accuracy
        self.steps += 1
        if (step + 1) % self.every:
            return
        loss, accuracy = (self.sums / self.steps).tolist()
        rate = self.steps * self.batch / (time.perf_counter() - self.since)
        self.bar.set_postfix(loss=f"{loss:.3f}", accuracy=f"{accuracy:.3f}", rate=f"{rate:.0f}/s")
        row = {
            "step": step + 1,
            "loss": round(loss, 4),
            "accuracy": round(accuracy, 4),
            "lr": lr,
            "rate": round(rate),
        }
        print(json.dumps(row), file=self.log, flush=True)
        self.start()

    def close(self) -> None:
        self.bar.close()
        self.log.close()


def continued_log(path: Path, first: int) -> TextIO:
    """The log, open at its end; rows that a resumed run will write again are dropped."""
    rows = path.read_text().splitlines() if path.is_file() else []
    path.write_text("".join(f"{row}\n" for row in rows if json.loads(row)["step"] <= first))
    return path.open("a")
