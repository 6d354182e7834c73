"""Lenses reduce a trace to one map [W, M]; one small file each. A new lens is one more entry here."""

from __future__ import annotations

from perceiver_zoo.lenses.answer import answer
from perceiver_zoo.lenses.class_evidence import class_evidence, contributions
from perceiver_zoo.lenses.focus import ORDERS, focus, order
from perceiver_zoo.lenses.gradient import Pull, answer_gradient, gradient
from perceiver_zoo.lenses.latent import latent
from perceiver_zoo.lenses.lens import Lens
from perceiver_zoo.lenses.looks_at import looks_at, readers
from perceiver_zoo.lenses.mean import mean
from perceiver_zoo.lenses.rollout import rollout, shares
from perceiver_zoo.lenses.rows import SCALES, accumulate

AFTER = ("weights",)  # lenses that are made of rows after the softmax

LENSES: dict[str, Lens] = {
    lens.name: lens
    for lens in (
        Lens("mean", "Mean over latents", "What the whole latent array read.", mean),
        Lens("latent", "One latent", "What a single question read.", latent, takes=("latent",)),
        Lens(
            "focus",
            "Most focused latent",
            "The latents in the order of how concentrated their look is.",
            focus,
            takes=("rank",),
        ),
        Lens(
            "rollout",
            "Rollout",
            "What reached the answer, followed back through the latent transformers.",
            rollout,
            scales=AFTER,
            needs=lambda trace: bool(trace.mixing),
        ),
        Lens(
            "class_evidence",
            "Class evidence",
            "What each latent said for or against a class, laid where it looked; it adds up to the logit.",
            class_evidence,
            signed=True,
            takes=("label",),
            scales=AFTER,
            needs=lambda trace: trace.evidence is not None,
        ),
        Lens(
            "gradient",
            "Attention x gradient",
            "Where more attention would have raised the logit of a class; runs the network again for each class.",
            gradient,
            takes=("label",),
            scales=AFTER,
            needs=lambda trace: trace.evidence is not None,
        ),
        Lens(
            "looks_at",
            "Looks at this",
            "Which latents read one element, and what else they read.",
            looks_at,
            takes=("element",),
            scales=AFTER,
        ),
        Lens(
            "answer",
            "The answer's query",
            "What the answer's query read, by way of the latents.",
            answer,
            scales=AFTER,
            needs=lambda trace: trace.answer is not None,
        ),
        Lens(
            "answer_gradient",
            "Answer x gradient",
            "The same, each latent weighed by how much more attention to it would have raised the logit of a class.",
            answer_gradient,
            takes=("label",),
            scales=AFTER,
            needs=lambda trace: trace.answer is not None,
        ),
    )
}

__all__ = [
    "LENSES",
    "ORDERS",
    "SCALES",
    "Lens",
    "Pull",
    "accumulate",
    "answer",
    "answer_gradient",
    "class_evidence",
    "contributions",
    "focus",
    "gradient",
    "latent",
    "looks_at",
    "mean",
    "order",
    "readers",
    "rollout",
    "shares",
]
