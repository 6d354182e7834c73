"""`perceiver-zoo attend`: where a model looked in one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perceiver_zoo.cli.common import KINDS, CommandError, Models, percent, positive, printable, whole_file

if TYPE_CHECKING:
    from perceiver_zoo.zoo import ZooEntry

LENSES = (
    "mean",
    "latent",
    "focus",
    "rollout",
    "class_evidence",
    "gradient",
    "looks_at",
    "answer",
    "answer_gradient",
)
OF_A_CLASS = ("class_evidence", "gradient", "answer_gradient")
BEFORE = ("mean", "latent", "focus")  # the lenses that have scores
OWN = {
    "latent": "latent",
    "rank": "focus",
    "element": "looks_at",
}  # what is a number and which lens it is for
SCALES = ("weights", "scores")
# What is written, and the one modality it is for.
ENDINGS = {
    ".png": ("overlay", None),
    ".npz": ("numbers", None),
    ".svg": ("figure", None),
    ".pdf": ("figure_pdf", None),
    ".mp4": ("clip", "video"),
    ".ply": ("points", "point_cloud"),
    ".html": ("scene", "point_cloud"),
}


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "attend",
        help="draw where a model looked in a file",
        description="Draw where a model looked in a file. Looks, latents and heads count from 1, as on the page.",
    )
    parser.add_argument("file", metavar="FILE", help="an image, a sound, a video or a 3D shape")
    parser.add_argument(
        "-o",
        dest="out",
        type=Path,
        required=True,
        metavar="OUT",
        help=".png: the map over the input; .npz: the map as numbers; .svg, .pdf: a figure of it and of latents, look "
        "by look; .mp4: a video's map over its frames; .ply: a 3D shape's points in the map's colours; .html: the "
        "same as a scene that turns",
    )
    parser.add_argument(
        "--model", metavar="NAME", help="model to use (default: the best measured of the file's modality)"
    )
    parser.add_argument(
        "--lens",
        choices=LENSES,
        help="how to reduce what the latents read to one map (answer: Perceiver IO's; default: mean)",
    )
    parser.add_argument(
        "--latent", type=positive, metavar="N", help="the latent of the lens latent (default: 1)"
    )
    parser.add_argument(
        "--rank", type=positive, metavar="N", help="the N-th most focused latent, for focus (default: 1)"
    )
    parser.add_argument(
        "--element", type=positive, metavar="N", help="the element of the lens looks_at (default: 1)"
    )
    parser.add_argument("--label", metavar="NAME", help="the class asked about (default: the likeliest)")
    parser.add_argument("--look", type=positive, metavar="N", help="which look (default: the last)")
    parser.add_argument("--head", type=positive, metavar="N", help="one head (default: the mean over heads)")
    parser.add_argument(
        "--scale",
        choices=SCALES,
        default="weights",
        help="after the softmax or before (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    check_out(args.out, Path(args.file))
    check_asked(args)

    from perceiver_zoo import media

    models = Models(args.model)
    try:
        sample = models.read(args.file)
        check_ending(args.out, sample.modality)
        pipeline = models.fit_for(sample)
        asked = question(args, pipeline.entry)
        result = pipeline.classify(sample)
        elements = result.trace.looks[0].key.shape[2]
        if asked.get("element", 0) >= elements:
            raise CommandError(f"element {args.element} does not exist: there are elements 1 to {elements}")
    except media.MediaError as error:
        raise CommandError(str(error), 1) from error

    from perceiver_zoo.export import FORMATS

    with whole_file(args.out) as part:
        line = FORMATS[ENDINGS[args.out.suffix.lower()][0]].write(part, pipeline, result, asked)
    best = result.labels(1)[0]
    print(f"{printable(str(args.out))}: {best.label} {percent(best.probability)}; {line}")
    return 0


def check_asked(args: argparse.Namespace) -> None:
    """Raise CommandError where an argument is for another lens."""
    lens = args.lens or ("latent" if args.latent else "mean")
    for name, own in OWN.items():
        if getattr(args, name) and lens != own:
            raise CommandError(f"--{name} is for the lens {own}, and --lens {lens} was asked for")
    if args.label and lens not in OF_A_CLASS:
        raise CommandError(f"--label is for {', '.join(OF_A_CLASS)}, and --lens {lens} was asked for")
    if args.scale == "scores" and lens not in BEFORE:
        raise CommandError(f"the lens {lens} is made of what comes after the softmax: it has no scores")


def check_out(out: Path, file: Path) -> None:
    """Raise CommandError where nothing can, or should, be written."""
    if out.suffix.lower() not in ENDINGS:
        raise CommandError(
            f"{printable(str(out))} must end in {', '.join(ENDINGS)}, which says what to write"
        )
    if not out.parent.is_dir():
        raise CommandError(f"there is no folder {printable(str(out.parent))} to write to")
    if out.exists() and file.exists() and out.samefile(file):
        raise CommandError("FILE and OUT are the same file; give OUT another name")


def check_ending(out: Path, modality: str) -> None:
    """Raise CommandError where `out` ends as a file of another modality does."""
    made_for = ENDINGS[out.suffix.lower()][1]
    if made_for and made_for != modality:
        raise CommandError(
            f"{out.suffix} is for {KINDS[made_for][1]}, and FILE is {KINDS[modality][0]}; "
            "give OUT the ending .png or .npz"
        )


def question(args: argparse.Namespace, entry: ZooEntry) -> dict[str, Any]:
    """The lens and its arguments, counted from 0; CommandError where the model has no such look, head or latent."""
    network = entry.network
    if args.lens == "class_evidence" and network["readout"] != "mean":
        raise CommandError(f"the lens class_evidence needs a mean readout; {entry.name} has a query's answer")
    if args.label and args.label not in entry.labels:
        raise CommandError(f"{entry.name} has no class {printable(args.label)}")
    if args.lens == "answer" and network["readout"] == "mean":
        raise CommandError(
            f"the lens answer is for Perceiver IO; {entry.name} takes the mean over its latents"
        )
    there_are = {
        "look": len(network["looks"]),
        "latent": network["latents"],
        "rank": network["latents"],
        "head": network["cross_heads"],
    }
    for name, count in there_are.items():
        if (getattr(args, name) or 1) > count:
            has = f"{name}s 1 to {count}" if count > 1 else f"one {name} only"
            raise CommandError(f"{name} {getattr(args, name)} does not exist: {entry.name} has {has}")
    asked = {
        "lens": args.lens or ("latent" if args.latent else "mean"),
        "look": (args.look or there_are["look"]) - 1,
        "head": args.head and args.head - 1,
        "scale": args.scale,
    }
    own = {name: (getattr(args, name) or 1) - 1 for name, lens in OWN.items() if lens == asked["lens"]}
    return asked | own | ({"label": args.label} if args.label else {})
