"""Three ways to tell attention where each token is.

Add sinusoids to the tokens, rotate the queries and keys, or lower the scores of distant keys.
Without them attention ignores the order: permute the tokens, and the outputs are permuted the same way.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import as_even, as_finite, as_positions
from .numbers import real_number, whole_number

BASE = 10_000.0  # both papers: the frequencies fall from 1 towards 1 / BASE


def sinusoidal_positions(n: int, d_model: int) -> NDArray[np.float64]:
    """Sinusoids of falling frequency, one row for each of the positions 0 to n - 1: [position, d_model].

    Columns 2i and 2i + 1 are the sine and the cosine of position / 10000^(2i / d_model). Add the rows to the
    tokens. Vaswani et al. (2017), https://arxiv.org/abs/1706.03762, section 3.5.
    ValueError or TypeError: n is not a whole number above 0, d_model not an even one.
    """
    n, d_model = whole_number("n", n, 1), as_even("d_model", whole_number("d_model", d_model, 1))
    angles = np.arange(n)[:, None] * _frequencies(d_model)  # [position, d_model / 2]
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(n, d_model)


@np.errstate(under="ignore")
def rotate(q_or_k: ArrayLike, positions: ArrayLike, base: float = BASE) -> NDArray:
    """Rotate each pair of neighbouring numbers by an angle that grows with the position of its token.

    q_or_k [..., n, d]; positions [..., n]: a real number for each token, often np.arange(n); a single vector
    [d] takes a single position. Columns 2i and 2i + 1 turn by position * base^(-2i / d). Rotate queries and
    keys but not values: q · k then depends only on the difference of their positions.
    Su et al. (2021), https://arxiv.org/abs/2104.09864, section 3.2.2. Some models pair i with i + d / 2.
    ValueError or TypeError: d is odd, positions that do not fit, a base below 1, numbers that are not finite
    or not real.
    """
    x = as_finite("q_or_k", q_or_k)
    if x.ndim == 0:
        raise ValueError("q_or_k must have shape (..., tokens, numbers), got a single number; pass a vector.")
    positions = as_positions(positions, x.shape[:-1])
    base = real_number("base", base, 1)
    angles = positions[..., None] * _frequencies(as_even("d (the last axis of q_or_k)", x.shape[-1]), base)
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)  # [..., n, d / 2]
    even, odd = x[..., 0::2], x[..., 1::2]  # [..., n, d / 2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


def alibi_bias(n: int, n_heads: int) -> NDArray[np.float64]:
    """What to add to the scaled scores: minus slope times distance, [head, query, key].

    With n_heads a power of two, head h = 1, 2 ... has the slope 2^(-8h / n_heads). Otherwise the slopes
    for the next smaller power of two come first, then every other slope for twice that power, as in the
    authors' code. Press et al. (2022), https://arxiv.org/abs/2108.12409, section 3. There a query sees only
    the past; here keys ahead are penalised by distance too: add `causal_mask` for the paper's form.
    ValueError or TypeError: n or n_heads is not a whole number above 0.
    """
    n, n_heads = whole_number("n", n, 1), whole_number("n_heads", n_heads, 1)
    place = np.arange(n)
    return _slopes(n_heads)[:, None, None] * -np.abs(place[:, None] - place)  # [head, query, key]


def _frequencies(d: int, base: float = BASE) -> NDArray[np.float64]:
    """How fast each pair of columns turns, in radians a position: base^(-2i / d), [d / 2]."""
    return base ** (-np.arange(0, d, 2) / d)


def _slopes(n_heads: int) -> NDArray[np.float64]:
    power = 2 ** (n_heads.bit_length() - 1)  # the largest power of two that is not above n_heads
    first = 2.0 ** (-8 * np.arange(1, power + 1) / power)
    between = 2.0 ** (-4 * np.arange(1, 2 * power, 2) / power)  # every other slope of 2 * power heads
    return np.concatenate([first, between])[:n_heads]  # [head]
