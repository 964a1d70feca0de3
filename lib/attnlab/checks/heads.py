"""Exercises of notebook 07: many heads."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import multi_head_attention, softmax
from .verdict import judge


def check_head_adds(attempt: Callable) -> Callable:
    """`head_adds(found, W_O, head)`: what one head adds to the output; found [head, query, d_head]."""
    return judge("what one head adds", attempt, _head_adds, _FOUND, _WRONG_HEAD_ADDS)


def check_split_heads(attempt: Callable) -> Callable:
    """`split_heads(a, n_heads)`: [token, n_heads * d_head] cut into [head, token, d_head]."""
    return judge("split into heads", attempt, _split_heads, _COLUMNS, _WRONG_SPLIT_HEADS)


def check_multi_head(attempt: Callable) -> Callable:
    """`multi_head(x, W_Q, W_K, W_V, W_O, n_heads)`: the output [token, d_model]."""
    return judge("multi-head attention", attempt, _multi_head, _LAYERS, _WRONG_MULTI_HEAD)


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
    (_numbers(1, 3, 4, 2), _numbers(2, 6, 6), 1),
    (_numbers(3, 3, 2, 2), _numbers(4, 6, 6), 2),
    (_numbers(5, 2, 3, 4), _numbers(6, 8, 8), 1),
]

_WRONG_HEAD_ADDS = {
    lambda found, W_O, head: found[head]: "W_O is missing: multiply by the head's rows of it.",
    lambda found, W_O, head: found[head] @ W_O: (
        "W_O has rows for all heads. Take only the d_head rows of this one."
    ),
    lambda found, W_O, head: found[head] @ W_O[: found.shape[-1]]: (
        "these are the rows of head 0. Those of head h begin at h * d_head."
    ),
    lambda found, W_O, head: found[head] @ W_O[head : head + found.shape[-1]]: (
        "the slice begins at row `head`. Each head before it has d_head rows: begin at head * d_head."
    ),
    lambda found, W_O, head: found[head] @ W_O[head :: len(found)]: (
        "this takes every n_heads-th row. The rows of a head stand next to each other."
    ),
    lambda found, W_O, head: found[head] @ W_O[:, _own(found, head)].T: (
        "these are columns of W_O. What a head found is multiplied with rows: W_O[a:b]."
    ),
    lambda found, W_O, head: found[head] @ W_O[:, _own(found, head)][: found.shape[-1]]: (
        "rows and columns are both cut. Cut the rows; keep every column: a head may write into all of them."
    ),
    lambda found, W_O, head: found[head - 1] @ W_O[_own(found, head)]: (
        "what was found is from another head than the rows of W_O. Heads are counted from 0: found[head]."
    ),
    lambda found, W_O, head: found[0] @ W_O[_own(found, head)]: "this is what head 0 found. Use found[head].",
    lambda found, W_O, head: np.hstack(list(found)) @ W_O: (
        "this is the whole output, of all heads. Only one head is asked for."
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
    (np.arange(24.0).reshape(4, 6), 2),
    (np.arange(24.0).reshape(4, 6), 1),
    (np.arange(72.0).reshape(6, 12), 3),
    (np.arange(60.0).reshape(5, 12), 4),
]

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
    lambda a, n_heads: a.reshape(len(a), n_heads, -1).transpose(1, 2, 0): (
        "this is [head, d_head, token]: the last two axes have changed places. Use .transpose(1, 0, 2)."
    ),
    lambda a, n_heads: a.reshape(len(a), n_heads, -1).transpose(2, 0, 1): (
        "this is [d_head, token, head]: axis 2 came to the front. The head is axis 1: .transpose(1, 0, 2)."
    ),
    lambda a, n_heads: a.reshape(len(a), n_heads, -1).T: (
        "this is [d_head, head, token]: .T turns all axes round. Use .transpose(1, 0, 2)."
    ),
    lambda a, n_heads: a.T.reshape(n_heads, len(a), -1): (
        "after .T the rows are columns, and reshape mixes tokens. Reshape first, then transpose."
    ),
    lambda a, n_heads: np.split(a, n_heads, axis=1): (
        "the pieces are right, but they are a list. Make one array of them: np.stack."
    ),
    lambda a, n_heads: np.array(np.split(a, n_heads)): (
        "this cuts between tokens. Every head sees all tokens: cut the columns."
    ),
    lambda a, n_heads: np.concatenate(np.split(a, n_heads, axis=1)): (
        "the heads stand below each other in one table. They need an axis of their own: np.stack."
    ),
    lambda a, n_heads: np.stack([a] * n_heads): "every head has all columns. Each gets its own part.",
    lambda a, n_heads: _split_heads(a, n_heads)[::-1]: (
        "the heads come in the wrong order. Head 0 has the first columns."
    ),
}  # fmt: skip


# The whole


def _multi_head(x: NDArray, W_Q: NDArray, W_K: NDArray, W_V: NDArray, W_O: NDArray, n_heads: int) -> NDArray:
    return multi_head_attention(x, W_Q, W_K, W_V, W_O, n_heads).output


_LAYERS = [
    (*(_numbers(10 + i, *shape) for i, shape in enumerate([(4, 6), (6, 6), (6, 6), (6, 6), (6, 6)])), 2),
    (*(_numbers(20 + i, *shape) for i, shape in enumerate([(6, 6), (6, 6), (6, 6), (6, 6), (6, 6)])), 3),
    (*(_numbers(30 + i, *shape) for i, shape in enumerate([(5, 8), (8, 8), (8, 8), (8, 8), (8, 8)])), 2),
]


def _join(heads: NDArray) -> NDArray:
    return np.concatenate(list(heads), axis=1)


def _faulty(
    scale: Callable = lambda d_model, n_heads: (d_model / n_heads) ** -0.5,
    split: Callable = _split_heads,
    weigh: Callable = softmax,
    join: Callable = _join,
) -> Callable:
    """Multi-head attention with one of its steps exchanged."""

    def attempt(x: NDArray, W_Q: NDArray, W_K: NDArray, W_V: NDArray, W_O: NDArray, n_heads: int) -> NDArray:
        q, k, v = (split(x @ W, n_heads) for W in (W_Q, W_K, W_V))  # each [head, token, d_head]
        weights = weigh(q @ k.swapaxes(1, 2) * scale(W_Q.shape[1], n_heads))  # [head, query, key]
        return join(weights @ v) @ W_O

    return attempt


def _without_w_o(x: NDArray, W_Q: NDArray, W_K: NDArray, W_V: NDArray, W_O: NDArray, n_heads: int) -> NDArray:
    return _faulty()(x, W_Q, W_K, W_V, np.eye(len(W_O)), n_heads)


_WRONG_MULTI_HEAD = {
    _faulty(scale=lambda d_model, n_heads: d_model**-0.5): (
        "the scores are divided by the root of d_model. A head has fewer numbers: use np.sqrt(q.shape[2])."
    ),
    _faulty(scale=lambda d_model, n_heads: 1): (
        "the scores are not scaled. Divide them by np.sqrt(q.shape[2])."
    ),
    _faulty(scale=lambda d_model, n_heads: 2**-0.5): (
        "this always divides by √2, the d_head of the notebook. Take it from the split queries: q.shape[2]."
    ),
    _faulty(split=lambda a, n_heads: a.reshape(len(a), n_heads, -1), join=lambda f: f.reshape(len(f), -1)): (
        "each token attends only within itself: the axes are [token, head, d_head]. Bring the head to the "
        "front, as split_heads does."
    ),
    _faulty(scale=lambda d_model, n_heads: n_heads / d_model): (
        "the scores are divided by d_head. Take its square root."
    ),
    _faulty(scale=lambda d_model, n_heads: n_heads**-0.5): (
        "the scores are divided by the root of n_heads. d_head is the number of columns of one head."
    ),
    _faulty(weigh=lambda scores: softmax(scores, axis=1)): (
        "softmax runs over the queries. The weights of one query must sum to 1: the last axis, the keys."
    ),
    _faulty(weigh=lambda scores: softmax(scores, axis=0)): (
        "softmax runs over the heads, so they compete. Each head has weights of its own: the last axis."
    ),
    _faulty(weigh=lambda scores: scores): "the values are mixed by scores. Softmax is missing.",
    _without_w_o: "the last step is missing: multiply what stands side by side by W_O.",
    _faulty(join=lambda heads: heads.reshape(heads.shape[1], -1)): (
        "the heads are joined in the wrong order: reshape alone mixes tokens. Bring the token to the front "
        "first, .transpose(1, 0, 2), or concatenate the heads along axis 1."
    ),
    _faulty(join=lambda heads: heads.transpose(1, 2, 0).reshape(heads.shape[1], -1)): (
        "the columns of the heads are shuffled into each other. Put head after head: .transpose(1, 0, 2)."
    ),
    _faulty(join=lambda heads: _join(heads[::-1])): (
        "the heads stand side by side in reverse order. Head 0 comes first."
    ),
    _faulty(join=lambda heads: np.tile(heads.mean(axis=0), len(heads))): (
        "the heads are averaged. Concatenate them: each keeps its own columns."
    ),
    _faulty(split=lambda a, n_heads: a.reshape(n_heads, len(a), -1)): (
        "the split gives a head whole tokens. Reshape to (len(a), n_heads, -1), then transpose."
    ),
    _faulty(split=lambda a, n_heads: a.reshape(len(a), -1, n_heads).transpose(2, 0, 1)): (
        "the split gives head h every n_heads-th column. Its columns stand next to each other."
    ),
    lambda x, W_Q, W_K, W_V, W_O, n_heads: _multi_head(x, W_Q, W_K, W_V, W_O, 1): (
        "this is one head with all the columns. Split Q, K and V before the scores."
    ),
    lambda x, W_Q, W_K, W_V, W_O, n_heads: _multi_head(x, W_K, W_Q, W_V, W_O, n_heads): (
        "queries and keys have changed places. Q @ K.T, not K @ Q.T."
    ),
    lambda x, W_Q, W_K, W_V, W_O, n_heads: _multi_head(x, W_Q, W_K, W_K, W_O, n_heads): (
        "the keys are mixed. Keys are for finding; mix the values."
    ),
    lambda x, W_Q, W_K, W_V, W_O, n_heads: _multi_head(x, W_Q.T, W_K.T, W_V.T, W_O.T, n_heads): (
        "every matrix is transposed, as torch stores them. Here it is x @ W."
    ),
    lambda x, W_Q, W_K, W_V, W_O, n_heads: _multi_head(x, W_Q, W_K, W_V, W_O.T, n_heads): (
        "W_O is transposed. Here it is concatenated @ W_O."
    ),
}  # fmt: skip
