"""Exercises of notebook 05: masks."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..attention import apply_mask, causal_mask, padding_mask, softmax
from .verdict import judge


def check_local_mask(attempt: Callable) -> Callable:
    """`local_mask(n, width)`: [query, key], True for the token itself and the width - 1 before it."""
    return judge("a window", attempt, _local_mask, _WINDOWS, _WRONG_LOCAL_MASK)


def check_both_masks(attempt: Callable) -> Callable:
    """`both_masks(lengths, n)`: causal and padding together, [batch, query, key]."""
    return judge("both masks at once", attempt, _both_masks, _BATCHES, _WRONG_BOTH_MASKS)


def check_safe_weights(attempt: Callable) -> Callable:
    """`safe_weights(scores, mask)`: masked softmax, [query, key]; zeros in a row that may see nothing."""
    return judge("a row that may see nothing", attempt, _safe_weights, _MASKED, _WRONG_SAFE_WEIGHTS)


def _age(n: int) -> NDArray[np.integer]:
    """How far a key lies behind the query: 0 for itself, negative in the future."""
    return np.arange(n)[:, None] - np.arange(n)  # [query, key]


def _local_mask(n: int, width: int) -> NDArray[np.bool_]:
    return (_age(n) >= 0) & (_age(n) < width)


_WINDOWS = [(5, 2), (4, 1), (6, 3)]

_WRONG_LOCAL_MASK = {
    lambda n, width: _local_mask(n, width).T: (
        "this looks ahead instead of back: rows and columns have changed places. A row is a query."
    ),
    lambda n, width: (_age(n) >= 0) & (_age(n) <= width): (
        "this is one token too wide. The token itself counts: its age is 0, so the last age is width - 1."
    ),
    lambda n, width: (_age(n) > 0) & (_age(n) < width): (
        "a token does not see itself here. Age 0 belongs to the window: use >= 0."
    ),
    lambda n, width: (_age(n) > 0) & (_age(n) <= width): (
        "these are the width tokens before it, without itself. The window begins with the token itself."
    ),
    lambda n, width: np.abs(_age(n)) < width: "this sees both sides. The future stays hidden: age >= 0.",
    lambda n, width: _age(n) < width: "the whole future is open here. Add the causal part: age >= 0.",
    lambda n, width: _age(n) >= 0: "this is the causal mask alone. Hide what is too old: age < width.",
    lambda n, width: (
        _age(n) >= width
    ): "this is the far past, all that lies outside the window. Turn the sign.",
    lambda n, width: (_age(n) >= 0) | (_age(n) < width): (
        "this is True everywhere. Both conditions must hold: join them by &, not by |."
    ),
    lambda n, width: ~_local_mask(n, width): "True and False are swapped. True means: may look.",
    lambda n, width: (
        _age(n) == width - 1
    ): "this is only the oldest token of the window. Take all ages up to it.",
    lambda n, width: _local_mask(n, width).astype(float): (
        "these are ones and zeros. A mask holds True and False: leave the comparison as it is."
    ),
}


def _both_masks(lengths: Sequence[int], n: int) -> NDArray[np.bool_]:
    return padding_mask(lengths, n) & causal_mask(n)


def _padding(lengths: Sequence[int], n: int) -> NDArray[np.bool_]:
    """True for real tokens, [batch, token]."""
    return np.arange(n) < np.array(lengths)[:, None]


def _everywhere(mask: NDArray, lengths: Sequence[int], n: int) -> NDArray:
    return np.broadcast_to(mask, (len(lengths), n, n))


_BATCHES = [([4, 2], 4), ([1, 3, 2], 3), ([5, 4, 2, 3, 1], 5)]

_WRONG_BOTH_MASKS = {
    lambda lengths, n: _padding(lengths, n)[:, :, None] & causal_mask(n): (
        "this hides the rows of the pads, and they may see nothing at all. Hide the columns of the pads: "
        "the lengths belong to the key axis, [batch, 1, key]."
    ),
    lambda lengths, n: padding_mask(lengths, n) | causal_mask(n): (
        "this opens what one of the two masks allows. Both must allow it: &, not |."
    ),
    lambda lengths, n: _everywhere(causal_mask(n), lengths, n): (
        "this is the causal mask alone, pads are seen. Join the padding mask to it."
    ),
    lambda lengths, n: causal_mask(n): (
        "this is one causal mask for all. Each sentence has its own length: join the padding mask."
    ),
    lambda lengths, n: _everywhere(padding_mask(lengths, n), lengths, n): (
        "this is the padding mask alone, the future is seen. Join the causal mask to it."
    ),
    lambda lengths, n: padding_mask(lengths, n): (
        "this is the padding mask alone, [batch, 1, key]. Join the causal mask: it brings the query axis."
    ),
    lambda lengths, n: ~padding_mask(lengths, n) & causal_mask(n): (
        "this sees the pads only. Your padding mask is True for pads; True must mean: may look."
    ),
    lambda lengths, n: padding_mask(lengths, n) & ~causal_mask(n): (
        "this sees the future only. Your causal mask is True for what is hidden; True must mean: may look."
    ),
    lambda lengths, n: ~_both_masks(lengths, n): "True and False are swapped. True means: may look.",
    lambda lengths, n: padding_mask(lengths, n) & causal_mask(n).T: (
        "this looks ahead: the causal mask is transposed. A row is a query, and its key comes no later."
    ),
    lambda lengths, n: padding_mask(lengths, n) & np.tril(np.ones((n, n), bool), -1): (
        "a token does not see itself here. The causal mask includes the diagonal: key <= query."
    ),
    lambda lengths, n: (np.arange(n) <= np.array(lengths)[:, None, None]) & causal_mask(n): (
        "one pad of each sentence is still seen. Places begin at 0, so a real one is < its length."
    ),
    lambda lengths, n: padding_mask(lengths, n) * causal_mask(n) * 1.0: (
        "these are ones and zeros. A mask holds True and False: join them by &."
    ),
    lambda lengths, n: _padding(lengths, n) & causal_mask(n): (
        "your padding mask is [batch, key], and its batch axis meets the queries. It needs one more axis: "
        "[batch, 1, key]."
    ),
}


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


def _after(scores: NDArray, mask: NDArray) -> NDArray:
    return _plain(scores) * mask


def _after_divided(scores: NDArray, mask: NDArray) -> NDArray:
    total = _after(scores, mask).sum(axis=-1, keepdims=True)
    return _after(scores, mask) / np.where(total == 0, 1, total)


_MASKED = [
    (
        np.array([[3.0, 800.0], [1.0, 2.0], [900.0, 901.0]]),
        np.array([[True, False], [False, False], [True, True]]),
    ),
    (np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[True, True], [False, False]])),
    (
        np.array([[2.0, 0.0, 1.0], [1.0, 3.0, -1.0], [0.0, 0.5, 2.0]]),
        np.array([[False, False, False], [True, True, False], [False, True, False]]),
    ),
    (
        np.array([[0.3, 1.0, 2.0, -1.0], [1.5, 0.0, 0.2, 0.4], [2.0, -2.0, 1.0, 0.7]]),
        np.array([[True, False, True, False], [False, False, False, False], [False, True, True, False]]),
    ),
]

_WRONG_SAFE_WEIGHTS = {
    lambda scores, mask: _after_divided(scores, mask): (
        "a hidden score still counts: with 800 behind the mask, a row that may see something becomes zeros. "
        "Mask the scores, before softmax."
    ),
    lambda scores, mask: _plain(np.where(mask, scores, -np.inf)): (
        "the row that may see nothing is 0 / 0. Find such rows with mask.any(axis=-1) and give them zeros."
    ),
    lambda scores, mask: _plain(np.where(mask, scores, -1e9)): (
        "with -1e9 the row that may see nothing looks at everything alike, also at what is hidden. "
        "It must hold zeros."
    ),
    lambda scores, mask: _plain(np.where(mask | _empty(mask), scores, -np.inf)): (
        "the row that may see nothing looks at everything. One step is missing: write zeros over that row."
    ),
    lambda scores, mask: _plain(
        np.where(mask | _empty(mask) & np.eye(len(mask), len(mask.T), dtype=bool), scores, -np.inf)
    ): (
        "the row that may see nothing looks at its own place. Some systems do that; "
        "here such a row must hold zeros."
    ),
    lambda scores, mask: _plain(scores): "the mask changes nothing here. Use apply_mask before softmax.",
    _after: "this masks after softmax, and the rows no longer sum to 1. Mask the scores, before softmax.",
    lambda scores, mask: np.where(_empty(mask), 0.0, _plain(scores)): (
        "only the row that may see nothing is right. In the others, hidden scores must become -np.inf first."
    ),
    lambda scores, mask: np.where(mask, _plain(np.where(mask, scores, 0.0)), 0.0): (
        "a hidden score of 0 still counts: e^0 = 1. It must become -np.inf before softmax."
    ),
    lambda scores, mask: (
        _plain(np.where(mask | ~mask.any(axis=0), scores, -np.inf)) * mask.any(axis=0)
    ): "this looks for columns that nobody may see: axis 0. A query is a row: mask.any(axis=-1).",
    lambda scores, mask: _safe_weights(scores, ~mask): "True and False are swapped. True means: may look.",
    lambda scores, mask: _safe_weights(scores.T, mask.T).T: (
        "this shares out each column. A row belongs to a query: softmax along the last axis."
    ),
    lambda scores, mask: np.where(mask.all(axis=-1, keepdims=True), _safe_weights(scores, mask), 0.0): (
        "rows that may see only some keys are zeros too. A row sees nothing if mask.any(axis=-1) is False."
    ),
    lambda scores, mask: np.where(mask, scores, -np.inf): (
        "these are the masked scores. Softmax is missing, and zeros for a row that may see nothing."
    ),
}
