"""Byte-pair encoding: how long training and encoding take on 100 kB of our own prose."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from attnlab.tokens import BytePairTokenizer
from tests.benchmarks.tables import table
from tests.refresh import NOTEBOOKS, read

BYTES = 100_000
SIZES = (512, 1024, 4096)


def prose() -> str:
    """The text of the notebooks, cut or repeated to 100 kB."""
    cells = [cell.source for path in sorted(NOTEBOOKS.glob("*.ipynb")) for cell in read(path).cells]
    text = "\n\n".join(cells).encode()
    return (text * (BYTES // len(text) + 1))[:BYTES].decode(errors="ignore")


def seconds(work: Callable[[], Any], repeats: int) -> float:
    """CPU seconds of the quickest run."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def measure(quick: bool) -> dict[str, dict[str, float]]:
    text, found = prose(), {}
    for size in SIZES:
        tokenizer = BytePairTokenizer.train(text, size)
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text
        found[f"{size} asked for, {len(tokenizer)} made"] = {
            "train": seconds(lambda size=size: BytePairTokenizer.train(text, size), 1 if quick else 5),
            "encode": seconds(lambda it=tokenizer: it.encode(text), 1 if quick else 5),
            "bytes": len(text.encode()) / len(ids),
        }
    return found


def show(found: dict[str, dict[str, float]]) -> str:
    rows = [
        (name, f"{n['train']:.2f}", f"{n['encode']:.2f}", f"{n['bytes']:.1f}") for name, n in found.items()
    ]
    heads = ("byte pairs, 100 kB", "training, s CPU", "encoding, s CPU", "bytes a token")
    return table(heads, rows)
