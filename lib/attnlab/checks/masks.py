"""Exercises of notebook 05: masks."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..attention import apply_mask, causal_mask, padding_mask, softmax
from .verdict import judge, sizes


def check_local_mask(attempt: Callable) -> Callable:
    """`local_mask(n, width)`: [query, key], True for the token itself and the width - 1 before it."""
    return judge("a window", attempt, _local_mask, _WINDOWS, _WRONG_LOCAL_MASK, _window)


def check_both_masks(attempt: Callable) -> Callable:
    """`both_masks(lengths, n)`: causal and padding together, [batch, query, key]."""
    return judge("both masks at once", attempt, _both_masks, _BATCHES, _WRONG_BOTH_MASKS, _batch)


def check_safe_weights(attempt: Callable) -> Callable:
    """`safe_weights(scores, mask)`: masked softmax, [query, key]; zeros in a row that may see nothing."""
    title = "a row that may see nothing"
    return judge(title, attempt, _safe_weights, _MASKED, _WRONG_SAFE_WEIGHTS, _scores_and_mask)


# Exercise 1: a window


def _age(n: int) -> NDArray[np.integer]:
    """How far a key lies behind the query: 0 for itself, negative in the future."""
    return np.arange(n)[:, None] - np.arange(n)  # [query, key]


def _local_mask(n: int, width: int) -> NDArray[np.bool_]:
    return (_age(n) >= 0) & (_age(n) < width)


_WINDOWS = [(3, 2), (4, 1), (5, 2), (6, 3), (2, 5)]


def _window(rng: np.random.Generator) -> tuple[int, int]:
    """A text of 1 to 12 tokens, and a window from 1 to wider than the text."""
    n = int(rng.integers(1, 13))
    return n, int(rng.integers(1, n + 3))


_WRONG_LOCAL_MASK = {
    lambda n, width: _local_mask(n, width).T: (
        "this looks ahead instead of back: rows and columns have changed places. A row is a query."
    ),
    lambda n, width: (_age(n) >= 0) & (_age(n) <= width): (
        "this is one token too wide. The token itself counts: its age is 0, so the last age is width - 1."
    ),
    lambda n, width: (_age(n) >= 0) & (_age(n) < width - 1): (
        "this is one token too narrow. The ages run from 0 to width - 1, so use age < width."
    ),
    lambda n, width: (_age(n) > 0) & (_age(n) < width): (
        "here a token does not see itself. Age 0 belongs to the window: use >= 0."
    ),
    lambda n, width: (_age(n) > 0) & (_age(n) <= width): (
        "these are the `width` tokens before it, without the token itself. The window begins with the token."
    ),
    lambda n, width: np.abs(_age(n)) < width: ("this looks to both sides. Keep the future hidden: age >= 0."),
    lambda n, width: _age(n) < width: "here the whole future is visible. Add the causal condition: age >= 0.",
    lambda n, width: _age(n) >= 0: "this is the causal mask alone. Hide what is too old: age < width.",
    lambda n, width: _age(n) >= width: (
        "this is everything older than the window. Keep what is inside: (age >= 0) & (age < width)."
    ),
    lambda n, width: (_age(n) >= 0) | (_age(n) < width): (
        "this is True everywhere. Both conditions must hold: join them with &, not with |."
    ),
    lambda n, width: (_age(n) >= 0) and (_age(n) < width): (
        "`and` asks one question of a whole array, and 0 <= age < width holds an `and`, too. Join two masks "
        "by &, each comparison in brackets: (age >= 0) & (age < width)."
    ),
    lambda n, width: ~_local_mask(n, width): "True and False are swapped. True means: may look.",
    lambda n, width: _age(n) == width - 1: (
        "this is only the oldest token of the window. Include all ages from 0 up to it."
    ),
    lambda n, width: _local_mask(n, width).astype(float): (
        "these are ones and zeros as floats. A mask holds True and False: return the comparison itself."
    ),
}


# Exercise 2: both masks at once


def _both_masks(lengths: Sequence[int], n: int) -> NDArray[np.bool_]:
    return padding_mask(lengths, n) & causal_mask(n)


def _padding(lengths: Sequence[int], n: int) -> NDArray[np.bool_]:
    """True for real tokens, [batch, token]."""
    return np.arange(n) < np.array(lengths)[:, None]


def _everywhere(mask: NDArray, lengths: Sequence[int], n: int) -> NDArray:
    return np.broadcast_to(mask, (len(lengths), n, n))


_BATCHES = [([2, 1], 3), ([1, 3, 2], 3), ([4, 2], 4), ([3], 4), ([5, 4, 2, 2, 1], 5), ([12, 7], 12)]


def _batch(rng: np.random.Generator) -> tuple[list[int], int]:
    """One length or a few, in any order and some of them equal, with every sentence padded or not."""
    n, batch = sizes(rng, 7, 5)
    longest = rng.integers(1, n + 1)
    return rng.integers(1, longest + 1, size=batch).tolist(), n


_WRONG_BOTH_MASKS = {
    lambda lengths, n: _padding(lengths, n)[:, :, None] & causal_mask(n): (
        "this hides the rows of the pads, so they may see nothing at all. Hide the columns of the pads: "
        "the lengths belong to the key axis, [batch, 1, key]."
    ),
    lambda lengths, n: _both_masks(lengths, max(lengths)): (
        "your mask is as large as the longest sentence. The batch is padded to n: [batch, n, n]."
    ),
    lambda lengths, n: padding_mask(lengths, n)[0] & causal_mask(n): (
        "this uses the length of the first sentence alone. Keep the batch axis: [batch, query, key]."
    ),
    lambda lengths, n: padding_mask(lengths, n) | causal_mask(n): (
        "this allows what either mask allows. Both must allow it: use &, not |."
    ),
    lambda lengths, n: padding_mask(lengths, n) and causal_mask(n): (
        "`and` and `or` ask one question of a whole array. Join the two masks by &."
    ),
    lambda lengths, n: causal_mask(n) and padding_mask(lengths, n): (
        "`and` asks one question of a whole array. Two masks are joined by &."
    ),
    lambda lengths, n: _everywhere(causal_mask(n), lengths, n): (
        "this is the causal mask alone, so pads are still visible. Join the padding mask to it."
    ),
    lambda lengths, n: causal_mask(n): (
        "this is one causal mask for all. Each sentence has its own length: join the padding mask."
    ),
    lambda lengths, n: _everywhere(padding_mask(lengths, n), lengths, n): (
        "this is the padding mask alone, so the future is visible. Join the causal mask to it."
    ),
    lambda lengths, n: padding_mask(lengths, n): (
        "this is the padding mask alone, [batch, 1, key]. Join the causal mask: it brings the query axis."
    ),
    lambda lengths, n: ~padding_mask(lengths, n) & causal_mask(n): (
        "this shows only the pads. Your padding mask is True for pads; True must mean: may look."
    ),
    lambda lengths, n: padding_mask(lengths, n) & ~causal_mask(n): (
        "this shows only the future. Your causal mask is True for what is hidden; True must mean: may look."
    ),
    lambda lengths, n: ~_both_masks(lengths, n): "True and False are swapped. True means: may look.",
    lambda lengths, n: padding_mask(lengths, n) & causal_mask(n).T: (
        "this looks ahead: the causal mask is transposed. A row is a query, and its key comes no later."
    ),
    lambda lengths, n: padding_mask(lengths, n) & np.tril(np.ones((n, n), bool), -1): (
        "here a token does not see itself. The causal mask includes the diagonal: key <= query."
    ),
    lambda lengths, n: (np.arange(n) <= np.array(lengths)[:, None, None]) & causal_mask(n): (
        "one pad of each sentence is still visible. Positions start at 0, so a real token is at < length."
    ),
    lambda lengths, n: padding_mask(lengths, n) * causal_mask(n) * 1.0: (
        "these are ones and zeros as floats. A mask holds True and False: join the two with &."
    ),
    lambda lengths, n: _padding(lengths, n) & causal_mask(n): (
        "your padding mask is [batch, key], so its batch axis meets the queries. It needs one more axis: "
        "[batch, 1, key]."
    ),
}


# Exercise 3: a row that may see nothing


def _safe_weights(scores: NDArray, mask: NDArray) -> NDArray:
    empty = _empty(mask)
    return np.where(empty, 0.0, softmax(apply_mask(scores, mask | empty)))


def _plain(scores: NDArray, axis: int = -1) -> NDArray:
    """Softmax without a look at its input: a row of nothing becomes NaN."""
    positive = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return positive / positive.sum(axis=axis, keepdims=True)


def _empty(mask: NDArray) -> NDArray[np.bool_]:
    """True for the queries that may see nothing, [query, 1]."""
    return np.logical_not(mask.any(axis=-1, keepdims=True))


def _emptied(weights: NDArray, mask: NDArray) -> NDArray:
    """Zeros in the rows of the queries that may see nothing."""
    return np.where(_empty(mask), 0.0, weights)


def _filled_with(hidden: float) -> Callable:
    """A finite number where the mask hides a key."""
    return lambda scores, mask: _emptied(_plain(np.where(mask, scores, hidden)), mask)


def _with_exp(largest: Callable) -> Callable:
    """Softmax by hand, after subtracting `largest(scores, mask)`."""

    def attempt(scores: NDArray, mask: NDArray) -> NDArray:
        masked = np.where(mask | _empty(mask), scores, -np.inf)
        positive = np.exp(masked - largest(scores, mask))
        return _emptied(positive / positive.sum(axis=-1, keepdims=True), mask)

    return attempt


def _shares(positive: NDArray) -> NDArray:
    """Divided by the sum of each row, or by 1 if that is 0."""
    total = positive.sum(axis=-1, keepdims=True)
    return positive / np.where(total == 0, 1, total)


def _times_mask(scores: NDArray, mask: NDArray) -> NDArray:
    """The mask behind exp."""
    positive = np.exp(scores) * mask
    return positive / positive.sum(axis=-1, keepdims=True)


def _after(scores: NDArray, mask: NDArray) -> NDArray:
    return _plain(scores) * mask


def _after_divided(scores: NDArray, mask: NDArray) -> NDArray:
    return _shares(_after(scores, mask))


_MASKED = [
    (np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[True, True], [False, False]])),
    (np.array([[2.0, 0.0, 1.0]]), np.array([[True, False, True]])),
    (np.array([[0.0, -100.0, -101.0]]), np.array([[False, True, True]])),
    (np.zeros((1, 9)), np.arange(9)[None] == 8),
    (
        np.array([[3.0, 800.0], [1.0, 2.0], [900.0, 901.0]]),
        np.array([[True, False], [False, False], [True, True]]),
    ),
    (
        np.array([[2.0, 0.0, 1.0], [1.0, 3.0, -1.0], [0.0, 0.5, 2.0]]),
        np.array([[False, False, False], [True, True, False], [False, True, False]]),
    ),
]


def _scores_and_mask(rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """As many keys as queries, or not; some rows empty, some full; small, large and huge scores."""
    shape = sizes(rng, 6, 6)
    scores = rng.integers(-8, 9, size=shape) / 4 * rng.choice([1, 1, 1000, 100_000, 10_000_000])
    mask = rng.random(shape) < rng.choice([0.3, 0.6, 1.0], size=(shape[0], 1))
    mask[rng.random(shape[0]) < 0.3] = False
    return scores, mask


_WRONG_SAFE_WEIGHTS = {
    lambda scores, mask: softmax(apply_mask(scores, mask)): (
        "softmax needs something to see in every row. Let an empty row see everything first, mask | empty, "
        "and write zeros over it afterwards."
    ),
    lambda scores, mask: _after_divided(scores, mask): (
        "a hidden score still counts: with 800 behind the mask, a row that may see something becomes zeros. "
        "Mask the scores, before softmax."
    ),
    lambda scores, mask: _after(scores, mask) / _after(scores, mask).sum(axis=-1, keepdims=True): (
        "you mask after softmax and divide by what is left, which can be 0. Mask the scores, before softmax."
    ),
    lambda scores, mask: _plain(np.where(mask, scores, -np.inf)): (
        "the row that may see nothing is 0 / 0. Find such rows with mask.any(axis=-1) and give them zeros."
    ),
    lambda scores, mask: _plain(np.where(mask, scores, -1e9)): (
        "the row that may see nothing looks at everything equally, also at what is hidden: -1e9 does that, "
        "too. It must hold zeros."
    ),
    lambda scores, mask: _emptied(_plain(np.where(mask, scores, -30.0)), mask): (
        "-30 does not hide a key when the visible scores are lower still, say -100. Use -np.inf."
    ),
    **{
        _filled_with(hidden): (
            f"{hidden} is not below every score, so a hidden key can still get weight. Use -np.inf."
        )
        for hidden in (-1000, -10_000, -100_000, -1_000_000)
    },
    _with_exp(lambda scores, mask: 0): (
        "np.exp overflows for large scores, and all weights become 0 for very negative ones. Call softmax, "
        "which subtracts each row's largest score first."
    ),
    lambda scores, mask: _shares(np.where(mask, np.exp(scores), 0.0)): (
        "np.exp overflows for large scores, and a row of very negative ones becomes zeros. Call softmax, "
        "which subtracts each row's largest score first."
    ),
    lambda scores, mask: _shares(np.where(mask, np.exp(scores - scores.max()), 0.0)): (
        "this subtracts the largest of all scores, so a whole row that lies far below becomes zeros. "
        "Call softmax, which subtracts each row's own largest score."
    ),
    lambda scores, mask: _shares(np.exp(scores) * mask): (
        "np.exp overflows for large scores, also for a hidden one, and inf times 0 is nan. Mask the scores, "
        "and call softmax."
    ),
    _times_mask: (
        "np.exp overflows for large scores, and inf times 0 is nan, so a hidden score still counts. Mask the "
        "scores, and call softmax."
    ),
    lambda scores, mask: _emptied(_times_mask(scores, mask), mask): (
        "only the rows that may see nothing are safe. np.exp overflows for large scores, and inf times 0 is "
        "nan. Mask the scores, and call softmax."
    ),
    _with_exp(lambda scores, mask: scores[mask | _empty(mask)].max()): (
        "this subtracts the largest of all scores, so np.exp gives 0 for a whole row that lies far below. "
        "Call softmax, which subtracts each row's own largest score."
    ),
    _with_exp(lambda scores, mask: np.where(mask, scores, -np.inf).max()): (
        "this subtracts the largest of all visible scores, so np.exp gives 0 for a whole row that lies far "
        "below. Call softmax, which subtracts each row's own largest score."
    ),
    _with_exp(lambda scores, mask: scores.max()): (
        "this subtracts the largest of all scores, hidden ones too, so np.exp gives 0 for a whole row that "
        "lies far below. Call softmax, which subtracts each row's own largest score."
    ),
    _with_exp(lambda scores, mask: scores.max(axis=-1, keepdims=True)): (
        "this subtracts the largest score of a row even if it is hidden, so np.exp can give 0 for all that "
        "is visible. Mask first, or call softmax."
    ),
    lambda scores, mask: _plain(np.where(mask | _empty(mask), scores, -np.inf)): (
        "the row that may see nothing looks at everything. One step is missing: write zeros over that row."
    ),
    lambda scores, mask: _plain(
        np.where(mask | _empty(mask) & np.eye(len(mask), len(mask.T), dtype=bool), scores, -np.inf)
    ): (
        "the row that may see nothing looks at its own position. Some systems do that; "
        "here such a row must hold zeros."
    ),
    lambda scores, mask: _plain(scores): "the mask changes nothing here. Use apply_mask before softmax.",
    _after: "this masks after softmax, so the rows no longer sum to 1. Mask the scores, before softmax.",
    lambda scores, mask: _emptied(_plain(scores), mask): (
        "only the row that may see nothing is right. In the others, hidden scores must become -np.inf first."
    ),
    lambda scores, mask: _plain(scores * mask): (
        "a hidden score times 0 is 0, which is a score like any other: e^0 = 1. It must become -np.inf."
    ),
    lambda scores, mask: np.where(mask, _plain(np.where(mask, scores, 0.0)), 0.0): (
        "a hidden score of 0 still takes its share in softmax: e^0 = 1. Make it -np.inf before softmax."
    ),
    lambda scores, mask: (
        _plain(np.where(mask | ~mask.any(axis=0), scores, -np.inf)) * mask.any(axis=0)
    ): "this looks for columns that nobody may see: axis 0. A query is a row: mask.any(axis=-1).",
    lambda scores, mask: _safe_weights(scores, ~mask): "True and False are swapped. True means: may look.",
    lambda scores, mask: _safe_weights(scores.T, mask.T).T: (
        "this makes each column sum to 1. A row belongs to a query: apply softmax along the last axis."
    ),
    lambda scores, mask: np.where(mask.all(axis=-1, keepdims=True), _safe_weights(scores, mask), 0.0): (
        "rows that may see only some keys are zeros too. A row sees nothing if mask.any(axis=-1) is False."
    ),
    lambda scores, mask: np.where(mask, scores, -np.inf): (
        "these are the masked scores. Softmax is missing, and zeros for a row that may see nothing."
    ),
}
