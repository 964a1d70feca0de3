"""A task: data to learn from, data to judge by, and the places where attention should look."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..attention.arguments import as_finite
from ..tokens.text import as_ids, as_text
from .data import Data

Kind = Literal["encoder", "decoder", "encoder-decoder"]
Rule = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]
PARTS = ("train", "validation", "probe")
NAMES = 12  # so many names of a vocabulary are listed in an error


@dataclass(frozen=True, eq=False, repr=False)
class Task:
    """Something to learn whose right answer is known.

    vocabulary [id] is the readable name of a token. `probe` is one sequence of `validation`: the one that
    people watch. `rule` says where attention should look: it takes what is read [n, key] (the inputs; the
    source for an encoder-decoder) and the targets [n, query], and returns bool [n, query, key].
    ValueError or TypeError: data that do not fit the kind, the vocabulary or each other, and **a leak**: a
    validation sequence that is in the training data. For a decoder, only what it has read by the last
    place that counts is compared: what comes later cannot matter.
    """

    name: str
    kind: Kind
    vocabulary: tuple[str, ...]
    train: Data
    validation: Data
    probe: Data
    rule: Rule | None = None

    def __post_init__(self) -> None:
        as_text(self.name, "name")
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}; got {self.kind!r}")
        object.__setattr__(self, "vocabulary", _as_vocabulary(self.vocabulary))
        if self.rule is not None and not callable(self.rule):
            raise TypeError(f"rule must be a function of inputs and targets, got {self.rule!r:.60}")
        for part in PARTS:
            self._check_part(part, getattr(self, part))
        self._check_apart()
        if self.points:
            self.answers(self.probe)

    def __repr__(self) -> str:
        sizes = f"{len(self.train)} to train, {len(self.validation)} to validate"
        return f"Task({self.name}, {self.kind}, {self.size} tokens, length {self.length}, {sizes})"

    # What there is

    @property
    def size(self) -> int:
        """How many tokens the vocabulary has."""
        return len(self.vocabulary)

    @property
    def length(self) -> int:
        """The length of the longest sequence that is read."""
        return max(self.train.inputs.shape[1], self.train.read.shape[1])

    @property
    def points(self) -> bool:
        """Whether it is known where attention should look."""
        return self.rule is not None

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything (name, kind, vocabulary, data, right places), as 12 hex digits."""
        digest = sha256(repr((self.name, self.kind, self.vocabulary)).encode())
        for data in (self.train, self.validation, self.probe):
            arrays = [data.inputs, data.targets, data.counted, data.source]
            for array in [*arrays, self.answers(data) if self.points else None]:
                digest.update(_as_bytes(array))
        return digest.hexdigest()[:12]

    # Where attention should look

    def answers(self, data: Data) -> NDArray[np.bool_]:
        """Where attention should look: bool [n, query, key]; a query that does not count has no True.

        The key is a source token for an encoder-decoder. ValueError: nothing is known (see `points`).
        """
        if self.rule is None:
            raise ValueError(f"the task {self.name!r} has no known answer for attention: look at its loss")
        self._check_source("data", data)
        right = np.asarray(self.rule(data.read, data.targets))  # [n, query, key]
        expected = (*data.targets.shape, data.read.shape[1])
        if right.dtype != bool or right.shape != expected:
            raise ValueError(f"rule must return bool {expected}, got {right.dtype} {right.shape}")
        return right & data.counted[:, :, None]

    def attended(self, weights: ArrayLike, data: Data) -> NDArray[np.float64]:
        """How much attention is on the right places: the mean over all queries that have one.

        weights [n, ..., query, key] gives [...]: of [n, layer, head, query, key] one share for each head.
        1 is all of it. ValueError: weights that do not fit or are not finite, nothing known (see `points`).
        """
        right = self.answers(data)  # [n, query, key]
        weights = as_finite("weights", weights)
        n, query, key = right.shape
        if weights.ndim < 3 or weights.shape[:1] + weights.shape[-2:] != right.shape:
            raise ValueError(
                f"weights must have shape ({n}, ..., {query}, {key}), one map for each sequence of data, "
                f"got {weights.shape}; for a single sequence use weights[None]"
            )
        asked = int(right.any(axis=-1).sum())
        if not asked:
            raise ValueError("no query of data has a right place: pass sequences of this task")
        with np.errstate(under="ignore"):
            return np.einsum("n...qk,nqk->...", weights, right, dtype=np.float64) / asked  # [...]

    # Words

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.vocabulary)}

    def encode(self, text: str) -> NDArray[np.int64]:
        """The ids of names separated by spaces, [token]. ValueError: an unknown name, no name, too many."""
        names = as_text(text).split()
        if not 0 < len(names) <= self.length:
            raise ValueError(
                f"text must have 1 to {self.length} tokens of the task {self.name!r}, got {len(names)}; "
                f"put spaces between them, as in {self.decode(self.probe.read[0])!r}"
            )
        for name in names:
            if name not in self._ids:
                near = get_close_matches(name, self.vocabulary, n=3)
                hint = f"did you mean {' or '.join(near)}?" if near else f"it has {self._listed()}"
                raise ValueError(f"{name!r} is not in the vocabulary of the task {self.name!r}; {hint}")
        return np.array([self._ids[name] for name in names], dtype=np.int64)

    def _listed(self) -> str:
        more = f" and {self.size - NAMES} more" if self.size > NAMES else ""
        return " ".join(self.vocabulary[:NAMES]) + more

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The name of each id. ValueError: an id that the vocabulary does not have."""
        return [self.vocabulary[i] for i in as_ids(ids, self.size)]

    def decode(self, ids: Iterable[int]) -> str:
        """The names of `ids`, separated by spaces. ValueError: an id that the vocabulary does not have."""
        return " ".join(self.tokens(ids))

    def read(self, data: Data, i: int) -> str:
        """Sequence `i` in readable form: what is given → what counts, as in "3 1 4 → 4 1 3".

        A decoder is given what it has read at the first place that counts: "the dogs near the cat → bark".
        """
        one = data.take([i])
        return f"{self.decode(self._given(one, 0, 0))} → {self.decode(one.targets[0][one.counted[0]])}"

    # Checks

    def _given(self, data: Data, i: int, place: int) -> NDArray[np.int64]:
        """What is known at the first (0) or last (-1) place that counts: a decoder knows what it has read."""
        if self.kind != "decoder":
            return data.read[i]
        return data.inputs[i, : np.flatnonzero(data.counted[i])[place] + 1]

    def _check_part(self, part: str, data: Data) -> None:
        self._check_source(part, data)
        name, largest = data.largest
        if largest >= self.size:
            raise ValueError(
                f"{part} holds the token id {largest} in {name}, but the vocabulary has only {self.size} "
                f"names (0 to {self.size - 1}); add the missing ones"
            )
        for what, mine, first in (
            ("inputs", data.inputs, self.train.inputs),
            ("source", data.read, self.train.read),
        ):
            if mine.shape[1] != first.shape[1]:
                raise ValueError(
                    f"{part} must be as long as train: {first.shape[1]} tokens, got {what} of shape "
                    f"{mine.shape}; pad the shorter ones"
                )

    def _check_source(self, part: str, data: Data) -> None:
        if not isinstance(data, Data):
            raise TypeError(f"{part} must be Data, got {type(data).__name__}; write Data(inputs, ...)")
        if (self.kind == "encoder-decoder") != (data.source is not None):
            has = "no source" if data.source is None else "a source"
            raise ValueError(f"{part} has {has}, but the task has kind={self.kind!r}")

    def _check_apart(self) -> None:
        """Nothing that is judged was learnt by heart."""
        train, validation, probe = (
            [self._given(data, i, -1).tobytes() for i in range(len(data))]
            for data in (self.train, self.validation, self.probe)
        )
        learnt = set(train)
        shared = [i for i, given in enumerate(validation) if given in learnt]
        if shared:
            raise ValueError(
                f"validation leaks: {len(shared)} of its {len(validation)} sequences are in train, the first "
                f"is {self.read(self.validation, shared[0])!r}; draw all without repetition, then split them"
            )
        if len(probe) != 1 or probe[0] not in validation:
            raise ValueError(
                f"probe must be one sequence of validation, got {self.probe!r}; write validation.take([0])"
            )


def _as_bytes(array: NDArray | None) -> bytes:
    """Shape and content, the same on every machine."""
    if array is None:
        return b"none"
    content = np.packbits(array) if array.dtype == bool else array.astype("<i8")
    return repr(array.shape).encode() + content.tobytes()


def _as_vocabulary(names: Iterable[str]) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"vocabulary must be a tuple of names, got {names!r:.40}; use tuple(...)")
    names = tuple(names)
    for name in names:
        if not isinstance(name, str) or name.split() != [name]:
            raise ValueError(f"a name in the vocabulary must be a string without spaces, got {name!r}")
    if len(set(names)) < max(2, len(names)):
        twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
        fault = f"{twice!r} twice" if twice else f"only {len(names)}"
        raise ValueError(f"vocabulary must have at least two different names, got {fault}")
    return names
