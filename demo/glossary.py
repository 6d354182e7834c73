"""The words of the page in the papers' sense, and what attention is and is not."""

from __future__ import annotations

from html import escape

PERCEIVER, PERCEIVER_IO = "Perceiver, section", "Perceiver IO, section"
# A noun, what it is, and where it is from.
GLOSSARY = (
    (
        "Input array",
        "All M elements of one input, a feature vector each; the paper's byte array.",
        f"{PERCEIVER} 3.1",
    ),
    (
        "Element",
        "One entry of the input array: a pixel, a patch of sound, a part of a clip or a point.",
        f"{PERCEIVER} 3.1",
    ),
    (
        "Position encoding",
        "What tells an element where it lies, for the array itself is a set without order.",
        f"{PERCEIVER} 3.2",
    ),
    (
        "Latent array",
        "N learned vectors, far fewer than elements, that ask the input array.",
        f"{PERCEIVER} 3.1",
    ),
    (
        "Cross-attend",
        "One look: every latent makes a query, every element a key and a value.",
        f"{PERCEIVER} 3.1",
    ),
    (
        "Latent transformer",
        "The self-attends after a look, in which latents read one another and not the input.",
        f"{PERCEIVER} 3.1",
    ),
    (
        "Weight sharing",
        "Several looks, or latent transformers, with one and the same weights.",
        f"{PERCEIVER} 3.1",
    ),
    (
        "Head",
        "One of several attends side by side in a cross-attend, each with its own queries and keys.",
        "Attention is all you need, section 3.2.2",
    ),
    ("Score", "Query times key, scaled, before the softmax.", "Attention is all you need, section 3.2.1"),
    (
        "Weight",
        "A score after the softmax: of one latent all elements' weights add up to one.",
        "Attention is all you need, section 3.2.1",
    ),
    ("Mean readout", "The answer made of the mean over the latents.", f"{PERCEIVER} 3.1"),
    (
        "Output query",
        "What asks the latents for one part of the answer in Perceiver IO.",
        f"{PERCEIVER_IO} 3.2",
    ),
    ("Rollout", "Attention followed back through several layers.", "Abnar and Zuidema 2020, section 3"),
)
ATTENTION = (
    "Attention shows what was read, not why the answer is what it is.",
    "After several looks and self-attends the latents have mixed: what one of them asks at a late look already holds "
    "what others read before.",
    "Class evidence adds up to the logit exactly only with a mean readout; laid on the input, it says which elements "
    "a latent looked at, not what it took from them.",
    "The test is to remove what a map marks and ask again: a Perceiver reads a set, so elements can really be left "
    "out.",
)


def glossary() -> str:
    """Both as HTML."""
    entries = "".join(
        f"<dt>{escape(noun)}</dt><dd>{escape(sentence)} <cite>{escape(source)}</cite></dd>"
        for noun, sentence, source in GLOSSARY
    )
    points = "".join(f"<li>{escape(sentence)}</li>" for sentence in ATTENTION)
    return (
        f'<h3>What attention is and is not</h3><ul class="attention">{points}</ul>'
        f'<h3>Glossary</h3><dl class="glossary">{entries}</dl>'
    )
