"""Attention in plain NumPy: one function for each formula of "Attention Is All You Need".

Vaswani et al. (2017), https://arxiv.org/abs/1706.03762, section 3.2. Every function takes any number of
leading batch dimensions, also none. A comment on a line gives the shape that the line makes.

Shapes are (batch, head, query, key). A mask is boolean, and True means "may attend".
Whole numbers are computed as float64; float32 stays float32.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Attention(NamedTuple):
    """What attention returns: the result, and the two maps that led to it.

    output [..., query, d_v]; weights [..., query, key]: every row sums to 1;
    scores [..., query, key]: scaled, before the mask. With many heads: [..., head, query, key].
    """

    output: NDArray
    weights: NDArray
    scores: NDArray


def softmax(scores: ArrayLike, axis: int = -1, temperature: float = 1.0) -> NDArray:
    """Turn scores into positive weights that sum to 1 along `axis`: exp(s/T) / sum of exp(s/T).

    A score of -inf is masked: its weight is exactly 0. Same shape as `scores`.
    ValueError: NaN or +inf scores, a row that is masked everywhere, a temperature that is not above 0.
    """
    scores = _scores(scores, axis)
    temperature = _temperature(temperature, scores.dtype)
    with np.errstate(over="ignore"):  # a very large negative number may become -inf: its weight is 0 anyway
        shifted = (scores - scores.max(axis=axis, keepdims=True)) / temperature  # the largest is now 0
    positive = np.exp(shifted)  # so nothing overflows here
    return positive / positive.sum(axis=axis, keepdims=True)


def causal_mask(n: int) -> NDArray[np.bool_]:
    """Let each of n tokens see itself and what came before: [query, key], True where key <= query.

    Vaswani et al. (2017), section 3.2.3. ValueError or TypeError: n is not a whole number above 0.
    """
    n = _whole("n", n)
    return np.tril(np.ones((n, n), dtype=bool))  # [query, key]


def padding_mask(lengths: ArrayLike, n: int) -> NDArray[np.bool_]:
    """Hide what only fills up short sequences: True for the first lengths[b] of n keys.

    lengths [...] gives [..., 1, key]: the 1 is there to fit every query, so that
    `padding_mask(lengths, n) & causal_mask(n)` is [..., query, key].
    ValueError or TypeError: a length that is not a whole number from 1 to n.
    """
    n = _whole("n", n)
    lengths = _lengths(lengths, n)
    return np.arange(n) < lengths[..., None, None]  # [..., 1, key]


def apply_mask(scores: ArrayLike, mask: ArrayLike) -> NDArray:
    """Put -inf where the mask is False: softmax makes a weight of exactly 0 of it.

    scores [..., query, key]; the mask has the same shape, or one that broadcasts to it.
    TypeError: the mask is not boolean. ValueError: it does not fit, or leaves a row nothing to attend to.
    """
    scores = _numbers("scores", scores)
    mask = _mask(mask, scores.shape)
    return _scores(np.where(mask, scores, -np.inf), axis=-1)  # [..., query, key]


def scaled_dot_product_attention(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, mask: ArrayLike | None = None, scale: float | None = None
) -> Attention:
    """Mix values by how well queries and keys agree: softmax(q kᵀ / √d_k) v.

    q [..., query, d_k]; k [..., key, d_k]; v [..., key, d_v]; mask [..., query, key], True = may attend.
    scale replaces 1/√d_k. Vaswani et al. (2017), section 3.2.1, equation 1.
    ValueError or TypeError: shapes that do not fit, NaN or infinite numbers, a mask as in `apply_mask`.
    """
    q, k, v = _tokens("q", q), _tokens("k", k), _tokens("v", v)
    _check_fit(q, k, v)
    scale = _scale(scale, d_k=q.shape[-1])
    scores = q @ k.swapaxes(-1, -2) * scale  # [..., query, key]
    visible = scores if mask is None else apply_mask(scores, mask)  # [..., query, key]
    weights = softmax(visible)  # [..., query, key]
    return Attention(weights @ v, weights, scores)  # output [..., query, d_v]


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
    Vaswani et al. (2017), section 3.2.2. Errors as above, and an n_heads that does not divide the columns.
    """
    x, n_heads = _tokens("x", x), _whole("n_heads", n_heads)
    q = _heads("w_q", _project(x, "w_q", w_q), n_heads)  # [..., head, token, d_head]
    k = _heads("w_k", _project(x, "w_k", w_k), n_heads)  # [..., head, token, d_head]
    v = _heads("w_v", _project(x, "w_v", w_v), n_heads)  # [..., head, token, d_head]
    if mask is not None and x.ndim >= np.ndim(mask) >= 3:
        mask = np.asarray(mask)[..., None, :, :]  # [..., 1, query, key]: the same for every head
    found = scaled_dot_product_attention(q, k, v, mask)  # output [..., head, query, d_head]
    side_by_side = found.output.swapaxes(-3, -2).reshape(*x.shape[:-1], -1)  # [..., query, n_heads * d_head]
    return found._replace(output=_project(side_by_side, "w_o", w_o))  # [..., query, d_model]


def _project(x: NDArray, name: str, weight: ArrayLike) -> NDArray:
    """x @ weight, after a look at whether the two fit."""
    weight = _finite(name, weight)
    if weight.ndim != 2 or weight.shape[0] != x.shape[-1]:
        raise ValueError(
            f"{name} must have one row for each of the {x.shape[-1]} numbers of a token: expected shape "
            f"({x.shape[-1]}, columns), got {weight.shape} for an input of shape {x.shape}. "
            f"A torch weight is stored the other way round: use its transpose."
        )
    return x @ weight


def _heads(name: str, projected: NDArray, n_heads: int) -> NDArray:
    """Cut the columns into n_heads equal slices: [..., token, columns] -> [..., head, token, d_head]."""
    *leading, columns = projected.shape
    if columns % n_heads:
        divisors = ", ".join(str(d) for d in range(1, columns + 1) if columns % d == 0)
        raise ValueError(
            f"n_heads={n_heads} does not divide the {columns} columns of {name}; choose one of {divisors}."
        )
    return projected.reshape(*leading, n_heads, columns // n_heads).swapaxes(-3, -2)


# What follows only looks at what came in, and says what is wrong and what to do about it.


def _numbers(name: str, values: ArrayLike) -> NDArray:
    """An array of floats: float32 stays as it is, whole numbers become float64."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a regular array, every row of the same length: {error}.") from None
    if array.dtype.kind in "iu":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(
            f"{name} must hold real numbers, got {array.dtype}; convert with np.asarray(..., float)."
        )
    return array


def _finite(name: str, values: ArrayLike) -> NDArray:
    array = _numbers(name, values)
    wrong = ~np.isfinite(array)
    if wrong.any():
        where = _first(wrong)
        raise ValueError(
            f"{name} must hold finite numbers, got {array[where]} at {where}; "
            f"look at the step that made {name}, and use a mask to hide a position."
        )
    return array


def _scores(scores: ArrayLike, axis: int) -> NDArray:
    """Scores that softmax can use: no NaN, no +inf, and something to attend to in every row."""
    scores = _numbers("scores", scores)
    if scores.ndim == 0:
        raise ValueError("scores must have at least one axis, got a single number; put it in a list.")
    wrong = np.isnan(scores) | np.isposinf(scores)
    if wrong.any():
        where = _first(wrong)
        raise ValueError(
            f"scores must not hold NaN or +inf, got {scores[where]} at {where}; "
            f"look at the step that made it. Only -inf is allowed: it means masked."
        )
    empty = np.isneginf(scores).all(axis=axis)
    if empty.any():
        raise ValueError(
            f"scores leave {_row(_first(empty), axis in (-1, scores.ndim - 1))} nothing to attend to: "
            f"every key is masked. Let it see at least one key, for example itself."
        )
    return scores


def _mask(mask: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(
            f"mask must be boolean (True = may attend), got {mask.dtype}; "
            f"write mask == 1 for ones and zeros, mask == 0 for a mask that is added to the scores."
        )
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(
            f"mask of shape {mask.shape} does not fit scores of shape {shape}; "
            f"its last two axes are (query, key): expected {shape[-2:]}, or 1 where all share it."
        ) from None


def _tokens(name: str, values: ArrayLike) -> NDArray:
    """Finite numbers with at least two axes: (..., tokens, numbers of a token)."""
    array = _finite(name, values)
    if array.ndim < 2:
        raise ValueError(
            f"{name} must have shape (..., tokens, numbers), got {array.shape}; "
            f"for a single token use {name}[None, :]."
        )
    return array


def _check_fit(q: NDArray, k: NDArray, v: NDArray) -> None:
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(
            f"q and k must have the same d_k (last axis), got q {q.shape} and k {k.shape}; "
            f"project both to the same number of columns."
        )
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(
            f"k and v must have the same number of keys (axis -2), got k {k.shape} and v {v.shape}; "
            f"make both from the same tokens."
        )
    try:
        np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    except ValueError:
        raise ValueError(
            f"the leading axes of q, k and v must agree, got q {q.shape}, k {k.shape} and v {v.shape}; "
            f"give all three the same batch."
        ) from None


def _temperature(temperature: float, dtype: np.dtype) -> np.floating:
    value = dtype.type(_number("temperature", temperature))
    if value == 0:
        raise ValueError(f"temperature must be above 0, got {temperature}; for the limit 0 use argmax.")
    if not 0 < value < np.inf:
        raise ValueError(
            f"temperature must be a finite number above 0, got {temperature}; "
            f"1 changes nothing. For the limit 0 use argmax, for the limit infinity equal weights."
        )
    return value


def _scale(scale: float | None, d_k: int) -> float:
    if scale is None:
        if d_k == 0:
            raise ValueError("q and k must have at least one column, got d_k = 0; check the projection.")
        return d_k**-0.5
    value = _number("scale", scale)
    if not np.isfinite(value):
        raise ValueError(f"scale must be a finite number, got {scale}; leave it out for 1/√d_k.")
    return value


def _number(name: str, value: float) -> float:
    if np.ndim(value) or not isinstance(value, int | float | np.number | np.ndarray):
        raise TypeError(f"{name} must be one number, got {value!r}; pass a float.")
    return float(value)


def _whole(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {value!r}; pass an int.")
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, got {value}; pass how many there are.")
    return int(value)


def _lengths(lengths: ArrayLike, n: int) -> NDArray[np.integer]:
    lengths = np.asarray(lengths)
    if lengths.dtype.kind not in "iu":
        raise TypeError(
            f"lengths must be whole numbers, got {lengths.dtype}; pass one int for each sequence."
        )
    wrong = (lengths < 1) | (lengths > n)
    if wrong.any():
        where = _first(wrong)
        raise ValueError(
            f"lengths must lie between 1 and n={n}, got {lengths[where]}"
            f"{f' at {where}' if where else ''}; count the real tokens, and take n as the longest."
        )
    return lengths


def _first(found: NDArray[np.bool_]) -> tuple[int, ...]:
    """The index of the first True."""
    return tuple(int(i) for i in np.argwhere(found)[0])


def _row(index: tuple[int, ...], last_axis: bool) -> str:
    """A name for one row of scores: 'row 3', with leading axes 'row 3 (batch 0)'."""
    if not index:
        return "the only row"
    if not last_axis:
        return f"the slice {index}"
    *batch, row = index
    return f"row {row} (batch {', '.join(map(str, batch))})" if batch else f"row {row}"
