"""PCD clouds: a check before they are parsed."""

from __future__ import annotations

import re


def check_whole(pcd: bytes) -> None:
    """Raises ValueError if the file holds less than its header promises: the parser would invent the rest."""
    found = re.search(rb"^DATA[ \t]+(\w+)[^\n]*\n", pcd[:65536], re.MULTILINE)
    if found is None:
        raise ValueError("no data")
    header = {words[0]: words[1:] for line in pcd[: found.start()].splitlines() if (words := line.split())}
    points = int(header[b"POINTS"][0])
    sizes = [int(size) for size in header[b"SIZE"]]
    counts = [int(count) for count in header.get(b"COUNT", [b"1"] * len(sizes))]
    needed = points * sum(size * count for size, count in zip(sizes, counts, strict=True))
    body = len(pcd) - found.end()
    if found[1] == b"binary_compressed":
        at = found.end()
        packed, unpacked = (int.from_bytes(pcd[at + i : at + i + 4], "little") for i in (0, 4))
        whole = body >= 8 + packed and unpacked == needed
    elif found[1] == b"binary":
        whole = body >= needed
    else:
        whole = sum(len(line.split()) >= sum(counts) for line in pcd[found.end() :].splitlines()) >= points
    if not whole:
        raise ValueError("cut short")
