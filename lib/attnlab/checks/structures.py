"""Exercises of notebook 11: a layer norm, who may look at whom, and how the next word is trained."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import causal_mask
from .verdict import judge


def check_visible(attempt: Callable) -> Callable:
    """`visible(kind, n, m)`: the masks of a structure, in a list: True = may look."""
    return judge("who may look at whom", attempt, _visible, _KINDS, _WRONG_VISIBLE, _kind)


def check_next_word(attempt: Callable) -> Callable:
    """`next_word(ids, pad)`: what a decoder reads, what it should say, and where that counts."""
    return judge("the next word", attempt, _next_word, _SENTENCES, _WRONG_NEXT, _sentence)


# Who may look at whom

_KINDS = [
    ("encoder", 3, 2), ("encoder", 2, 4), ("decoder", 3, 2), ("decoder", 2, 3),
    ("encoder-decoder", 2, 3), ("encoder-decoder", 3, 2), ("encoder-decoder", 3, 3),
    ("encoder", 1, 1), ("decoder", 5, 5), ("encoder", 8, 1), ("decoder", 9, 1), ("encoder-decoder", 8, 9),
]  # fmt: skip


def _kind(rng: np.random.Generator) -> tuple[str, int, int]:
    """Any structure, a text and a source of 1 to 12 tokens."""
    kind = str(rng.choice(["encoder", "decoder", "encoder-decoder", "encoder-decoder"]))
    return kind, int(rng.integers(1, 13)), int(rng.integers(1, 13))


def _full(n: int, m: int) -> NDArray[np.bool_]:
    return np.ones((n, m), dtype=bool)


def _visible(kind: str, n: int, m: int) -> list[NDArray[np.bool_]]:
    return _masks(kind, _full(n, n), causal_mask(n), [_full(m, m), causal_mask(n), _full(n, m)])


def _masks(kind: str, encoder: NDArray, decoder: NDArray, pair: list[NDArray]) -> list[NDArray]:
    return {"encoder": [encoder], "decoder": [decoder], "encoder-decoder": pair}[kind]


def _strict(n: int) -> NDArray[np.bool_]:
    """Only what came before."""
    return np.tri(n, k=-1, dtype=bool)


def _ahead(n: int) -> NDArray[np.bool_]:
    """What came before, and the next word."""
    return np.tri(n, k=1, dtype=bool)


def _pair(make: Callable[[int, int], list[NDArray]]) -> Callable[[str, int, int], list[NDArray]]:
    """Right but for the encoder-decoder."""
    return lambda kind, n, m: make(n, m) if kind == "encoder-decoder" else _visible(kind, n, m)


def _alone(make: Callable[[str, int, int], object]) -> Callable[[str, int, int], object]:
    """Right for the encoder-decoder only."""
    return lambda kind, n, m: _visible(kind, n, m) if kind == "encoder-decoder" else make(kind, n, m)


_WRONG_VISIBLE = {
    lambda kind, n, m: [~mask for mask in _visible(kind, n, m)]: (
        "True and False are swapped. True means: may look."
    ),
    lambda kind, n, m: [mask.T for mask in _visible(kind, n, m)]: (
        "rows and columns are swapped. A row is the token that looks (the query), a column what it looks at."
    ),
    lambda kind, n, m: _masks(
        kind, causal_mask(n), _full(n, n), [causal_mask(m), _full(n, n), _full(n, m)]
    ): "encoder and decoder are swapped. The decoder writes word by word and must not see what comes later.",
    lambda kind, n, m: _masks(kind, _full(n, n), _strict(n), [_full(m, m), _strict(n), _full(n, m)]): (
        "a decoder also sees the word that it has just read: np.tri(n, dtype=bool) has the diagonal."
    ),
    lambda kind, n, m: _masks(kind, _full(n, n), _ahead(n), [_full(m, m), _ahead(n), _full(n, m)]): (
        "this decoder also sees the next word, the one it should say. Leave out k: np.tri(n, dtype=bool)."
    ),
    lambda kind, n, m: _masks(
        kind, _full(n, n), causal_mask(n).T, [_full(m, m), causal_mask(n).T, _full(n, m)]
    ): "this decoder sees only the future. Row i may see columns 0 to i: the triangle on the lower left.",
    lambda kind, n, m: _masks(kind, causal_mask(n), causal_mask(n), _visible("encoder-decoder", n, m)): (
        "an encoder reads the whole text, to the left and to the right: all True."
    ),
    lambda kind, n, m: _masks(kind, _full(n, n), _full(n, n), [_full(m, m), _full(n, n), _full(n, m)]): (
        "a decoder that sees what comes later would learn to copy it. Give it a causal mask."
    ),
    _alone(lambda kind, n, m: _visible(kind, m, m)): (
        "an encoder and a decoder have no source, so ignore m. The text has n tokens: [n, n]."
    ),
    _alone(lambda kind, n, m: [np.tri(n, m, dtype=bool) if kind == "decoder" else _full(n, m)]): (
        "in an encoder and in a decoder the text looks at itself, so the mask is [n, n], not [n, m]."
    ),
    lambda kind, n, m: [_full(n, n)]: (
        "every structure gets the mask of an encoder. Compare `kind` with each name: "
        '`kind == "encoder" or "decoder"` is always true.'
    ),
    lambda kind, n, m: [causal_mask(n)]: (
        "every structure gets the mask of a decoder. Compare `kind` with each name: "
        '`kind == "decoder" or "encoder"` is always true.'
    ),
    lambda kind, n, m: _visible("encoder-decoder", n, m): (
        "every structure gets three masks. An encoder and a decoder have one, in a list: [mask]."
    ),
    _pair(lambda n, m: [_full(n, n)]): (
        "the encoder-decoder gets only the mask of an encoder. It needs three masks. "
        '(Both `"encoder" in kind` and `... or "encoder"` are true for it.)'
    ),
    _pair(lambda n, m: [causal_mask(n)]): (
        "the encoder-decoder gets only the mask of a decoder. It needs three masks. "
        '(Both `"decoder" in kind` and `... or "decoder"` are true for it.)'
    ),
    _alone(lambda kind, n, m: _visible(kind, n, m)[0]): (
        "an encoder and a decoder have one mask, but it should be in a list, too: [mask]."
    ),
    _pair(lambda n, m: [_full(m, m), _full(n, n), _full(n, m)]): (
        "in the encoder-decoder, too, the decoder writes word by word: its own mask is causal."
    ),
    _pair(lambda n, m: [causal_mask(m), causal_mask(n), _full(n, m)]): (
        "the whole source is there from the start, so its encoder sees all of it."
    ),
    _pair(lambda n, m: [_full(m, m), causal_mask(n), np.tri(n, m, dtype=bool)]): (
        "cross-attention is not causal. The whole source is there, so every query may look at all of it."
    ),
    _pair(lambda n, m: [causal_mask(m), causal_mask(n), np.tri(n, m, dtype=bool)]): (
        "in the encoder-decoder only the decoder's own mask is causal. The source is there as a whole."
    ),
    _pair(lambda n, m: [_full(m, m), causal_mask(n), _full(m, n)]): (
        "cross-attention is [n, m]: the n tokens of the text look at the m tokens of the source."
    ),
    _pair(lambda n, m: [_full(n, n), causal_mask(m), _full(m, n)]): (
        "n and m are swapped: the text has n tokens, the source has m."
    ),
    _pair(lambda n, m: [_full(n, n), causal_mask(n), _full(n, n)]): (
        "all three masks have the size of the text. The source has m tokens: [m, m], [n, n], [n, m]."
    ),
    _pair(lambda n, m: [_full(n, n), causal_mask(n), _full(n, m)]): (
        "the first mask is for the source looking at itself, so it is [m, m]."
    ),
    _pair(lambda n, m: [_full(m, m), causal_mask(m), _full(n, m)]): (
        "the second mask is for the text looking at itself, so it is [n, n]."
    ),
    _pair(lambda n, m: [_full(m, m), causal_mask(n)]): (
        "the third mask is missing: what the text may see of the source (cross-attention, [n, m])."
    ),
    _pair(lambda n, m: [causal_mask(n), _full(n, m)]): (
        "the first mask is missing: how the source looks at itself, [m, m]."
    ),
    _pair(lambda n, m: [causal_mask(n), _full(m, m), _full(n, m)]): (
        "the order is wrong: first the source [m, m], then the text [n, n], then cross-attention [n, m]."
    ),
    _pair(lambda n, m: [_full(m, m), _full(n, m), causal_mask(n)]): (
        "the last two masks are swapped: the text's own [n, n] comes second, cross-attention [n, m] third."
    ),
    lambda kind, n, m: [mask.astype(float) for mask in _visible(kind, n, m)]: (
        "your masks contain 1.0 and 0.0. Add dtype=bool, so that they contain True and False."
    ),
    lambda kind, n, m: _visible(kind, n, m)[0]: (
        "this is a single mask. Return a list: with one mask, or with three for an encoder-decoder."
    ),
}  # fmt: skip


# The next word

_SENTENCES = [
    (np.array([3, 7, 5]), 0),
    (np.array([3, 7, 0]), 0),
    (np.array([3, 7, 5, 2, 0, 0]), 0),
    (np.array([4, 4, 6, 1, 1, 1, 1]), 1),
    (np.array([8, 2, 2, 2, 6, 9, 9, 9]), 9),
    (np.array([200, 0, 128, -1, -1]), -1),
]

Parts = tuple[NDArray, NDArray, NDArray]


def _sentence(rng: np.random.Generator) -> tuple[NDArray, int]:
    """Words that may repeat, then padding, or none; the number of the padding is any one, or -1."""
    words, padding = int(rng.integers(1, 7)), int(rng.integers(rng.choice([1, 5])))
    pad, most = int(rng.integers(-1, 10)), rng.choice([10, 1000])
    text = rng.choice([i for i in range(most) if i != pad], size=max(words, 2 - padding))
    return np.append(text, np.full(padding, pad)), pad


def _next_word(ids: NDArray, pad: int) -> Parts:
    return ids[:-1], ids[1:], ids[1:] != pad


_WRONG_NEXT = {
    lambda ids, pad: (ids[:-1], ids[:-1], ids[:-1] != pad): (
        "nothing is shifted: the model is asked for the word that it reads there. The targets are ids[1:]."
    ),
    lambda ids, pad: (ids, ids, ids != pad): (
        "nothing is shifted: the model is asked for the word that it reads there. "
        "It reads ids[:-1] and should say ids[1:]."
    ),
    lambda ids, pad: (ids[1:], ids[:-1], ids[:-1] != pad): (
        "this asks for the word before. Swap the two: it reads ids[:-1] and should say ids[1:]."
    ),
    lambda ids, pad: (ids[1:], ids[:-1], ids[1:] != pad): (
        "the first two arrays are swapped: it reads ids[:-1] and should say ids[1:]."
    ),
    lambda ids, pad: (ids, np.roll(ids, -1), np.roll(ids, -1) != pad): (
        "np.roll puts the first word after the last one. Nothing comes after the last word: leave it out."
    ),
    lambda ids, pad: (ids, np.append(ids[1:], pad), np.append(ids[1:], pad) != pad): (
        "this would work, but at the last place there is nothing to say. Leave it out and read ids[:-1]."
    ),
    lambda ids, pad: (ids, ids[1:], ids[1:] != pad): (
        "it reads one word too many. After the last one there is nothing to say: read ids[:-1]."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], ids[:-1] != pad): (
        "the third array looks at what is read. What should be said decides: ids[1:] != pad."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], ids != pad): (
        "the third array is one too long. What should be said decides: ids[1:] != pad."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], np.ones(len(ids) - 1, dtype=bool)): (
        "padding counts here, so the model would also learn to say <pad>. Count where ids[1:] != pad."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], ids[1:] == pad): (
        "this counts the padding only. It is the other way round: ids[1:] != pad."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], (ids[1:] != pad) & (np.arange(len(ids) - 1) > 0)): (
        "the first place counts, too: there the model reads the first word and should say the second."
    ),
    lambda ids, pad: (ids[:-2], ids[2:], ids[2:] != pad): (
        "this is shifted by two: it asks for the word after the next one."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], np.flatnonzero(ids[1:] != pad)): (
        "the places are right, but return True or False for every place: ids[1:] != pad."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], ids[1:] != 0): (
        "the padding is not always 0. Compare with `pad`."
    ),
    lambda ids, pad: (ids[:-1], ids[1:], ids[1:] > pad): (
        "words can have a smaller number than the padding. Use !=, not >."
    ),
    lambda ids, pad: (ids[ids != pad][:-1], ids[ids != pad][1:], (ids != pad)[ids != pad][1:]): (
        "the padding is cut off. Keep it, so that all sentences are equally long. It just does not count."
    ),
    lambda ids, pad: (ids[:-1], ids[1:]): "the third array is missing: where it counts, ids[1:] != pad.",
}  # fmt: skip
