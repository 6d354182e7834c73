"""`perceiver-zoo classify`: what files show or sound like."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import redirect_stdout
from typing import Any

from perceiver_zoo.cli.common import CommandError, Models, percent, positive, printable


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "classify",
        help="say what files are",
        description="Say what files are: images, sounds, videos and 3D shapes, told apart by their content. "
        "Exits with 1 when a file failed; the others are answered all the same.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="an image, a sound, a video or a 3D shape")
    parser.add_argument(
        "--model", metavar="NAME", help="model to use (default: the best measured of the file's modality)"
    )
    parser.add_argument(
        "--top", type=positive, default=5, metavar="K", help="labels to name a file (default: %(default)s)"
    )
    parser.add_argument(
        "--device", metavar="D", help="cpu, cuda, cuda:1 and so on (default: the GPU, if any)"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object a line and file: file, modality, model, answer (the most specific name it is sure "
        "enough of, or null) and labels, or file and error",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    models = Models(args.model, args.device)
    failed = False
    # disable=None: shown on a terminal only.
    alone = True if len(args.files) == 1 else None
    with tqdm(args.files, desc="classify", unit="file", disable=alone, leave=False) as files:
        for file in files:
            # Standard output is for answers; whatever a library prints goes elsewhere.
            with redirect_stdout(sys.stderr):
                said = answer(models, file, args.top)
            failed |= "error" in said
            stream = sys.stderr if "error" in said and not args.json else sys.stdout
            tqdm.write(json.dumps(said) if args.json else as_text(said), file=stream)
            stream.flush()
    return int(failed)


def answer(models: Models, file: str, top: int) -> dict[str, Any]:
    """The labels of one file, or the sentence that says why there are none."""
    from perceiver_zoo import media

    try:
        sample = models.read(file)
        pipeline = models.fit_for(sample)
        result = pipeline.classify(sample)
    except (media.MediaError, CommandError) as error:
        return {"file": file, "error": str(error)}
    labels = [{"label": at.label, "probability": round(at.probability, 6)} for at in result.labels(top)]
    sure = result.answer()
    answered = sure and {"path": list(sure.path), "probability": round(sure.probability, 6)}
    return {
        "file": file,
        "modality": sample.modality,
        "model": result.model,
        "answer": answered,
        "labels": labels,
    }


def as_text(said: dict[str, Any]) -> str:
    file = printable(said["file"])
    if "error" in said:
        return f"{file}: {said['error']}"
    width = max(len(at["label"]) for at in said["labels"])
    lines = [f"  {at['label']:<{width}}  {percent(at['probability']):>7}" for at in said["labels"]]
    sure = said["answer"]
    verdict = f"{' › '.join(sure['path'])}, {percent(sure['probability'])}" if sure else "not sure"
    return "\n".join([f"{file}: {said['modality'].replace('_', ' ')}, {said['model']}: {verdict}", *lines])
