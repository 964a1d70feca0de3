"""Exercises of notebook 11: a layer norm, who may look at whom, the pairs of a next-word training."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import causal_mask
from .verdict import judge


def check_layer_norm(attempt: Callable) -> Callable:
    """`layer_norm(x, gain, shift)`: every token at mean 0 and variance 1, then times gain, plus shift."""
    return judge("the layer norm", attempt, _layer_norm, _STREAMS, _WRONG_NORM)


def check_visible(attempt: Callable) -> Callable:
    """`visible(kind, n, m)`: the masks of a structure, in a list: True = may look."""
    return judge("who may look at whom", attempt, _visible, _KINDS, _WRONG_VISIBLE)


def check_next_word(attempt: Callable) -> Callable:
    """`next_word(ids, pad)`: what a decoder reads, what it should say, and where that counts."""
    return judge("the next word", attempt, _next_word, _SENTENCES, _WRONG_NEXT)


# A layer norm

_rng = np.random.default_rng(11)
_STREAMS = [
    (np.array([[1.0, 3.0, 5.0, 7.0]]), np.ones(4), np.zeros(4)),
    (_rng.normal(2.0, 3.0, size=(3, 4)), np.array([1.0, 2.0, 0.5, -1.0]), np.array([0.0, 1.0, -1.0, 0.5])),
    (_rng.normal(size=(5, 5)), _rng.normal(size=5), _rng.normal(size=5)),
    (np.array([[2.0, 2.0, 2.0], [0.0, 0.01, 0.0]]), np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.5, 0.0])),
]
SMALL = 1e-5


def _layer_norm(x: NDArray, gain: NDArray, shift: NDArray) -> NDArray:
    return _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) * gain + shift


def _centred(x: NDArray) -> NDArray:
    return x - x.mean(axis=-1, keepdims=True)


def _as_row(x: NDArray, numbers: NDArray) -> NDArray:
    """The numbers by the token and not by the column, where that is possible."""
    return numbers[: len(x), None] if len(x) <= len(numbers) else np.resize(numbers, (len(x), 1))


_WRONG_NORM = {
    lambda x, gain, shift: _centred(x) / x.std(axis=-1, keepdims=True) * gain + shift: (
        "the small number is missing: a token whose numbers are all alike has variance 0. "
        "Add 1e-5 under the root."
    ),
    lambda x, gain, shift: _centred(x) / (x.std(axis=-1, keepdims=True) + SMALL) * gain + shift: (
        "nearly: 1e-5 belongs under the root, np.sqrt(variance + 1e-5), and not behind it."
    ),
    lambda x, gain, shift: _centred(x) / (x.var(axis=-1, keepdims=True) + SMALL) * gain + shift: (
        "this divides by the variance. Divide by its root."
    ),
    lambda x, gain, shift: (
        _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True, ddof=1) + SMALL) * gain + shift
    ): "this variance divides by n - 1. The variance of a norm divides by n: x.var(axis=-1).",
    lambda x, gain, shift: (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + SMALL) * gain + shift: (
        "this looks down the columns, over all tokens. A norm looks at each token alone: axis=-1."
    ),
    lambda x, gain, shift: (x - x.mean()) / np.sqrt(x.var() + SMALL) * gain + shift: (
        "one mean for all tokens. Each token has its own: axis=-1, keepdims=True."
    ),
    lambda x, gain, shift: x / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) * gain + shift: (
        "the mean is still there. Subtract it first."
    ),
    lambda x, gain, shift: (
        x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + SMALL) * gain + shift
    ): "this is an RMS norm, which leaves the mean. A layer norm subtracts it first.",
    lambda x, gain, shift: _centred(x) * gain + shift: "the mean is right. Now divide by the root.",
    lambda x, gain, shift: _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL): (
        "gain and shift are missing: times gain, plus shift."
    ),
    lambda x, gain, shift: _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) * gain: (
        "the shift is missing at the end."
    ),
    lambda x, gain, shift: _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) + shift: (
        "the gain is missing: multiply by it before the shift is added."
    ),
    lambda x, gain, shift: (
        (_centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) + shift) * gain
    ): "the order: first times gain, then plus shift.",
    lambda x, gain, shift: (
        _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) * _as_row(x, gain) + _as_row(x, shift)
    ): "gain and shift belong to the columns, one number for each. Leave them as they are: [d_model].",
    lambda x, gain, shift: _layer_norm(x, gain, shift) + x: (
        "x is added again. That is the residual: it comes around the whole part, not in the norm."
    ),
    lambda x, gain, shift: (
        _centred(x) / np.linalg.norm(_centred(x), axis=-1, keepdims=True).clip(SMALL) * gain + shift
    ): "this makes every token as long as 1. Its variance should be 1: divide by np.sqrt(variance + 1e-5).",
}


# Who may look at whom

_KINDS = [
    ("encoder", 4, 4), ("decoder", 4, 4), ("encoder-decoder", 3, 5), ("encoder-decoder", 4, 2),
    ("encoder-decoder", 3, 3), ("encoder", 1, 1), ("decoder", 5, 5),
]  # fmt: skip


def _full(n: int, m: int) -> NDArray[np.bool_]:
    return np.ones((n, m), dtype=bool)


def _visible(kind: str, n: int, m: int) -> list[NDArray[np.bool_]]:
    return _masks(kind, _full(n, n), causal_mask(n), [_full(m, m), causal_mask(n), _full(n, m)])


def _masks(kind: str, encoder: NDArray, decoder: NDArray, pair: list[NDArray]) -> list[NDArray]:
    return {"encoder": [encoder], "decoder": [decoder], "encoder-decoder": pair}[kind]


def _strict(n: int) -> NDArray[np.bool_]:
    """Only what came before."""
    return np.tri(n, k=-1, dtype=bool)


def _pair(make: Callable[[int, int], list[NDArray]]) -> Callable[[str, int, int], list[NDArray]]:
    """Right but for the encoder-decoder."""
    return lambda kind, n, m: make(n, m) if kind == "encoder-decoder" else _visible(kind, n, m)


_WRONG_VISIBLE = {
    lambda kind, n, m: [~mask for mask in _visible(kind, n, m)]: (
        "True and False are swapped. True means: may look."
    ),
    lambda kind, n, m: [mask.T for mask in _visible(kind, n, m)]: (
        "rows and columns are swapped: a row is who looks (the query), a column is what is looked at."
    ),
    lambda kind, n, m: _masks(
        kind, causal_mask(n), _full(n, n), [causal_mask(m), _full(n, n), _full(n, m)]
    ): "encoder and decoder are swapped: the decoder writes word by word, and must not see what comes later.",
    lambda kind, n, m: _masks(kind, _full(n, n), _strict(n), [_full(m, m), _strict(n), _full(n, m)]): (
        "a decoder sees the word that it has just read, too: np.tri(n, dtype=bool) has the diagonal."
    ),
    lambda kind, n, m: _masks(
        kind, _full(n, n), causal_mask(n).T, [_full(m, m), causal_mask(n).T, _full(n, m)]
    ): "this decoder sees only the future. Row i may see the columns 0 to i: the triangle on the lower left.",
    lambda kind, n, m: _masks(kind, causal_mask(n), causal_mask(n), _visible("encoder-decoder", n, m)): (
        "an encoder reads the whole sentence, to the left and to the right: all True."
    ),
    lambda kind, n, m: _masks(kind, _full(n, n), _full(n, n), [_full(m, m), _full(n, n), _full(n, m)]): (
        "who writes word by word must not see what comes later, or it learns to copy it: a causal mask."
    ),
    _pair(lambda n, m: [_full(m, m), _full(n, n), _full(n, m)]): (
        "in the encoder-decoder, the decoder still writes word by word: its own mask is causal."
    ),
    _pair(lambda n, m: [causal_mask(m), causal_mask(n), _full(n, m)]): (
        "the source is there as a whole from the start: its encoder sees all of it."
    ),
    _pair(lambda n, m: [_full(m, m), causal_mask(n), np.tri(n, m, dtype=bool)]): (
        "cross-attention: the source is there as a whole, so every query may look at all of it."
    ),
    _pair(lambda n, m: [causal_mask(m), causal_mask(n), np.tri(n, m, dtype=bool)]): (
        "in the encoder-decoder only the decoder's own mask is causal. The source is there as a whole."
    ),
    _pair(lambda n, m: [_full(m, m), causal_mask(n), _full(m, n)]): (
        "cross-attention is [n, m]: the n tokens of the decoder look, the m tokens of the source are seen."
    ),
    _pair(lambda n, m: [_full(n, n), causal_mask(m), _full(m, n)]): (
        "n and m are swapped: n tokens are written, m tokens are in the source."
    ),
    _pair(lambda n, m: [_full(m, m), causal_mask(n)]): (
        "the third mask is missing: what the decoder may see of the source (cross-attention, [n, m])."
    ),
    _pair(lambda n, m: [causal_mask(n), _full(n, m)]): (
        "the first mask is missing: what the encoder may see in the source, [m, m]."
    ),
    _pair(lambda n, m: [causal_mask(n), _full(m, m), _full(n, m)]): (
        "the order: first the source [m, m], then the decoder [n, n], then the cross-attention [n, m]."
    ),
    lambda kind, n, m: _visible(kind, n, m)[0]: "put the masks in a list, also if there is only one.",
}  # fmt: skip


# The next word

_SENTENCES = [
    (np.array([3, 7, 5, 2, 9]), 0),
    (np.array([3, 7, 5, 2, 0, 0]), 0),
    (np.array([4, 4, 6, 1, 1, 1, 1]), 1),
    (np.array([8, 2, 2, 2, 6, 9, 9, 9]), 9),
]

Parts = tuple[NDArray, NDArray, NDArray]


def _next_word(ids: NDArray, pad: int) -> Parts:
    return ids[:-1], ids[1:], ids[1:] != pad


_WRONG_NEXT = {
    lambda ids, pad: (ids[:-1], ids[:-1], ids[:-1] != pad): (
        "nothing is shifted: at each place the model would be asked for the word that it reads there. "
        "The targets are ids[1:]."
    ),
    lambda ids, pad: (ids, ids, ids != pad): (
        "nothing is shifted: at each place the model would be asked for the word that it reads there. "
        "It reads ids[:-1], and says ids[1:]."
    ),
    lambda ids, pad: (ids[1:], ids[:-1], ids[:-1] != pad): (
        "the wrong way round: this asks for the word before. It reads ids[:-1], and says ids[1:]."
    ),
    lambda ids, pad: (ids, np.roll(ids, -1), np.roll(ids, -1) != pad): (
        "np.roll puts the first word behind the last one. Nothing comes after the last word: leave it out."
    ),
    lambda ids, pad: (ids, np.append(ids[1:], pad), np.append(ids[1:], pad) != pad): (
        "this works, but the last place reads the end and is asked for nothing. Leave it out: read ids[:-1]."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], ids[:-1] != pad): (
        "one place too many: after the last word a <pad> is asked for. It is the target that must be a word."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], np.ones(len(ids) - 1, dtype=bool)): (
        "padding counts here, too: the model would mostly learn to say <pad>. Count where ids[1:] != pad."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], ids[1:] == pad): (
        "turned round: this counts the padding. True means that it counts: ids[1:] != pad."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], (ids[1:] != pad) & (np.arange(len(ids) - 1) > 0)): (
        "the first place counts, too: it reads the first word, and is asked for the second."
    ),
    lambda ids, pad: (ids[:-2], ids[2:], ids[2:] != pad): (
        "shifted by two: this asks for the word after the next one."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], np.flatnonzero(ids[1:] != pad)): (
        "the places are right, but counted must be True or False at every place: ids[1:] != pad."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], (ids[1:] != pad).astype(int)): (
        "counted must be True or False, and not 1 or 0: leave out the .astype."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], ids[1:] != 0): (
        "the padding is not always 0. Compare with `pad`."
    ),
    lambda ids, pad: (ids[ids != pad][:-1], ids[ids != pad][1:], (ids != pad)[ids != pad][1:]): (
        "the padding is cut off. It stays, so that all sentences are equally long: it just does not count."
    ),
    lambda ids, pad: (ids[:-1], ids[1:]): "the third part is missing: where it counts, ids[1:] != pad.",
}  # fmt: skip
