"""Panels of the other views, as large as the notebooks show them, each under one slider."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlab import (
    Areas,
    Blocks,
    DotProduct,
    Heads,
    Links,
    Picture,
    Pieces,
    Slider,
    Sound,
    causal_mask,
    explore,
    softmax,
)
from attnlab.panels.panel import Panel
from tests.benchmarks.pictures import LAST, SCORES, START, TOKENS

COLUMNS = ["animal", "drink", "state", "time"]
RNG = np.random.default_rng(1)
PARTS = RNG.uniform(-1, 1, (3, 8, 4))  # queries, keys and values of 8 tokens, d_k = d_v = 4
SCREEN, WAVE, BANDS = RNG.uniform(size=(16, 16)), np.sin(np.arange(1600) / 5), RNG.uniform(size=(8, 24))


def row(step: int) -> DotProduct:
    """A query row with everything: q × k, sum, scale, mask, softmax, weighted values, output."""
    (q, k, v), i = PARTS, step % 8
    mask, more = np.arange(8) <= i, {"columns": COLUMNS, "value_columns": COLUMNS, "selected": i // 2}
    return DotProduct(q[i], k, TOKENS[:8], "path", TOKENS[i], scale=0.5, mask=mask, values=v, **more)


def lines(step: int) -> Links:
    shares = softmax([SCORES[:8, :8], SCORES[4:, 4:]], temperature=0.2 + step / 16)
    return Links(shares, TOKENS[:8], TOKENS[:8], "two heads")


def heads(step: int) -> Heads:
    shares = softmax([SCORES[i : i + 8, i : i + 8] for i in range(4)], temperature=0.2 + step / 16)
    return Heads(shares, TOKENS[:8], TOKENS[:8], "four heads", heads=[True, True, step % 2 == 0, True])


def text(step: int) -> Pieces:
    words = [TOKENS[(i * i + step) % 12] for i in range(40)]
    return Pieces(words, range(40), "a text in pieces", marked=[step % 40], lines=4)


def image(step: int) -> Picture:
    weights = softmax(SCORES[:4, :4].ravel(), temperature=0.2 + step / 16)
    return Picture(SCREEN, "an image", side=4, weights=weights, selected=step % 16)


def sound(step: int) -> Sound:
    spectrum = np.roll(BANDS, step, axis=1)
    return Sound(WAVE * (0.3 + step / 100), 8000, "a sound", size=200, spectrum=spectrum, selected=step % 8)


def structure(step: int) -> Blocks:
    """An encoder and a decoder of two layers, a number after every part, shapes and masks."""
    names = [
        f"{p}layer {i} {x}" for p in ("", "encoder ") for i in (1, 2) for x in ("attention", "feed-forward")
    ]
    numbers = {name: 1 + (step + 5 * i) % 97 / 12 for i, name in enumerate(names)}
    shapes = dict.fromkeys(("embedding", "attention", "cross-attention", "feed-forward"), (8, 16 + step))
    masks = {"self": causal_mask(8), "cross": causal_mask(8), "source": causal_mask(8)}
    made = {"numbers": numbers, "shapes": shapes, "masks": masks, "selected": step % 9}
    return Blocks.transformer("encoder-decoder", 2, "a structure", "RMS", **made)


def scale(step: int) -> Areas:
    """The parameters of a model of 12 layers, in a larger one."""
    d = 64 * (step + 1)
    layer = {"attention": 4 * d * d, "feed-forward": 8 * d * d, "norms": 4 * d}
    layers = {f"layer {i}": layer for i in range(1, 13)}
    return Areas({"embedding": 50_257 * d, **layers}, "to scale", limit=3e9, reference={"base": 124e6})


MADE: dict[str, Callable] = {
    "one query, the whole path": row,
    "two heads as lines": lines,
    "four heads as maps": heads,
    "a text of 40 pieces": text,
    "an image in 16 patches": image,
    "a sound of 8 frames": sound,
    "two stacks as blocks": structure,
    "the areas of 12 layers": scale,
}


def panels() -> dict[str, Panel]:
    return {name: explore(function, step=Slider(0, LAST, START)) for name, function in MADE.items()}
