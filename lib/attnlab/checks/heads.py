"""Exercises of notebook 07: many heads."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import multi_head_attention, softmax
from .verdict import judge, sizes


def check_head_adds(attempt: Callable) -> Callable:
    """`head_adds(found, W_O, head)`: what one head adds to the output; found [head, query, d_head]."""
    return judge("what one head adds", attempt, _head_adds, _FOUND, _WRONG_HEAD_ADDS, _findings)


def check_split_heads(attempt: Callable) -> Callable:
    """`split_heads(a, n_heads)`: [token, n_heads * d_head] cut into [head, token, d_head]."""
    return judge("split into heads", attempt, _split_heads, _COLUMNS, _WRONG_SPLIT_HEADS, _columns)


def check_multi_head(attempt: Callable) -> Callable:
    """`multi_head(x, W_Q, W_K, W_V, W_O, n_heads)`: the output [token, d_model]."""
    return judge("multi-head attention", attempt, _multi_head, _LAYERS, _WRONG_MULTI_HEAD, _layer)


def _numbers(seed: int, *shape: int) -> NDArray:
    return np.random.default_rng(seed).normal(size=shape).round(1)


# What one head adds


def _head_adds(found: NDArray, W_O: NDArray, head: int) -> NDArray:
    return found[head] @ W_O[_own(found, head)]


def _own(found: NDArray, head: int) -> slice:
    """The rows of W_O that belong to a head."""
    d_head = found.shape[-1]
    return slice(head * d_head, (head + 1) * d_head)


_FOUND = [
    (np.array([[[1.0, 2.0]], [[0.0, 5.0]]]), np.arange(16.0).reshape(4, 4), 0),
    (np.array([[[1.0]], [[2.0]], [[3.0]]]), np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 4.0]]), 2),
    (_numbers(1, 3, 4, 2), _numbers(2, 6, 6), 1),
    (_numbers(3, 3, 2, 2), _numbers(4, 6, 6), 2),
    (_numbers(5, 2, 3, 9), _numbers(6, 18, 8), 1),
]


def _findings(rng: np.random.Generator) -> tuple[NDArray, NDArray, int]:
    """Any number of heads, tokens and columns; W_O has fewer or more features than rows."""
    n_heads, n, d_head, d_model = sizes(rng, 5, 5, 4, 9)
    shape, rows = (n_heads, n, d_head), (n_heads * d_head, d_model)
    if rng.random() < 0.5:  # whole numbers: zeros and repeated ones
        found, W_O = (rng.integers(-3, 4, size).astype(float) for size in (shape, rows))
    else:
        found, W_O = (rng.normal(0, 2, size).round(1) for size in (shape, rows))
    return found, W_O, int(rng.integers(n_heads))


_WRONG_HEAD_ADDS = {
    lambda found, W_O, head: found[head]: "W_O is missing: multiply by the head's own rows of it.",
    lambda found, W_O, head: found[head] @ W_O: (
        "W_O has rows for all heads. Take only the d_head rows of this one."
    ),
    lambda found, W_O, head: found[head] @ W_O[: found.shape[-1]]: (
        "these are the rows of head 0. Those of another head begin at head * d_head."
    ),
    lambda found, W_O, head: found[head] @ W_O[head : head + found.shape[-1]]: (
        "the slice begins at row `head`. Each head before it has d_head rows: begin at head * d_head."
    ),
    lambda found, W_O, head: found[head] @ W_O[head * found.shape[-1] : head + found.shape[-1]]: (
        "the slice ends too early. It has d_head rows, so it ends at (head + 1) * d_head, with brackets."
    ),
    lambda found, W_O, head: found[head] @ W_O[head * found.shape[-1] :]: (
        "the slice runs on to the last row. It has d_head rows: end it at (head + 1) * d_head."
    ),
    lambda found, W_O, head: found[head] @ W_O[head * found.shape[-1] : (head + 1) * found.shape[-1] + 1]: (
        "the slice is one row too long. The end of a slice is left out: end it at (head + 1) * d_head."
    ),
    lambda found, W_O, head: found[head] @ W_O[head * found.shape[-1] : (head + 2) * found.shape[-1]]: (
        "the slice takes the rows of two heads. It has d_head rows: end it at (head + 1) * d_head."
    ),
    lambda found, W_O, head: found[head] @ np.split(W_O, len(found), axis=1)[head]: (
        "W_O is cut by columns here. What a head found is multiplied by rows: cut along axis 0."
    ),
    lambda found, W_O, head: found[head] @ W_O[head * len(found) : (head + 1) * len(found)]: (
        "this counts the rows by n_heads. A head has d_head of them: found.shape[2]."
    ),
    lambda found, W_O, head: found[head] @ W_O[head * found.shape[1] : (head + 1) * found.shape[1]]: (
        "this counts the rows by n, the number of tokens. A head has d_head of them: found.shape[2]."
    ),
    lambda found, W_O, head: found[head] @ W_O[2 * head : 2 * head + 2]: (
        "this always takes two rows, which fits only a d_head of 2. Take d_head from found.shape[2]."
    ),
    lambda found, W_O, head: found[head] @ W_O[head :: len(found)]: (
        "this takes every n_heads-th row. The rows of one head are next to each other."
    ),
    lambda found, W_O, head: found[head] * W_O[_own(found, head)]: (
        "* multiplies number by number. The product of two matrices is written @."
    ),
    lambda found, W_O, head: found[head] @ W_O[:, _own(found, head)].T: (
        "these are columns of W_O. What a head found is multiplied by rows: W_O[a:b]."
    ),
    lambda found, W_O, head: found[head] @ W_O[:, _own(found, head)][: found.shape[-1]]: (
        "rows and columns are both cut. Cut only the rows: a head may write into every column."
    ),
    lambda found, W_O, head: found[head - 1] @ W_O[_own(found, head)]: (
        "the findings come from another head than the rows of W_O. Heads count from 0: found[head]."
    ),
    lambda found, W_O, head: found[head - 1] @ W_O[_own(found, head - 1)]: (
        "this is the head before. Heads count from 0: leave out the - 1."
    ),
    lambda found, W_O, head: found[0] @ W_O[_own(found, head)]: "this is what head 0 found. Use found[head].",
    lambda found, W_O, head: np.hstack(list(found)) @ W_O: (
        "this is the whole output, from all heads. Return the part of one head."
    ),
    lambda found, W_O, head: found.mean(axis=0) @ W_O[_own(found, head)]: (
        "this is the mean of all heads. Take only found[head]."
    ),
    lambda found, W_O, head: _head_adds(found, W_O, head) / len(found): (
        "this divides by the number of heads. Heads are added, not averaged: leave the division out."
    ),
}  # fmt: skip


# Split into heads


def _split_heads(a: NDArray, n_heads: int) -> NDArray:
    return a.reshape(len(a), n_heads, -1).transpose(1, 0, 2)


_COLUMNS = [
    (np.array([[0.0, 1.0], [2.0, 3.0]]), 2),
    (np.arange(24.0).reshape(4, 6), 2),
    (np.arange(24.0).reshape(4, 6), 1),
    (np.arange(72.0).reshape(6, 12), 3),
    (np.arange(60.0).reshape(5, 12), 4),
]


def _columns(rng: np.random.Generator) -> tuple[NDArray, int]:
    """Any number of tokens, heads and columns of a head: more tokens than columns, or fewer, or one."""
    n, n_heads, d_head = sizes(rng, 7, 5, 4)
    return rng.normal(0, rng.choice([0.3, 3]), (n, n_heads * d_head)).round(1), n_heads


def _cut(a: NDArray, n_heads: int, first: Callable) -> NDArray:
    """d_head columns for each head, beginning at first(head, d_head)."""
    d_head = a.shape[1] // n_heads
    begins = [first(head, d_head) for head in range(n_heads)]
    return np.array([a[:, begin : begin + d_head] for begin in begins])


_WRONG_SPLIT_HEADS = {
    lambda a, n_heads: a.reshape(n_heads, len(a), -1): (
        "the shape is right, the numbers are not: reshape reads row after row, so a head gets whole tokens. "
        "First reshape to (len(a), n_heads, -1), then transpose."
    ),
    lambda a, n_heads: a.reshape(len(a), n_heads, -1): (
        "this is [token, head, d_head]. Bring the head to the front: .transpose(1, 0, 2)."
    ),
    lambda a, n_heads: a.reshape(len(a), -1, n_heads).transpose(2, 0, 1): (
        "head h gets every n_heads-th column. Its columns are neighbours: reshape to (len(a), n_heads, -1)."
    ),
    lambda a, n_heads: a.reshape(len(a), -1, n_heads).transpose(1, 0, 2): (
        "the cut gives pieces of n_heads columns. There are n_heads pieces: reshape to (len(a), n_heads, -1)."
    ),
    lambda a, n_heads: a.reshape(len(a), n_heads, -1).transpose(1, 2, 0): (
        "this is [head, d_head, token]: the last two axes have changed places. Use .transpose(1, 0, 2)."
    ),
    lambda a, n_heads: a.reshape(len(a), n_heads, -1).transpose(2, 0, 1): (
        "this is [d_head, token, head]: axis 2 came to the front. The head is axis 1: .transpose(1, 0, 2)."
    ),
    lambda a, n_heads: a.reshape(len(a), n_heads, -1).T: (
        "this is [d_head, head, token]: .T reverses all axes. Use .transpose(1, 0, 2)."
    ),
    lambda a, n_heads: a.T.reshape(n_heads, len(a), -1): (
        "after .T the rows are columns, and this reshape mixes tokens. Reshape first, then transpose."
    ),
    lambda a, n_heads: np.array(np.split(a, n_heads)): (
        "this cuts between tokens. Every head sees all tokens: cut between columns."
    ),
    lambda a, n_heads: np.concatenate(np.split(a, n_heads, axis=1)): (
        "the heads are stacked, one below the other, in one table. They need an axis of their own: np.stack."
    ),
    lambda a, n_heads: np.stack([a] * n_heads): "every head has all columns. Give each its own part.",
    lambda a, n_heads: _split_heads(a, n_heads)[::-1]: (
        "the heads come in the wrong order. Head 0 has the first columns."
    ),
    lambda a, n_heads: _cut(a, n_heads, lambda head, d_head: head): (
        "the columns of a head begin at `head` here. Each head before it has d_head: begin at head * d_head."
    ),
    lambda a, n_heads: _cut(a, n_heads, lambda head, d_head: 0): (
        "every head has the columns of head 0. Those of another head begin at head * d_head."
    ),
}  # fmt: skip


# The whole


def _multi_head(x: NDArray, W_Q: NDArray, W_K: NDArray, W_V: NDArray, W_O: NDArray, n_heads: int) -> NDArray:
    return multi_head_attention(x, W_Q, W_K, W_V, W_O, n_heads).output


_BY_HAND = ([[1, 0], [0, 1]], [[2, 0], [1, 1]], [[1, 0], [0, 3]], [[1, 0], [2, 1]], [[1, 0], [-1, 1]])
_LAYERS = [
    (*(np.array(each, dtype=float) for each in _BY_HAND), 2),
    (*(_numbers(10 + i, *shape) for i, shape in enumerate([(4, 6), (6, 6), (6, 6), (6, 6), (6, 6)])), 2),
    (*(_numbers(20 + i, *shape) for i, shape in enumerate([(6, 6), (6, 6), (6, 6), (6, 6), (6, 6)])), 3),
    (*(_numbers(30 + i, *shape) for i, shape in enumerate([(5, 8), (8, 8), (8, 8), (8, 8), (8, 8)])), 2),
    (*(_numbers(40 + i, *shape) for i, shape in enumerate([(3, 9), (9, 9), (9, 9), (9, 9), (9, 9)])), 1),
]


def _layer(rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray, NDArray, NDArray, int]:
    """Any number of tokens, heads and columns of a head. A third have large scores, some above 10,000.

    Those have whole numbers and a root that is whole, so float32 is exact enough for them, too.
    """
    n, n_heads, d_head = sizes(rng, 6, 4, 4)
    large = rng.random() < 1 / 3
    d_head = int(rng.choice([1, 4])) if large else d_head
    size = (n_heads * d_head, n_heads * d_head)
    high = rng.choice([9, 40])
    x = (
        rng.integers(-high, high + 1, (n, size[0])).astype(float)
        if large
        else rng.normal(size=(n, size[0])).round(1)
    )
    W_Q, W_K = rng.integers(-4, 5, (2, *size)) if large else rng.normal(0, 0.6, (2, *size)).round(1)
    W_V, W_O = rng.normal(0, 1, (2, *size)).round(1)
    return x, W_Q, W_K, W_V, W_O, n_heads


def _join(heads: NDArray) -> NDArray:
    return np.concatenate(list(heads), axis=1)


def _faulty(
    scale: Callable = lambda d_model, n_heads: (d_model / n_heads) ** -0.5,
    split: Callable = _split_heads,
    weigh: Callable = softmax,
    join: Callable = _join,
    score: Callable = lambda q, k: q @ k.swapaxes(1, 2),
) -> Callable:
    """Multi-head attention with one of its steps exchanged."""

    def attempt(x: NDArray, W_Q: NDArray, W_K: NDArray, W_V: NDArray, W_O: NDArray, n_heads: int) -> NDArray:
        q, k, v = (split(x @ W, n_heads) for W in (W_Q, W_K, W_V))  # each [head, token, d_head]
        weights = weigh(score(q, k) * scale(W_Q.shape[1], n_heads))  # [head, query, key]
        return join(weights @ v) @ W_O

    return attempt


def _without_w_o(x: NDArray, W_Q: NDArray, W_K: NDArray, W_V: NDArray, W_O: NDArray, n_heads: int) -> NDArray:
    return _faulty()(x, W_Q, W_K, W_V, np.eye(len(W_O)), n_heads)


def _chosen(*which: int) -> Callable:
    """With these four of the matrices, in this order."""
    return lambda x, *given: _multi_head(x, *(given[i] for i in (*which, 4)))


def _transposed(*which: int) -> Callable:
    """With these matrices transposed."""
    return lambda x, *given: _multi_head(x, *(W.T if i in which else W for i, W in enumerate(given)))


def _with_exp(largest: Callable) -> Callable:
    """Softmax by hand, after subtracting `largest(scores)`."""

    def weigh(scores: NDArray) -> NDArray:
        positive = np.exp(scores - largest(scores))
        return positive / positive.sum(axis=-1, keepdims=True)

    return weigh


def _averaged(scores: NDArray) -> NDArray:
    """The mean map, for every head."""
    return np.broadcast_to(softmax(scores).mean(axis=0), scores.shape)


_WRONG_MULTI_HEAD: dict[Callable, str] = {
    _faulty(scale=lambda d_model, n_heads: d_model**-0.5): (
        "the scores are divided by the root of d_model. A head has fewer numbers: use np.sqrt(q.shape[2])."
    ),
    _faulty(scale=lambda d_model, n_heads: 1): (
        "the scores are not scaled. Divide them by np.sqrt(q.shape[2])."
    ),
    _faulty(scale=lambda d_model, n_heads: 2**-0.5): (
        "this always divides by √2, which fits only a d_head of 2. Take d_head from the split queries: "
        "q.shape[2]."
    ),
    _faulty(scale=lambda d_model, n_heads: 1 / 2): (
        "this always divides by 2, which fits only a d_head of 4. Divide by np.sqrt(q.shape[2])."
    ),
    _faulty(scale=lambda d_model, n_heads: 1 / int(np.sqrt(d_model // n_heads))): (
        "int cuts the root of d_head down to a whole number. Leave it out."
    ),
    _faulty(score=lambda q, k: q @ k.T): (
        "k.T reverses all three axes. Only the last two change places: k.transpose(0, 2, 1)."
    ),
    _faulty(score=lambda q, k: q @ k): "k must be transposed: q @ k.transpose(0, 2, 1), [head, query, key].",
    _faulty(score=lambda q, k: q @ k.transpose(1, 0, 2)): (
        "k.transpose(1, 0, 2) mixes heads and tokens. The last two axes change places: k.transpose(0, 2, 1)."
    ),
    _faulty(split=lambda a, n_heads: a.reshape(len(a), n_heads, -1), join=lambda f: f.reshape(len(f), -1)): (
        "each token attends only within itself: the axes are [token, head, d_head]. Bring the head to the "
        "front, as split_heads does."
    ),
    _faulty(scale=lambda d_model, n_heads: n_heads / d_model): (
        "the scores are divided by d_head. Divide by its square root."
    ),
    _faulty(scale=lambda d_model, n_heads: n_heads**-0.5): (
        "the scores are divided by the root of n_heads. d_head is the number of columns of one head."
    ),
    _faulty(weigh=lambda scores: softmax(scores, axis=1)): (
        "softmax runs over the queries. The weights of one query must sum to 1: the last axis, the keys."
    ),
    _faulty(weigh=lambda scores: softmax(scores, axis=0)): (
        "softmax runs over the heads, so they compete. Each head has its own weights: use the last axis."
    ),
    _faulty(weigh=lambda scores: scores): "the values are mixed by scores. Softmax is missing.",
    _faulty(weigh=np.exp): "exp alone does not give shares. Use softmax, which also divides by the sum.",
    _faulty(weigh=_with_exp(lambda scores: 0)): (
        "np.exp overflows for large scores, and all weights become 0 for very negative ones. Call softmax, "
        "which subtracts each row's largest score first."
    ),
    _faulty(weigh=_with_exp(lambda scores: scores.max())): (
        "this subtracts the largest score of all, so np.exp gives 0 for a whole row that lies far below it. "
        "Call softmax, which subtracts each row's own largest score."
    ),
    _faulty(weigh=_with_exp(lambda scores: scores.max(axis=(1, 2), keepdims=True))): (
        "this subtracts the largest score of each map, so np.exp gives 0 for a whole row that lies far below "
        "it. Call softmax, which does it row by row."
    ),
    _faulty(weigh=_averaged): (
        "every head mixes with the average of the maps. Each head has its own map: mix its values with that."
    ),
    _without_w_o: "the last step is missing: multiply the concatenated heads by W_O.",
    _faulty(join=lambda heads: heads.reshape(heads.shape[1], -1)): (
        "the heads are joined in the wrong order: reshape alone mixes tokens. Bring the token to the front "
        "first, .transpose(1, 0, 2), or concatenate the heads along axis 1."
    ),
    _faulty(join=lambda heads: heads): "one step is missing: concatenate the heads before @ W_O.",
    _faulty(join=lambda heads: heads.sum(axis=0)): (
        "the heads are not side by side. Do not add or stack them: concatenate them along axis 1."
    ),
    **{
        _faulty(join=lambda heads, axes=axes: heads.transpose(axes).reshape(heads.shape[1], -1)): (
            f"the heads are joined in the wrong order by .transpose{axes}. Put head after head: (1, 0, 2)."
        )
        for axes in ((1, 2, 0), (0, 2, 1), (2, 0, 1), (2, 1, 0))
    },
    _faulty(join=lambda heads: _join(heads[::-1])): (
        "the heads are side by side in reverse order. Head 0 comes first."
    ),
    _faulty(join=lambda heads: np.tile(heads.mean(axis=0), len(heads))): (
        "what the heads found is averaged. Concatenate it: each head keeps its own columns."
    ),
    _faulty(split=lambda a, n_heads: a.reshape(n_heads, len(a), -1)): (
        "the split gives a head whole tokens. Reshape to (len(a), n_heads, -1), then transpose."
    ),
    _faulty(split=lambda a, n_heads: a.reshape(len(a), -1, n_heads).transpose(2, 0, 1)): (
        "the split gives head h every n_heads-th column. Its columns should be neighbours."
    ),
    lambda x, W_Q, W_K, W_V, W_O, n_heads: _multi_head(x, W_Q, W_K, W_V, W_O, 1): (
        "this is one head with all the columns. Split Q, K and V before the scores."
    ),
    _chosen(1, 0, 2, 3): "queries and keys have changed places: the scores are q @ k.transpose(0, 2, 1).",
    _chosen(0, 1, 1, 3): "the keys are mixed. Keys are for being found; mix the values.",
    _chosen(0, 1, 0, 3): "the queries are mixed. Mix the values: they are x @ W_V.",
    _chosen(0, 0, 2, 3): "you use W_Q twice. The keys are x @ W_K.",
    _chosen(1, 1, 2, 3): "you use W_K twice. The queries are x @ W_Q.",
    **{
        _transposed(*turned): f"{whose} transposed. Here it is {right}."
        for turned, whose, right in (
            ((0,), "W_Q is", "x @ W_Q"),
            ((1,), "W_K is", "x @ W_K"),
            ((2,), "W_V is", "x @ W_V"),
            ((3,), "W_O is", "concatenated @ W_O"),
            ((0, 1, 2), "W_Q, W_K and W_V are", "x @ W_Q, and so on"),
            ((0, 1, 2, 3), "all four matrices are", "x @ W; torch stores them the other way round"),
        )
    },
    lambda x, W_Q, W_K, W_V, W_O, n_heads: x + _multi_head(x, W_Q, W_K, W_V, W_O, n_heads): (
        "x is added. A Transformer does that too, but outside the attention: return the output alone."
    ),
}  # fmt: skip
