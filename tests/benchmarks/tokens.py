"""Byte-pair encoding: how long training and encoding take on 100 kB of our own prose."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from attnlab.nbval.notebook import read
from attnlab.tokens import BytePairTokenizer
from tests.benchmarks.tables import table
from tests.refresh import NOTEBOOKS

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


def one_word() -> str:
    """The letters of that text alone: nothing tells where a word ends, as in a language without spaces."""
    letters = "".join(filter(str.isalpha, prose())).encode()
    return (letters * 2)[:BYTES].decode(errors="ignore")


def measure(quick: bool) -> dict[str, dict[str, float]]:
    repeats = 1 if quick else 5
    cases = [(prose(), size, "") for size in SIZES] + [(one_word(), SIZES[1], ", no spaces")]
    cases += [("ab" * (BYTES // 2), SIZES[1], ", abab...")]
    return {f"{size} asked for{what}": measured(text, size, repeats) for text, size, what in cases}


def measured(text: str, size: int, repeats: int) -> dict[str, float]:
    tokenizer = BytePairTokenizer.train(text, size)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    return {
        "size": len(tokenizer),
        "train": seconds(lambda: BytePairTokenizer.train(text, size), repeats),
        "encode": seconds(lambda: tokenizer.encode(text), repeats),
        "bytes": len(text.encode()) / len(ids),
    }


def show(found: dict[str, dict[str, float]]) -> str:
    rows = [
        (name, f"{n['size']}", f"{n['train']:.2f}", f"{n['encode']:.2f}", f"{n['bytes']:.1f}")
        for name, n in found.items()
    ]
    heads = ("byte pairs, 100 kB", "tokens made", "training, s CPU", "encoding, s CPU", "bytes a token")
    return table(heads, rows)
