"""Sequences of token ids, with what a model should say at each place."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..attention.arguments import as_array


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """What a model reads, what it should say, and where that counts.

    inputs [n, token]: token ids, whole numbers. targets [n, token]: the right token at each of these places.
    counted [n, token]: True where loss and accuracy count; at least one place in each sequence.
    source [n, source token]: what the encoder of an encoder-decoder reads; else None.
    The arrays are copied. ValueError or TypeError: empty arrays, shapes that differ, numbers that are not
    whole.
    """

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    counted: NDArray[np.bool_]
    source: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        arrays: dict[str, NDArray] = {name: _as_sequences(name, getattr(self, name)) for name in self._ids}
        arrays["counted"] = _as_counted(self.counted)
        for name in ("targets", "counted"):
            if arrays[name].shape != arrays["inputs"].shape:
                raise ValueError(
                    f"{name} must have the shape of inputs {arrays['inputs'].shape}, "
                    f"got {arrays[name].shape}; give one entry for each input token"
                )
        if "source" in arrays and len(arrays["source"]) != len(arrays["inputs"]):
            raise ValueError(
                f"source must have one row for each of the {len(arrays['inputs'])} sequences of inputs, "
                f"got {len(arrays['source'])}; pair them up"
            )
        for name, array in arrays.items():
            object.__setattr__(self, name, array)

    @property
    def _ids(self) -> list[str]:
        """The names of the arrays that hold token ids."""
        return ["inputs", "targets"] if self.source is None else ["inputs", "targets", "source"]

    @property
    def read(self) -> NDArray[np.int64]:
        """Where the answer is found: in the source, if there is one, else in the inputs."""
        return self.inputs if self.source is None else self.source

    @property
    def largest(self) -> tuple[str, int]:
        """The array that holds the largest token id, and that id."""
        return max(((name, int(getattr(self, name).max())) for name in self._ids), key=lambda pair: pair[1])

    def __len__(self) -> int:
        return len(self.inputs)

    def __repr__(self) -> str:
        source = "" if self.source is None else f", source of {self.source.shape[1]}"
        sequences = "1 sequence" if len(self) == 1 else f"{len(self)} sequences"
        return f"Data({sequences} of {self.inputs.shape[1]} tokens{source})"

    def take(self, indices: ArrayLike) -> Self:
        """The sequences at these indices, in this order; an index may occur twice.

        ValueError or TypeError: no index, one out of range, or one that is not a whole number.
        """
        rows = as_array("indices", indices)
        if rows.ndim != 1 or not len(rows):
            raise ValueError(f"indices must be a list of at least one index, got {indices!r:.60}")
        if rows.dtype.kind not in "iu":
            raise TypeError(f"indices must be whole numbers, got {rows.dtype}; use np.flatnonzero for a mask")
        if rows.min() < 0 or rows.max() >= len(self):
            wrong = rows[(rows < 0) | (rows >= len(self))][0]
            raise ValueError(
                f"index {wrong} is out of range: there are {len(self)} sequences, numbered from 0"
            )
        source = None if self.source is None else self.source[rows]
        return type(self)(self.inputs[rows], self.targets[rows], self.counted[rows], source)


def _as_rows(name: str, values: Any) -> NDArray:
    """An array [n, token] that is not empty."""
    array = as_array(name, values)
    if array.ndim != 2:
        raise ValueError(
            f"{name} must have shape (sequences, tokens), got {array.shape}; put a single sequence in a list"
        )
    if not array.size:
        raise ValueError(f"{name} is empty, its shape is {array.shape}; give at least one sequence and token")
    return array


def _as_sequences(name: str, values: Any) -> NDArray[np.int64]:
    array = _as_rows(name, values)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold whole numbers (token ids), got {array.dtype}; encode a text first")
    if array.min() < 0:
        raise ValueError(f"{name} holds the token id {array.min()}: ids count from 0")
    return array.astype(np.int64)


def _as_counted(values: Any) -> NDArray[np.bool_]:
    array = _as_rows("counted", values)
    if array.dtype != bool:
        raise TypeError(f"counted must be boolean (True = counts), got {array.dtype}; write counted == 1")
    if not array.any(axis=1).all():
        row = int(np.flatnonzero(~array.any(axis=1))[0])
        raise ValueError(f"counted has no True for sequence {row}: nothing to learn from; leave it out")
    return array.copy()
