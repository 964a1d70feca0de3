"""Check arguments: arrays and numbers that the formulas can use, or an error with its remedy.

Every error names the argument, says what was given, and what to do about it.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .numbers import real_number, whole_number


def as_array(name: str, values: ArrayLike) -> NDArray:
    """An array. ValueError or TypeError: ragged rows, hidden entries, a tensor with gradients."""
    if _hides(values):
        raise ValueError(
            f"{name} is a masked array that hides some entries, but here every entry counts; "
            f"fill them with {name}.filled(...), or pass {name}.data to use the hidden values."
        )
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} must be a regular array: make all rows the same length, or pad the shorter ones."
        ) from None
    except (TypeError, RuntimeError) as error:  # torch: gradients, another device, a dtype of its own
        raise TypeError(
            f"{name} cannot be read as an array ({str(error).split('.')[0]}); "
            f"for a torch tensor pass {name}.detach().cpu(), and add .double() if it has 16 bits."
        ) from None


def as_numbers(name: str, values: ArrayLike) -> NDArray:
    """An array of floats: float32 stays as it is, whole numbers become float64."""
    array = as_array(name, values)
    if array.dtype.kind in "iu":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        given = "None" if values is None else array.dtype
        raise TypeError(f"{name} must hold real numbers, got {given}; convert with np.asarray(..., float).")
    return array


def as_masked(name: str, values: ArrayLike) -> NDArray:
    """Floats, with -inf where a masked array hides an entry."""
    if not isinstance(values, np.ma.MaskedArray):
        return as_numbers(name, values)
    return np.where(np.ma.getmaskarray(values), -np.inf, as_numbers(name, values.data))


def _hides(values: Any) -> bool:
    """Whether it is a masked array with something masked, or a list that holds one."""
    if isinstance(values, list | tuple):
        return any(map(_hides, values))
    return isinstance(values, np.ma.MaskedArray) and bool(np.ma.is_masked(values))


def as_finite(name: str, values: ArrayLike) -> NDArray:
    array = as_numbers(name, values)
    wrong = np.logical_not(np.isfinite(array))
    if wrong.any():
        where = _first(wrong)
        raise ValueError(
            f"{name} must hold finite numbers, got {array[where]} at {where}; "
            f"check the step that computed {name}; to hide a position, use a mask."
        )
    return array


def as_scores(scores: ArrayLike, axis: int) -> NDArray:
    """Scores that softmax can use: no NaN, no +inf, and something to attend to in every row."""
    scores = as_masked("scores", scores)
    if scores.ndim == 0:
        raise ValueError("scores must have at least one axis, got a single number; put it in a list.")
    whole_number("axis", axis, -scores.ndim, scores.ndim - 1, why="-1 is the last one")
    wrong = np.isnan(scores) | np.isposinf(scores)
    if wrong.any():
        where = _first(wrong)
        raise ValueError(
            f"scores must not hold NaN or +inf, got {scores[where]} at {where}; "
            f"check the step that computed it. Only -inf is allowed: it means masked."
        )
    empty = np.all(np.isneginf(scores), axis=axis)
    if empty.any():
        raise ValueError(
            f"scores leave {_row(_first(empty), axis in (-1, scores.ndim - 1))} nothing to attend to: "
            f"every key is masked. Let it see at least one key, for example itself."
        )
    return scores


def as_mask(mask: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = as_array("mask", mask)
    if mask.dtype != bool:
        raise TypeError(
            f"mask must be boolean (True = may attend), got {mask.dtype}; "
            f"write mask == 1 for ones and zeros, or mask == 0 for a mask to be added to the scores."
        )
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(
            f"mask of shape {mask.shape} does not fit scores of shape {shape}; "
            f"its last two axes are (query, key): expected {shape[-2:]}, or 1 along a shared axis."
        ) from None


def as_tokens(name: str, values: ArrayLike) -> NDArray:
    """Finite numbers with at least two axes: (..., tokens, numbers of a token)."""
    array = as_finite(name, values)
    if array.ndim < 2:
        raise ValueError(
            f"{name} must have shape (..., tokens, numbers), got {array.shape}; "
            f"for a single token use {name}[None, :]."
        )
    return array


def check_fit(q: NDArray, k: NDArray, v: NDArray) -> None:
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
            f"pass all three with the same batch."
        ) from None


def as_temperature(temperature: float, dtype: np.dtype) -> np.floating:
    value = dtype.type(real_number("temperature", temperature))
    if value == 0:
        raise ValueError(f"temperature must be above 0, got {temperature}; for the limit 0 use argmax.")
    if not 0 < value < np.inf:
        raise ValueError(
            f"temperature must be a finite number above 0, got {temperature}; "
            f"1 changes nothing. For the limit 0 use argmax, for the limit infinity equal weights."
        )
    return value


def as_scale(scale: float | None, d_k: int) -> float:
    if scale is None:
        if d_k == 0:
            raise ValueError("q and k must have at least one column, got d_k = 0; check the projection.")
        return d_k**-0.5
    value = real_number("scale", scale)
    if not np.isfinite(value):
        raise ValueError(f"scale must be a finite number, got {scale}; leave it out for 1/√d_k.")
    return value


def as_even(name: str, value: int) -> int:
    if value % 2 or value < 2:
        near = f"{value - 1} or {value + 1}" if value > 2 else "2"
        raise ValueError(f"{name} must be even, got {value}: the numbers form pairs; use {near}.")
    return value


def as_positions(positions: ArrayLike, shape: tuple[int, ...]) -> NDArray:
    """One position for each token: `shape` is (..., tokens), or () for a single vector."""
    positions = as_finite("positions", positions)
    if positions.shape[-1:] == shape[-1:]:
        try:
            return np.broadcast_to(positions, shape)
        except ValueError:
            pass
    expected = f"np.arange({shape[-1]}) numbers them" if shape else "a single vector takes a single number"
    raise ValueError(
        f"positions of shape {positions.shape} do not fit q_or_k with the leading axes {shape}; "
        f"pass one position for each token: {expected}."
    )


def as_lengths(lengths: ArrayLike, n: int) -> NDArray[np.integer]:
    lengths = as_array("lengths", lengths)
    if lengths.dtype.kind not in "iu":
        raise TypeError(
            f"lengths must be whole numbers, got {lengths.dtype}; pass one int for each sequence."
        )
    wrong = (lengths < 1) | (lengths > n)
    if wrong.any():
        where = _first(wrong)
        raise ValueError(
            f"lengths must lie between 1 and n={n}, got {lengths[where]}"
            f"{f' at {where}' if where else ''}; count the real tokens, and set n to the largest length."
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
