"""Scaled dot-product attention, with one head and with many: one function for each formula.

Vaswani et al. (2017), https://arxiv.org/abs/1706.03762, section 3.2. A comment on a line gives the shape
that the line makes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import (
    as_array,
    as_finite,
    as_lengths,
    as_mask,
    as_masked,
    as_scale,
    as_scores,
    as_temperature,
    as_tokens,
    check_fit,
)
from .numbers import whole_number


class Attention(NamedTuple):
    """What attention returns: the result, and the two maps that led to it.

    output [..., query, d_v]; weights [..., query, key]: every row sums to 1;
    scores [..., query, key]: scaled, before the mask. With many heads: [..., head, query, key].
    """

    output: NDArray
    weights: NDArray
    scores: NDArray


@np.errstate(over="ignore", under="ignore")  # what is far below the largest score has a weight of 0
def softmax(scores: ArrayLike, axis: int = -1, temperature: float = 1.0) -> NDArray:
    """Turn scores into positive weights that sum to 1 along `axis`: exp(s/T) / sum of exp(s/T).

    A score of -inf is masked, and so is an entry that a masked array hides: its weight is exactly 0. The
    result has the shape of `scores`.
    ValueError: NaN or +inf scores, a fully masked row, a temperature that is not above 0.
    """
    scores = as_scores(scores, axis)
    shifted = (scores - scores.max(axis=axis, keepdims=True)) / as_temperature(temperature, scores.dtype)
    positive = np.exp(shifted)  # the largest is now 1, so nothing overflows
    return positive / positive.sum(axis=axis, keepdims=True)


def causal_mask(n: int) -> NDArray[np.bool_]:
    """Let each of n tokens see itself and what came before: [query, key], True where key <= query.

    Vaswani et al. (2017), section 3.2.3. ValueError or TypeError: n is not a whole number above 0.
    """
    n = whole_number("n", n, 1)
    return np.tril(np.ones((n, n), dtype=bool))  # [query, key]


def padding_mask(lengths: ArrayLike, n: int) -> NDArray[np.bool_]:
    """Hide the padding of short sequences: True for the first lengths[b] of n keys.

    lengths [...] gives [..., 1, key]: the 1 broadcasts over the queries, so that
    `padding_mask(lengths, n) & causal_mask(n)` is [..., query, key].
    ValueError or TypeError: a length that is not a whole number from 1 to n.
    """
    n = whole_number("n", n, 1)
    lengths = as_lengths(lengths, n)
    return np.arange(n) < lengths[..., None, None]  # [..., 1, key]


def apply_mask(scores: ArrayLike, mask: ArrayLike) -> NDArray:
    """Put -inf where the mask is False: softmax turns it into a weight of exactly 0.

    scores [..., query, key]; the mask has the same shape, or one that broadcasts to it.
    TypeError: the mask is not boolean. ValueError: it does not fit, or leaves a row nothing to attend to.
    """
    scores = as_masked("scores", scores)
    mask = as_mask(mask, scores.shape)
    return as_scores(np.where(mask, scores, -np.inf), axis=-1)  # [..., query, key]


@np.errstate(over="ignore", under="ignore", invalid="ignore")  # softmax looks at what overflows
def scaled_dot_product_attention(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, mask: ArrayLike | None = None, scale: float | None = None
) -> Attention:
    """Mix values by how well queries and keys agree: softmax(q kᵀ / √d_k) v.

    q [..., query, d_k]; k [..., key, d_k]; v [..., key, d_v]; mask [..., query, key], True = may attend.
    scale replaces 1/√d_k. Vaswani et al. (2017), section 3.2.1, equation 1.
    ValueError or TypeError: shapes that do not fit, NaN or infinite numbers, a mask as in `apply_mask`.
    """
    q, k, v = as_tokens("q", q), as_tokens("k", k), as_tokens("v", v)
    check_fit(q, k, v)
    scale = as_scale(scale, d_k=q.shape[-1])
    scores = q @ k.swapaxes(-1, -2) * scale  # [..., query, key]
    visible = scores if mask is None else apply_mask(scores, mask)  # [..., query, key]
    weights = softmax(visible)  # [..., query, key]
    return Attention(weights @ v, weights, scores)  # output [..., query, d_v]


@np.errstate(over="ignore", under="ignore", invalid="ignore")  # _project looks at what overflows
def multi_head_attention(
    x: ArrayLike,
    w_q: ArrayLike,
    w_k: ArrayLike,
    w_v: ArrayLike,
    w_o: ArrayLike,
    n_heads: int,
    mask: ArrayLike | None = None,
) -> Attention:
    """Attend in several heads at once, each in its own slice of the columns, and mix what they found.

    x [..., token, d_model]; w_q, w_k, w_v [d_model, n_heads * d_head], used as x @ w_q;
    w_o [n_heads * d_head, d_model]. mask: [..., query, key] for all heads, or [..., head, query, key].
    Vaswani et al. (2017), section 3.2.2. Errors as above, and for an n_heads that does not divide
    the columns.
    """
    x, n_heads = as_tokens("x", x), whole_number("n_heads", n_heads, 1)
    q = _heads("w_q", _project(x, "w_q", w_q), n_heads)  # [..., head, token, d_head]
    k = _heads("w_k", _project(x, "w_k", w_k), n_heads)  # [..., head, token, d_head]
    v = _heads("w_v", _project(x, "w_v", w_v), n_heads)  # [..., head, token, d_head]
    if mask is not None and x.ndim >= np.ndim(mask) >= 3:
        mask = as_array("mask", mask)[..., None, :, :]  # [..., 1, query, key]: the same for every head
    found = scaled_dot_product_attention(q, k, v, mask)  # output [..., head, query, d_head]
    side_by_side = found.output.swapaxes(-3, -2).reshape(*x.shape[:-1], -1)  # [..., query, n_heads * d_head]
    return found._replace(output=_project(side_by_side, "w_o", w_o))  # [..., query, d_model]


def _project(x: NDArray, name: str, weight: ArrayLike) -> NDArray:
    """x @ weight, after a look at whether the two fit."""
    weight = as_finite(name, weight)
    if weight.ndim != 2 or weight.shape[0] != x.shape[-1]:
        raise ValueError(
            f"{name} must have one row for each of the {x.shape[-1]} numbers of a token: expected shape "
            f"({x.shape[-1]}, columns), got {weight.shape} for an input of shape {x.shape}. "
            f"A torch weight is stored the other way round: use its transpose."
        )
    return as_finite(f"{name} times its input", x @ weight)


def _heads(name: str, projected: NDArray, n_heads: int) -> NDArray:
    """Cut the columns into n_heads equal slices: [..., token, columns] -> [..., head, token, d_head]."""
    *leading, columns = projected.shape
    if columns % n_heads:
        divisors = ", ".join(str(d) for d in range(1, columns + 1) if columns % d == 0)
        raise ValueError(
            f"n_heads={n_heads} does not divide the {columns} columns of {name}; choose one of {divisors}."
        )
    return projected.reshape(*leading, n_heads, columns // n_heads).swapaxes(-3, -2)
