"""Exercises of notebook 01: from text, images and sounds to vectors."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tokens import patches
from .verdict import judge


def check_most_frequent_pair(attempt: Callable) -> Callable:
    """`most_frequent_pair(words)`: the two neighbours that occur most often; a word is a list of pieces."""
    return judge("the most frequent pair", attempt, _most_frequent_pair, _WORDS, _WRONG_PAIR, _text)


def check_one_hot(attempt: Callable) -> Callable:
    """`one_hot(ids, size)`: [token, id], a 1 at the id of each token, all else 0."""
    return judge("one-hot rows", attempt, _one_hot, _IDS, _WRONG_ONE_HOT, _ids)


def check_cut_into_patches(attempt: Callable) -> Callable:
    """`cut_into_patches(image, side)`: [patch, side * side], row by row."""
    return judge("an image as rows", attempt, patches, _IMAGES, _WRONG_PATCHES, _image)


Words = list[list[str]]


def _counts(words: Iterable[Iterable[str]]) -> Counter:
    return Counter(pair for pieces in words for pair in pairwise(pieces))


def _first(counts: Counter) -> Any:
    return counts.most_common(1)[0][0]


def _most_frequent_pair(words: Words) -> tuple[str, str]:
    return _first(_counts(words))


def _text(rng: np.random.Generator) -> tuple:
    """Up to 12 words of 1 to 6 pieces: few pieces, so that there are ties, and some are others joined."""
    signs = rng.permutation(list(",|-_/+.:"))[:2]
    pieces = rng.permutation(["a", "b", "ab", "A", " ", *signs])[: rng.integers(1, 5)]
    lengths = rng.permutation([2, *rng.integers(1, 7, size=rng.integers(rng.choice([6, 12])))])
    return ([rng.choice(pieces, size=length).tolist() for length in lengths],)


_WORDS = [
    ([list("then"), list("hat"), list("the"), list("heat"), list("hat"), list("teeth")],),
    ([["m", "il", "k"], [" ", "m", "il", "d"], [" ", "k", "il", "n"], ["il", "il"]],),
    ([list("banana"), list("nab"), list("an"), list("bad"), list("bad"), list("bad"), list("bad")],),
    ([list("ab"), list("cd"), list("bc"), list("bb")],),
    ([list("xabab"), list("yabab")],),
    ([list("ab"), list("cdcdcd"), list("ab")],),
    ([list("cab"), list("ba"), list("c")],),
    ([list("bc"), list("aaa")],),
    ([["x", "y"], ["a", "bc"], ["ab", "c"]],),
    ([["x", "y"], ["x", "y"], ["a", "bc"], ["ab", "c"], ["a", "bc"], ["ab", "c"]],),
    ([list("x,"), list("Ab"), list("ab")],),
    ([list("|-"), list("Ab"), list("ab")],),
    ([list(word) for word in ["ab"] * 5 + ["cd"] * 6],),
]


def _each_once(pieces: list[str]) -> Iterable[tuple[str, str]]:
    """The pairs of a word, but of those that overlap with an equal one only the first: one in "aaa"."""
    last = -2
    for place, pair in enumerate(pairwise(pieces)):
        if pair[0] != pair[1] or place > last + 1 or pieces[place - 1] != pair[0]:
            last = place
            yield pair


def _by_alphabet(words: Words) -> tuple[str, str]:
    counts = _counts(words)
    return min(counts, key=lambda pair: (-counts[pair], pair))


def _by_key(words: Words, key: Callable) -> tuple[str, str]:
    """The first pair with the most frequent key."""
    pairs = [pair for pieces in words for pair in pairwise(pieces)]
    best = _first(Counter(map(key, pairs)))
    return next(pair for pair in pairs if key(pair) == best)


def _of_a_set(words: Words) -> tuple[str, str]:
    pairs = [pair for pieces in words for pair in pairwise(pieces)]
    return max(set(pairs), key=pairs.count)


_WRONG_PAIR = {
    lambda words: _first(Counter(pair for pieces in words for pair in dict.fromkeys(pairwise(pieces)))): (
        "a pair that occurs twice in one word counts only once here. Count every place."
    ),
    lambda words: _first(Counter(pair for pieces in words for pair in _each_once(pieces))): (
        "'aaa' holds the pair ('a', 'a') twice: places 0 and 1, and places 1 and 2. Count both."
    ),
    lambda words: _first(Counter(pair for pieces in words for pair in combinations(pieces, 2))): (
        "combinations pairs every piece with every later one. Count only neighbours: pairwise(pieces)."
    ),
    lambda words: _first(_counts(words[:1])): (
        "only the first word is counted. Is the return inside the loop? It belongs after the loop."
    ),
    lambda words: _first(_counts(words[-1:])): (
        "only the last word is counted. Make one Counter before the loop, not a new one in each turn."
    ),
    lambda words: _first(_counts([[piece for pieces in words for piece in pieces]])): (
        "this also pairs the end of a word with the beginning of the next. Count inside each word."
    ),
    lambda words: _first(_counts("".join(pieces) for pieces in words)): (
        "this joins each word and pairs its characters. A piece may be longer: take the pieces as they are."
    ),
    lambda words: _first(Counter(piece for pieces in words for piece in pieces)): (
        "this is the most frequent single piece. Count pairs of neighbours: pairwise(pieces)."
    ),
    lambda words: "".join(_most_frequent_pair(words)): (
        "the two pieces are already joined. Return the pair itself: merging comes later."
    ),
    lambda words: _counts(words).most_common(1)[0]: (
        "this is the pair together with its count. Take the pair alone: one more [0]."
    ),
    lambda words: _counts(words).most_common(1): (
        "most_common gives a list of (pair, count). Take its first entry, and of that the pair: [0][0]."
    ),
    lambda words: _counts(words).most_common(1)[0][1]: (
        "this is the count. Take the pair: [0] instead of [1]."
    ),
    lambda words: max(_counts(words)): (
        "max without a key takes the pair that is last in alphabetical order. Compare counts: most_common(1)."
    ),
    lambda words: min(_counts(words), key=_counts(words).__getitem__): (
        "this is the rarest pair. Take the most frequent one."
    ),
    lambda words: _counts(words).most_common()[-1][0]: (
        "this is the last entry of most_common, the rarest pair. Take the first one, [0]."
    ),
    lambda words: max(reversed(_counts(words)), key=_counts(words).__getitem__): (
        "in a tie this takes the last pair. Take the one that comes first, as most_common does."
    ),
    _by_alphabet: "in a tie this takes the first pair in alphabetical order. Take the first one in the text.",
    _of_a_set: "a set has no order, so chance decides a tie. Take the pair that comes first in the text.",
    lambda words: _by_key(words, "".join): (
        "joined, ('a', 'bc') and ('ab', 'c') are the same text. Count the pairs themselves, as tuples."
    ),
    lambda words: _by_key(words, lambda pair: "".join(pair).lower()): (
        "lower() makes 'A' and 'a' the same piece, and joined pairs can be the same text. Count the tuples."
    ),
    lambda words: _by_key(words, lambda pair: (pair[0].lower(), pair[1].lower())): (
        "lower() makes 'A' and 'a' the same piece. Count the pieces as they are."
    ),
    lambda words: _first(_counts(dict.fromkeys(map(tuple, words)))): (
        "a word that is repeated counts only once here. Count the pairs in every word of the list."
    ),
    lambda words: _first(Counter(tuple(pieces[:2]) for pieces in words)): (
        "only the first pair of each word is counted. Go on to its end: pairwise(pieces)."
    ),
    lambda words: _first(Counter(pair for w in words for pair in zip(w[::2], w[1::2], strict=False))): (
        "each piece is in one pair only. Neighbours overlap: 'the' has 't h' and 'h e'."
    ),
    lambda words: _first(_counts(pieces[::-1] for pieces in words)): (
        "the two pieces are in reverse order. The left one comes first."
    ),
    lambda words: _first(Counter(tuple(sorted(pair)) for pair in _counts(words).elements())): (
        "here ('a', 'b') and ('b', 'a') are the same pair. Keep the order of the pieces: do not sort them."
    ),
}


def _one_hot(ids: list[int], size: int) -> NDArray:
    return np.eye(size)[ids]


def _columns(ids: list[int], size: int) -> NDArray:
    rows = np.zeros((len(ids), size))
    rows[:, ids] = 1
    return rows


def _whole_rows(ids: list[int], size: int) -> NDArray:
    rows = np.zeros((len(ids), size))
    rows[ids] = 1
    return rows


def _ids(rng: np.random.Generator) -> tuple:
    """1 to 12 ids, repeats among them; the vocabulary may be shorter or longer than that."""
    size = int(rng.integers(1, rng.choice([9, 17])))
    return rng.integers(size, size=rng.integers(1, rng.choice([7, 13]))).tolist(), size


_IDS = [([2, 0, 3], 5), ([1, 1, 4, 2], 6), ([0, 2], 3), ([0, 1, 0], 2), ([0, 2], 12)]

_WRONG_ONE_HOT = {
    lambda ids, size: np.eye(9)[ids]: (
        "these rows have 9 places, as many as the notebook's vocabulary. Use the size that you are given."
    ),
    lambda ids, size: _one_hot(ids, size).T: (
        "rows and columns are swapped. Each token is a row: the shape is [len(ids), size]."
    ),
    lambda ids, size: np.eye(len(ids), size): (
        "the 1s are on the diagonal, whatever the ids are. Pick the rows of np.eye(size) by ids."
    ),
    lambda ids, size: np.eye(size)[np.array(ids) - 1]: (
        "each 1 is one place too far to the left. Ids are counted from 0: id 0 is the first column."
    ),
    lambda ids, size: np.eye(size)[(np.array(ids) + 1) % size]: (
        "each 1 is one place too far to the right. Ids are counted from 0: id 0 is the first column."
    ),
    lambda ids, size: _one_hot(ids, size).sum(axis=0): (
        "this is one row for the whole sentence, and the order is lost. Give every token a row of its own."
    ),
    lambda ids, size: np.maximum.accumulate(_one_hot(ids, size)): (
        "the 1s of earlier tokens are still there. Begin each row with new zeros."
    ),
    lambda ids, size: _columns(ids, size): (
        "every row has the 1s of all tokens. Row i gets only its own: rows[np.arange(len(ids)), ids] = 1."
    ),
    lambda ids, size: _whole_rows(ids, size): (
        "rows[ids] = 1 fills whole rows. Name the row and the column: rows[np.arange(len(ids)), ids] = 1."
    ),
    lambda ids, size: _one_hot(ids, size) * np.array(ids)[:, None]: (
        "this writes the id itself into the row, and id 0 vanishes. Write a 1, whatever the id."
    ),
    lambda ids, size: np.arange(size) == np.array(ids)[:, None]: (
        "right places, but the values are True and False. A matrix product needs numbers: .astype(float)."
    ),
    lambda ids, size: np.eye(max(ids) + 1)[ids]: (
        "these rows are only as long as the largest id needs. All sentences need the same length: size."
    ),
    lambda ids, size: np.eye(len(ids))[ids]: (
        "these rows are as long as the sentence. A row has a place for each id of the vocabulary: size."
    ),
    lambda ids, size: np.eye(size)[sorted(ids)]: (
        "the rows are in order of the ids. Keep the order of the text."
    ),
    lambda ids, size: np.eye(size)[sorted(set(ids))]: (
        "each id has one row, in order of the ids. A token that comes twice gets two rows, in text order."
    ),
    lambda ids, size: 1 - _one_hot(ids, size): "0 and 1 are swapped. Write a single 1 in each row.",
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


def _four_axes(image: NDArray, side: int, height: int, width: int) -> NDArray:
    axes = image.reshape(height // side, side, width // side, side)
    return axes.transpose(0, 2, 1, 3).reshape(-1, side * side)


def _image(rng: np.random.Generator) -> tuple:
    """1 to 5 by 1 to 5 patches of side 1 to 3: whole numbers or halves, of either sign. One may be empty."""
    side, rows, columns = rng.integers(1, [4, 6, 6]).tolist()
    image = rng.integers(-20, 20, size=(rows * side, columns * side))
    if rng.random() < 0.3:
        top, left = side * rng.integers([rows, columns])
        image[top : top + side, left : left + side] = 0
    return image if rng.random() < 0.5 else image / 2, side


_IMAGES = [
    (np.arange(16.0).reshape(4, 4), 2),
    (np.arange(24.0).reshape(4, 6), 2),
    (np.arange(54.0).reshape(9, 6) ** 2, 3),
    (np.array([[0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 3.0, 4.0]]), 2),  # an empty patch
]

_WRONG_PATCHES = {
    lambda image, side: image.reshape(-1, side * side): (
        "the rows have the right length, but they are not squares: reshape reads along whole lines. "
        "Make four axes first, (height // side, side, width // side, side), then transpose(0, 2, 1, 3), then "
        "reshape once more."
    ),
    lambda image, side: (
        image.reshape(image.shape[0] // side, image.shape[1] // side, side, side)
        .transpose(0, 2, 1, 3)
        .reshape(-1, side * side)
    ): (
        "the axes of the first reshape are in the wrong order. In memory it is: row of patches, line in it, "
        "column of patches, place in the line: (height // side, side, width // side, side)."
    ),
    lambda image, side: _in_order(image, side, 2, 0, 1, 3): (
        "the patches come column by column. The next patch is the one to the right: row first."
    ),
    lambda image, side: _in_order(image, side, 0, 2, 3, 1): (
        "each patch is written out column by column. Inside a patch, y comes before x."
    ),
    lambda image, side: _in_order(image, side, 2, 0, 3, 1): (
        "patches and pixels both come column by column, as if the image were transposed. Use 0, 2, 1, 3."
    ),
    lambda image, side: _in_order(image, side, 1, 3, 0, 2): (
        "here each row holds one pixel of every patch. The axes that name the patch come first: 0 and 2."
    ),
    lambda image, side: _four_axes(image, side, *image.shape[::-1]): (
        "height and width are swapped. image.shape is (height, width): the height comes first."
    ),
    lambda image, side: _four_axes(image, side, len(image), len(image)): (
        "this takes the height for both sides. The image need not be square: height, width = image.shape."
    ),
    lambda image, side: _four_axes(image, side, 8, 8): (
        "this works only for 8 by 8 pixels. Images have other sizes too: height, width = image.shape."
    ),
    lambda image, side: _axes(image, side).transpose(0, 2, 1, 3): (
        "this still has four axes. Reshape once more: (-1, side * side)."
    ),
    lambda image, side: _axes(image, side): (
        "this has four axes: row, y, column, x. Bring row and column together, then reshape to two axes."
    ),
    lambda image, side: patches(image, side).reshape(-1, side, side): (
        "the squares are right, but they are still squares. Write each as one row of side * side numbers."
    ),
    lambda image, side: patches(image, side).reshape(image.shape[0] // side, -1, side * side): (
        "the patches are still in a grid. A sequence is one list of them: reshape(-1, side * side)."
    ),
    lambda image, side: patches(image, side).T: "this has one patch in each column. Each patch is a row.",
    lambda image, side: _windows(image, side): (
        "these patches overlap. The next one begins where the last one ends: side pixels further on."
    ),
    lambda image, side: patches(image, side).mean(axis=1): (
        "this is the mean of each patch. Keep all its pixels: side * side numbers."
    ),
    lambda image, side: patches(image, side)[0]: (
        "this is only the first patch. Is the return inside the loop? Return all patches, after the loop."
    ),
}
