"""Exercises of notebook 01: from text, images and sounds to vectors."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tokens import patches
from .verdict import judge


def check_most_frequent_pair(attempt: Callable) -> Callable:
    """`most_frequent_pair(words)`: the two neighbours that occur most often; a word is a list of pieces."""
    return judge("the most frequent pair", attempt, _most_frequent_pair, _WORDS, _WRONG_PAIR)


def check_one_hot(attempt: Callable) -> Callable:
    """`one_hot(ids, size)`: [token, id], a 1 at the id of each token, all else 0."""
    return judge("one-hot rows", attempt, _one_hot, _IDS, _WRONG_ONE_HOT)


def check_cut_into_patches(attempt: Callable) -> Callable:
    """`cut_into_patches(image, side)`: [patch, side * side], row by row."""
    return judge("an image as rows", attempt, patches, _IMAGES, _WRONG_PATCHES)


Words = list[list[str]]


def _counts(words: Iterable[Iterable[str]]) -> Counter:
    return Counter(pair for pieces in words for pair in pairwise(pieces))


def _first(counts: Counter) -> Any:
    return counts.most_common(1)[0][0]


def _most_frequent_pair(words: Words) -> tuple[str, str]:
    return _first(_counts(words))


_WORDS = [
    ([list("then"), list("hat"), list("the"), list("heat"), list("hat"), list("teeth")],),
    ([["m", "il", "k"], [" ", "m", "il", "d"], [" ", "k", "il", "n"], ["il", "il"]],),
    ([list("banana"), list("nab"), list("an"), list("bad"), list("bad"), list("bad"), list("bad")],),
    ([list("ab"), list("cd"), list("bc"), list("bb")],),
    ([list("xabab"), list("yabab")],),
    ([list("ab"), list("cdcdcd"), list("ab")],),
]

_WRONG_PAIR = {
    lambda words: _first(Counter(pair for pieces in words for pair in dict.fromkeys(pairwise(pieces)))): (
        "a pair that occurs twice in one word counts once here. Count every place."
    ),
    lambda words: _first(_counts(words[:1])): (
        "only the first word is counted. Is the return inside the loop? It comes after it."
    ),
    lambda words: _first(_counts([[piece for pieces in words for piece in pieces]])): (
        "this also pairs the end of a word with the beginning of the next. Count inside each word."
    ),
    lambda words: _first(Counter(piece for pieces in words for piece in pieces)): (
        "this is the most frequent piece alone. Count pairs of neighbours: pairwise(pieces)."
    ),
    lambda words: "".join(_most_frequent_pair(words)): (
        "the two pieces are joined already. Return the pair itself: merging comes afterwards."
    ),
    lambda words: _counts(words).most_common(1)[0]: (
        "this is the pair together with its count. Take the pair alone: one more [0]."
    ),
    lambda words: _counts(words).most_common(1): (
        "most_common gives a list of (pair, count). Take its first entry, and of that the pair: [0][0]."
    ),
    lambda words: max(_counts(words)): (
        "max without a key takes the last pair of the alphabet. Compare counts: most_common(1)."
    ),
    lambda words: min(
        _counts(words), key=_counts(words).__getitem__
    ): "this is the rarest pair. Take the largest.",
    lambda words: _counts(words).most_common()[-1][0]: (
        "this is the last entry of most_common, the rarest pair. Take the first one, [0]."
    ),
    lambda words: max(reversed(_counts(words)), key=_counts(words).__getitem__): (
        "among equals this takes the last pair. Take the first: most_common does."
    ),
    lambda words: _first(_counts(dict.fromkeys(map(tuple, words)))): (
        "a word that occurs four times counts once here. Count in every word of the list."
    ),
    lambda words: _first(Counter(tuple(pieces[:2]) for pieces in words)): (
        "only the first pair of each word is counted. Go on to its end: pairwise(pieces)."
    ),
    lambda words: _first(Counter(pair for w in words for pair in zip(w[::2], w[1::2], strict=False))): (
        "each piece is in one pair only. Neighbours overlap: 'the' has 't h' and 'h e'."
    ),
    lambda words: _first(_counts(pieces[::-1] for pieces in words)): (
        "the pieces of the pair stand in reverse order. The left one comes first."
    ),
}


def _one_hot(ids: list[int], size: int) -> NDArray:
    return np.eye(size)[ids]


def _columns(ids: list[int], size: int) -> NDArray:
    rows = np.zeros((len(ids), size))
    rows[:, ids] = 1
    return rows


_IDS = [([2, 0, 3], 5), ([1, 1, 4, 2], 6), ([0, 2], 3)]

_WRONG_ONE_HOT = {
    lambda ids, size: np.eye(9)[ids]: (
        "these rows have 9 places, as many as the notebook has words. Use the size that is handed over."
    ),
    lambda ids, size: _one_hot(ids, size).T: (
        "rows and columns have changed places. A row is a token: the shape is [len(ids), size]."
    ),
    lambda ids, size: np.eye(size)[: len(ids)]: (
        "the 1s stand on the diagonal, whatever the ids are. Pick the rows of np.eye(size) by ids."
    ),
    lambda ids, size: np.eye(size)[np.array(ids) - 1]: (
        "each 1 stands one place too far left. Ids are counted from 0: id 0 is the first column."
    ),
    lambda ids, size: np.eye(size)[(np.array(ids) + 1) % size]: (
        "each 1 stands one place too far right. Ids are counted from 0: id 0 is the first column."
    ),
    lambda ids, size: _one_hot(ids, size).sum(axis=0): (
        "this is one row for the whole sentence. The order is lost: give every token a row of its own."
    ),
    lambda ids, size: _columns(ids, size): (
        "rows[:, ids] = 1 writes into all rows. Row i gets its 1 at ids[i]: rows[np.arange(len(ids)), ids]."
    ),
    lambda ids, size: _one_hot(ids, size) * np.array(ids)[:, None]: (
        "the id itself stands in the row, and id 0 has vanished. Write a 1, whatever the id."
    ),
    lambda ids, size: np.arange(size) == np.array(ids)[:, None]: (
        "right places, but True and False. A matrix product wants numbers: .astype(float)."
    ),
    lambda ids, size: np.eye(max(ids) + 1)[ids]: (
        "these rows are as long as the largest id needs. All sentences need the same length: size."
    ),
    lambda ids, size: np.eye(size)[sorted(set(ids))]: (
        "each id has one row, in order of the ids. A token that comes twice has two rows, in text order."
    ),
    lambda ids, size: 1 - _one_hot(ids, size): "0 and 1 are swapped. One 1 in each row, all else 0.",
    lambda ids, size: np.zeros((len(ids), size)): "the 1s are missing. Row i gets one at column ids[i].",
    lambda ids, size: np.eye(size): (
        "these are the rows of all ids. Keep those of the sentence, in its order: np.eye(size)[ids]."
    ),
}


def _axes(image: NDArray, side: int) -> NDArray:
    """[row, y, column, x]: the pixels with an axis for each: which patch, and where in it."""
    height, width = image.shape
    return image.reshape(height // side, side, width // side, side)


def _in_order(image: NDArray, side: int, *order: int) -> NDArray:
    return _axes(image, side).transpose(order).reshape(-1, side * side)


def _windows(image: NDArray, side: int) -> NDArray:
    return np.lib.stride_tricks.sliding_window_view(image, (side, side)).reshape(-1, side * side)


def _sides_swapped(image: NDArray, side: int) -> NDArray:
    height, width = image.shape
    axes = image.reshape(width // side, side, height // side, side)
    return axes.transpose(0, 2, 1, 3).reshape(-1, side * side)


_IMAGES = [
    (np.arange(16.0).reshape(4, 4), 2),
    (np.arange(24.0).reshape(4, 6), 2),
    (np.arange(54.0).reshape(9, 6) ** 2, 3),
]

_WRONG_PATCHES = {
    lambda image, side: image.reshape(-1, side * side): (
        "the rows have the right length, but they are no squares: reshape reads on along the image. "
        "First four axes, (height // side, side, width // side, side), then transpose(0, 2, 1, 3), then the "
        "last reshape."
    ),
    lambda image, side: (
        image.reshape(image.shape[0] // side, image.shape[1] // side, side, side)
        .transpose(0, 2, 1, 3)
        .reshape(-1, side * side)
    ): (
        "the first reshape has its axes in the wrong order. An image runs: row of patches, line in it, "
        "column of patches, place in the line: (height // side, side, width // side, side)."
    ),
    lambda image, side: _in_order(image, side, 2, 0, 1, 3): (
        "the patches come column by column. The next patch is the one to the right: row first."
    ),
    lambda image, side: _in_order(image, side, 0, 2, 3, 1): (
        "each patch is laid out column by column. Inside a patch, y comes before x."
    ),
    lambda image, side: _in_order(image, side, 2, 0, 3, 1): (
        "patches and pixels come column by column: the image is turned over. The order is 0, 2, 1, 3."
    ),
    lambda image, side: _in_order(image, side, 1, 3, 0, 2): (
        "here a row holds one pixel of every patch. The axes that name the patch come first: 0 and 2."
    ),
    lambda image, side: _sides_swapped(image, side): (
        "height and width have changed places. image.shape is (height, width), the height comes first."
    ),
    lambda image, side: _axes(image, side).transpose(0, 2, 1, 3): (
        "these are four axes still. One more reshape: (-1, side * side)."
    ),
    lambda image, side: _axes(image, side): (
        "this has four axes: row, y, column, x. Bring row and column together, then reshape to two axes."
    ),
    lambda image, side: patches(image, side).reshape(-1, side, side): (
        "the squares are right, but they are squares still. Lay each out as one row of side * side numbers."
    ),
    lambda image, side: patches(image, side).reshape(image.shape[0] // side, -1, side * side): (
        "the patches stand in a grid. A sequence is one list of them: reshape(-1, side * side)."
    ),
    lambda image, side: patches(image, side).T: "this has one patch in each column. A patch is a row.",
    lambda image, side: _windows(image, side): (
        "these patches overlap. The next one begins where the last one ends: side pixels further."
    ),
    lambda image, side: patches(image, side).mean(axis=1): (
        "this is the mean of each patch. Keep all its pixels: side * side numbers."
    ),
}
