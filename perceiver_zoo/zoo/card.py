"""Model cards in the Hub's format, written from what was measured and from nothing else."""

from __future__ import annotations

import json

from perceiver_zoo.zoo.registry import ZooEntry, best_lens, read_measured

TAGS = {
    "image": ("image-classification", ["vision"]),
    "audio": ("audio-classification", ["audio"]),
    "video": ("video-classification", ["video"]),
    "point_cloud": ("other", ["point-cloud", "3d"]),
}
LIMITS = {
    "image": "It knows ten classes of small photographs, and of a larger one reads the centre square at 32×32 pixels.",
    "audio": "It knows thirty sounds. Of music, speech other than English digits, and mixtures it knows nothing.",
    "video": "It knows how a camera moves, learned from a virtual one, and nothing of what is filmed.",
    "point_cloud": "It knows toy bricks' parts and furniture, with z up. Many classes have few held-out shapes, so "
    "their figures are rough.",
}
MAPS = (
    "A map shows what was read, not why the answer is what it is. After the first look the latents are mixtures, so a "
    "later look's map of one latent is a question that already knows some of the answer. Class evidence adds up to "
    "the logit exactly, but lays each latent's say where that latent looked last. Whether a map marks what the answer "
    "rests on can be tested: elements can really be left out."
)


def card(entry: ZooEntry) -> str:
    """README.md of one bundled model: YAML front matter for the Hub, then the text."""
    parts = [front_matter(entry), heading(entry), made(entry), measured(entry)]
    parts += [
        robust(entry),
        faithful(entry),
        f"## Limits\n\n{LIMITS[entry.modality]}",
        f"## Its maps\n\n{MAPS}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def front_matter(entry: ZooEntry) -> str:
    """What the Hub reads; JSON strings are YAML strings too."""
    task, tags = TAGS[entry.modality]
    metrics = [
        ("accuracy", "top1"),
        ("top-5 accuracy", "top5"),
        ("mean class accuracy", "mean_class_accuracy"),
    ]
    lines = [
        "---",
        f"license: {entry.licence}",
        "library_name: perceiver-zoo",
        f"pipeline_tag: {task}",
        "tags:",
    ]
    lines += [f"- {tag}" for tag in ("perceiver", "attention-maps", *tags)]
    lines += ["model-index:", f"- name: {entry.name}", "  results:", "  - task:", f"      type: {task}"]
    lines += ["    dataset:", f"      name: {json.dumps(entry.metrics['split'], ensure_ascii=False)}"]
    lines += [f"      type: {entry.config['card']['recipe']}", "    metrics:"]
    for title, name in metrics:
        lines += [f"    - type: {title.replace(' ', '-')}", f"      name: {title}"]
        lines += [f"      value: {entry.metrics[name]}"]
    return "\n".join([*lines, "---"])


def heading(entry: ZooEntry) -> str:
    network, own = entry.network, entry.config["card"]
    looks = len(network["looks"])
    return (
        f"# {entry.name}\n\nAn original [Perceiver](https://arxiv.org/abs/2103.03206): {network['latents']} latents of "
        f"{network['latent_dim']} channels, {looks} looks (sharing: {own['sharing']}), {network['block_layers']} "
        f"self-attends after each, mean readout over {len(entry.labels)} classes. "
        f"Weights of {entry.size / 1e6:.1f} MB, in half precision.\n\n"
        f"```python\nimport perceiver_zoo\n\nresult = perceiver_zoo.load({json.dumps(entry.name)}).classify(file)\n"
        "result.labels(), result.map()  # what it says, and where it looked\n```\n\n"
        f"Classes: {', '.join(entry.labels)}."
    )


def made(entry: ZooEntry) -> str:
    own = entry.config["card"]
    return (
        f"## How it was made\n\nTrained from scratch on {own['trained_on']}; licences of the data in brackets, of the "
        f"weights: {own['licence']}. {own['steps']:,} steps of {own['batch']} with {own['optimizer']}, seed "
        f"{own['seed']}: `perceiver-zoo train {own['recipe']}`."
    )


def measured(entry: ZooEntry) -> str:
    """The figures of metrics.json, and how sure it may be."""
    metrics = entry.metrics
    rows = [("all", metrics), *(metrics["parts"].items() if len(metrics["parts"]) > 1 else ())]
    table = ["| held-out part | n | top-1 | top-5 | mean class accuracy |", "|---|---|---|---|---|"]
    table += [
        f"| {name} | {at['n']:,} | {at['top1']:.1%} | {at['top5']:.1%} | {at['mean_class_accuracy']:.1%} |"
        for name, at in rows
    ]
    text = f"## Measured\n\nOn {metrics['split']}, by `perceiver-zoo evaluate`.\n\n" + "\n".join(table)
    text += f"\n\nExpected calibration error {metrics['calibration_error']:.3f}"
    if fitted := entry.config["card"].get("calibration"):
        text += f", at temperature {fitted['temperature']} fitted on {fitted['n']:,} samples: {fitted['on']}"
    return text + "."


def robust(entry: ZooEntry) -> str:
    found = read_measured(entry, "robustness.json")
    if not found:
        return ""
    table = ["| change | level | top-1 |", "|---|---|---|"]
    table += [f"| {row['change']} | {row['level']} | {row['top1']:.1%} |" for row in found["rows"]]
    return (
        f"## On files as people have them\n\nTop-1 on {found['n']} held-out samples, each changed "
        f"(`perceiver-zoo evaluate --robustness`).\n\n" + "\n".join(table)
    )


def faithful(entry: ZooEntry) -> str:
    found = read_measured(entry, "faithfulness.json")
    if not found:
        return ""
    table = [
        "| lens | deletion | of random order | insertion | of random order | gap |",
        "|---|---|---|---|---|---|",
    ]
    table += [
        f"| {name} | {at['deletion']:.3f} | {at['random_deletion']:.3f} | {at['insertion']:.3f} | "
        f"{at['random_insertion']:.3f} | {at['gap']:+.3f} ± {at['error']:.3f} |"
        for name, at in found["lenses"].items()
    ]
    best = best_lens(found)
    says = (
        f"The lens that earns to be the default: {best}."
        if best
        else "No lens is clearly better than random order."
    )
    return (
        f"## Are its maps true?\n\nAreas under the probability of the answer as elements are left out (deletion: less "
        f"is better) or alone are read (insertion: more is better) in the map's order, on {found['n']} held-out "
        f"samples, at the last look (`perceiver-zoo faithfulness`). {says}\n\n" + "\n".join(table)
    )
