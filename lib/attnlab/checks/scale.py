"""Exercises of notebook 12: parameters of a layer, the KV cache in bytes, the time of a training."""

from collections.abc import Callable

import numpy as np

from .verdict import judge


def check_layer_parameters(attempt: Callable) -> Callable:
    """`layer_parameters(d_model, d_ff)`: how many numbers one layer of GPT-2 learns."""
    return judge("the parameters of a layer", attempt, _layer_parameters, _WIDTHS, _WRONG_LAYER, _widths)


def check_kv_cache_bytes(attempt: Callable) -> Callable:
    """`kv_cache_bytes(n_layers, n_kv_heads, d_head, tokens, bytes_per_number)`: of one sequence."""
    return judge("the KV cache", attempt, _kv_cache_bytes, _CACHES, _WRONG_CACHE, _cache)


def check_training_days(attempt: Callable) -> Callable:
    """`training_days(parameters, tokens, chips, flops_per_second, utilisation)`: 6 N D on real chips."""
    return judge("days of training", attempt, _training_days, _TRAININGS, _WRONG_DAYS, _training)


def _whole(rng: np.random.Generator, most: float) -> int:
    """A whole number from 1 to `most`, small as often as large."""
    return int(most ** rng.random())


# Exercise 1: attention with biases, two matrices with biases, two layer norms


def _attention(d: int) -> int:
    return 4 * (d * d + d)


def _feed_forward(d: int, f: int) -> int:
    return (d * f + f) + (f * d + d)


def _layer_parameters(d_model: int, d_ff: int) -> int:
    return _attention(d_model) + _feed_forward(d_model, d_ff) + 2 * (2 * d_model)


_WIDTHS = [(4, 16), (6, 10), (1, 3), (5, 2), (512, 2048), (768, 3072), (1600, 6400)]


def _widths(rng: np.random.Generator) -> tuple[int, int]:
    """Two widths that have nothing to do with each other."""
    return _whole(rng, 5000), _whole(rng, 20_000)


_WRONG_LAYER = {
    lambda d, f: 4 * d * d + 2 * d * f: (
        "these are only the matrices. Add the biases and the norms: they are few, but they are learnt too."
    ),
    lambda d, f: 4 * d * d + 2 * d * f + 4 * d: (
        "every bias is missing. A matrix with b columns has a bias of b numbers, one for each output."
    ),
    lambda d, f: 12 * d * d: (
        "12 d² is a rule of thumb for d_ff = 4 d_model. Count with d_ff, biases and norms."
    ),
    lambda d, f: _layer_parameters(d, 4 * d): (
        "this assumes d_ff = 4 d_model. That is common, but not always so: use d_ff."
    ),
    lambda d, f: _attention(d) + _feed_forward(d, f): (
        "4 d_model numbers are missing: two norms (a gain and a shift each), or the four biases of attention."
    ),
    lambda d, f: _attention(d) + _feed_forward(d, f) + 2 * d: (
        "2 d_model numbers of the norms are missing. There are two norms, each with a gain and a shift."
    ),
    lambda d, f: _attention(d) + _feed_forward(d, f) + 3 * 2 * d: (
        "that is one norm too many: one comes before attention, one before the feed-forward part. "
        "The last norm of the model belongs to no layer."
    ),
    lambda d, f: _attention(d) + _feed_forward(d, f) + 4: (
        "a norm has a gain and a shift for each of the d_model columns, not one for all of them."
    ),
    lambda d, f: _attention(d) + _feed_forward(d, f) + 2 * d + 2 * f: (
        "one of your norms has d_ff numbers. Both norms are as wide as the residual stream: d_model."
    ),
    lambda d, f: 4 * d * d + d + _feed_forward(d, f) + 4 * d: (
        "attention has four biases, one for each of its matrices."
    ),
    lambda d, f: 3 * (d * d + d) + _feed_forward(d, f) + 4 * d: (
        "attention has four matrices: W_O is missing."
    ),
    lambda d, f: d * d + d + _feed_forward(d, f) + 4 * d: (
        "attention has four matrices of this size: W_Q, W_K, W_V and W_O."
    ),
    lambda d, f: _attention(d) + d * f + f + 4 * d: (
        "the feed-forward part has two matrices: one to d_ff, and one back to d_model."
    ),
    lambda d, f: _attention(d) + 2 * d * f + 4 * d: (
        "the two biases of the feed-forward part are missing: d_ff and d_model numbers."
    ),
    lambda d, f: _attention(d) + 2 * (d * f + f + d) + 4 * d: (
        "the biases of the feed-forward part are counted twice: d_ff numbers for W_1, d_model for W_2."
    ),
    lambda d, f: _attention(d) + 2 * (d * f + d) + 4 * d: (
        "the first bias of the feed-forward part is added to d_ff columns, so it has d_ff numbers."
    ),
    lambda d, f: _attention(d) + 2 * (d * f + f) + 4 * d: (
        "the second bias of the feed-forward part is added to d_model columns, so it has d_model numbers."
    ),
    lambda d, f: _attention(d) + 3 * d * f + 2 * f + d + 4 * d: (
        "three matrices: that is SwiGLU. GPT-2 has two, one to d_ff and one back."
    ),
    lambda d, f: 2 * _attention(d) + _feed_forward(d, f) + 6 * d: (
        "attention is counted twice: that is a decoder layer with cross-attention. GPT-2 has none."
    ),
    lambda d, f: _attention(d) + d * f * f * d + f + d + 4 * d: (
        "the two matrices are separate: add their sizes, don't multiply them."
    ),
    lambda d, f: 2 * (d + d) * 4 + 2 * (d + f) + 4 * d: (
        "a matrix with a rows and b columns holds a times b numbers, not a + b."
    ),
}


# Exercise 2: a key and a value, for each layer, head of keys and values, and token


def _kv_cache_bytes(
    n_layers: int, n_kv_heads: int, d_head: int, tokens: int, bytes_per_number: float
) -> float:
    return 2 * n_layers * n_kv_heads * d_head * tokens * bytes_per_number


_CACHES = [
    (1, 1, 4, 1, 4),
    (2, 3, 10, 7, 8),
    (3, 1, 2, 5, 1),
    (1, 2, 4, 0, 2),
    (1, 1, 3, 1, 0.5),
    (12, 12, 64, 1024, 2),
    (36, 8, 128, 4096, 2),
    (96, 96, 128, 2048, 1),
]


def _cache(rng: np.random.Generator) -> tuple[float, ...]:
    """Any layers, heads, columns and tokens, one of each too; half a byte, or 1, 2, 4 or 8."""
    sizes = [_whole(rng, most) for most in (100, 100, 200, 1e5)]
    return (*sizes, [0.5, 1, 2, 4, 8][rng.integers(5)])


_WRONG_CACHE = {
    lambda n, h, d, t, b: n * h * d * t * b: "this is K or V alone: every token leaves a key and a value.",
    lambda n, h, d, t, b: 3 * n * h * d * t * b: (
        "queries are not kept: a query is used once, for its own token. Keys and values are: 2, not 3."
    ),
    lambda n, h, d, t, b: 4 * n * h * d * t * b: (
        "this is twice what it should be: one 2, for key and value, is enough. bytes_per_number is in bytes."
    ),
    lambda n, h, d, t, b: 2 * n * h * d * (t - 1) * b: (
        "one token is missing: after reading t tokens there are t keys, that of the last token too."
    ),
    lambda n, h, d, t, b: 2 * n * h * d * (t + 1) * b: (
        "that is one token too many: the next word has no key before it is read."
    ),
    lambda n, h, d, t, b: 2 * h * d * t * b: "this is one layer. Each layer has keys and values of its own.",
    lambda n, h, d, t, b: 2 * n * d * t * b: (
        "this is one head. Every head of keys and values is kept: use n_kv_heads."
    ),
    lambda n, h, d, t, b: 2 * n * h * t * b: "each key has d_head numbers, and so does each value.",
    lambda n, h, d, t, b: 2 * n * h * d * b: "this is one token. The cache holds all tokens that were read.",
    lambda n, h, d, t, b: (
        2 * n * h * d * t
    ): "this counts numbers. Multiply by the bytes that each one takes.",
    lambda n, h, d, t, b: 4 * n * h * d * t: (
        "this takes 2 bytes for each number, as in bf16. Use bytes_per_number."
    ),
    lambda n, h, d, t, b: 16 * n * h * d * t * b: (
        "this is in bits: 8 times too much. bytes_per_number is already in bytes."
    ),
    lambda n, h, d, t, b: 2 * n * h * d * t * b / 8: (
        "bytes_per_number is already in bytes: don't divide by 8."
    ),
    lambda n, h, d, t, b: 2 * n * h * d * t * t * b: (
        "t² is the size of the attention map, which is not kept. The cache grows with t."
    ),
    lambda n, h, d, t, b: n * h * t * t * b: (
        "this is the attention map, and it is not kept. Count keys and values."
    ),
    lambda n, h, d, t, b: 2 * n * h * d * d * t * b: (
        "d_head is there twice. A key is a row of d_head numbers, not a matrix."
    ),
    lambda n, h, d, t, b: 2 * n * h * h * d * t * b: (
        "n_kv_heads is there twice. The key of one head has d_head numbers, whatever the number of heads."
    ),
    lambda n, h, d, t, b: 2 * n * h * d * t * b / 1e9: "this is in gigabytes. Return bytes.",
    lambda n, h, d, t, b: 2 * n * h * d * t * b / 2**30: (
        "this is in units of 2^30 bytes. Return bytes: no division."
    ),
    lambda n, h, d, t, b: 2 * n * h * d * t * b / 1e6: "this is in megabytes. Return the bytes.",
    lambda n, h, d, t, b: 2 * n * h * d * t * b / 2**20: (
        "this is in units of 2^20 bytes. Return bytes: no division."
    ),
    lambda n, h, d, t, b: 2 * n * h * d * t * b / 1e3: "this is in kilobytes. Return the bytes.",
    lambda n, h, d, t, b: 2 * n * h * d * t * b / 1024: (
        "this is in units of 1024 bytes. Return bytes: no division."
    ),
    lambda n, h, d, t, b: 2 * (n + h + d + t) * b: (
        "layers, heads, columns and tokens are multiplied, not added."
    ),
}


# Exercise 3: 6 N D, the share of the peak that is used, and 86,400 seconds a day

DAY = 24 * 60 * 60  # seconds


def _training_days(
    parameters: float, tokens: float, chips: int, flops_per_second: float, utilisation: float
) -> float:
    return 6 * parameters * tokens / (chips * flops_per_second * utilisation) / DAY


_TRAININGS = [
    (3e3, 2e3, 2, 100.0, 0.5),
    (1e9, 20e9, 8, 3e14, 0.4),
    (1.5e8, 1e10, 1, 2e13, 0.5),
    (7e10, 1.4e12, 2000, 1e15, 0.25),
    (1.75e11, 3e11, 1000, 3e14, 1.0),
]


def _training(rng: np.random.Generator) -> tuple[float, float, int, float, float]:
    """A small or large model on little or much text, on one chip or many, slow or fast."""
    parameters, tokens, speed = (float(f"{10**exponent:.1e}") for exponent in rng.uniform(3, 13, size=3))
    return parameters, tokens, _whole(rng, 20_000), speed, round(rng.uniform(0.05, 1), 2)


def _days(factor: float, power: int = -1) -> Callable:
    """A wrong factor, or utilisation to a wrong power."""
    return lambda n, d, c, f, u: factor * n * d / (c * f) * u**power / DAY


_WRONG_DAYS = {
    _days(2): "2 N D is only the forward pass. The backward pass costs 4 N D more: 6 N D in all.",
    _days(4): "4 N D is only the backward pass. The forward pass adds 2 N D.",
    _days(8): "8 N D goes forward twice. Once is enough here: 2 N D forward and 4 N D back.",
    _days(3): "a multiplication and an addition are 2 FLOPs: 6 N D, not 3 N D.",
    _days(1): "the 6 is missing: 2 FLOPs forward and 4 back, for each parameter and token.",
    _days(6, 0): "utilisation is missing: the chips do only this share of what they could.",
    _days(6, 1): "utilisation is multiplied. Chips that do half of what they could take twice as long.",
    lambda n, d, c, f, u: 6 * n * d / (c * f * u): "this is in seconds. A day has 24 · 60 · 60 of them.",
    lambda n, d, c, f, u: 6 * n * d / (c * f * u) / 3600: "this is in hours. Divide by 24 as well.",
    lambda n, d, c, f, u: 6 * n * d / (c * f * u) / 24: (
        "this divides seconds by 24. An hour has 60 · 60 seconds: divide by these too."
    ),
    lambda n, d, c, f, u: 6 * n * d / (c * f * u) / 60 / 24: (
        "an hour has 60 · 60 seconds: one 60 is missing."
    ),
    lambda n, d, c, f, u: 6 * n * d / (c * f * u) / 24 * 60 * 60: (
        "x / 24 * 60 * 60 divides by 24, but multiplies by 60 twice. Write x / (24 * 60 * 60)."
    ),
    lambda n, d, c, f, u: 6 * n * d / (c * f * u) / 365: (
        "this divides seconds by 365. One day has 24 · 60 · 60 of them."
    ),
    lambda n, d, c, f, u: 6 * n * d / (c * f * u) * DAY: (
        "this multiplies by the seconds of a day. Divide by them."
    ),
    lambda n, d, c, f, u: 6 * n * d / c * f * u / DAY: "x / c * f multiplies by f. Write x / (c * f * u).",
    lambda n, d, c, f, u: 6 * n * d / (f * u) / DAY: (
        "this is the time on one chip. All chips work at the same time: divide by chips."
    ),
    lambda n, d, c, f, u: 6 * n * d * c / (f * u) / DAY: (
        "here more chips take longer. Divide by chips, don't multiply."
    ),
    lambda n, d, c, f, u: 6 * n / (c * f * u) / DAY: "this is one token. The model reads all of them.",
    lambda n, d, c, f, u: 6 * d / (c * f * u) / DAY: (
        "this is one parameter. Each of them costs 6 FLOPs for a token."
    ),
    lambda n, d, c, f, u: 6 * n * d / (c * f * u / 100) / DAY: (
        "utilisation is a share such as 0.4, not a percentage: don't divide it by 100."
    ),
    lambda n, d, c, f, u: 6 * (n + d) / (c * f * u) / DAY: (
        "each token meets each parameter: N times D, not N + D."
    ),
    lambda n, d, c, f, u: c * f * u / (6 * n * d) / DAY: (
        "upside down: divide the work by the FLOPs of one second."
    ),
}
