"""SmolLM2 in our Transformer and in transformers: load time, memory, tokens a second, on one thread.

The weights must be installed (see the README). Each side runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.tables import progress, table

PROMPT = "Once upon a time, in a small village by the sea, there lived"


def measure(quick: bool) -> dict[str, dict[str, float]]:
    found = {}
    for side in ("attnlab", "transformers"):
        progress(f"SmolLM2 in {side}")
        command = [sys.executable, "-m", "tests.benchmarks.published", side, "10" if quick else "100"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[side] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(side: str, count: int) -> dict[str, Any]:
    """Load, then write `count` tokens, always the likeliest, with a cache of keys and values."""
    import torch

    torch.set_num_threads(1)
    start = time.perf_counter()
    write = {"attnlab": ours, "transformers": theirs}[side]()
    loaded, start = time.perf_counter() - start, time.perf_counter()
    ids = write(count)
    seconds = time.perf_counter() - start
    return {"load": loaded, "peak": peak(), "tokens": count / seconds, "ids": ids}


def peak() -> float:
    """The most memory that this process has held, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


def ours() -> Any:
    import torch

    from attnlab.models import Cache
    from attnlab.pretrained import load

    model, tokenizer = load("smollm2", quiet=True)

    def write(count: int) -> list[int]:
        assert tokenizer is not None
        ids, cache, found = tokenizer.encode(PROMPT), Cache(), []
        for _ in range(count):
            with torch.no_grad():
                logits = model(torch.tensor([ids]), cache=cache)[0, -1]
            ids = [int(logits.argmax())]
            found += ids
        return found

    return write


def theirs() -> Any:
    import torch

    from tests.reference_ids import smollm2
    from tests.reference_logits import other_smollm2

    model = other_smollm2()

    def write(count: int) -> list[int]:
        ids = torch.tensor([smollm2().encode(PROMPT)])
        options = {"max_new_tokens": count, "min_new_tokens": count, "do_sample": False}
        found = model.generate(ids, attention_mask=torch.ones_like(ids), **options)
        return found[0, ids.shape[1] :].tolist()

    return write


def show(found: dict[str, dict[str, Any]]) -> str:
    rows = [(side, f"{n['load']:.1f}", f"{n['peak']:.0f}", f"{n['tokens']:.1f}") for side, n in found.items()]
    one, other = (n["ids"] for n in found.values())
    same = sum(a == b for a, b in zip(one, other, strict=True))
    heads = ("SmolLM2, float32, one thread", "load, s", "peak memory, MB", "tokens a second")
    return f"{table(heads, rows)}\n\n{same} of {len(one)} tokens are the same."


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
