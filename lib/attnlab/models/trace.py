"""What a model computed along the way, and what it has read before."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

Change = Callable[[str, Tensor], Tensor]


@dataclass
class Cache:
    """Keys and values of what a decoder has read: `model(tokens, cache=cache)` continues from there.

    layers: for each attention, by name ("layer 1", "layer 1 cross"), its keys and values [batch, kv head,
    token, d_head]; memory: what the encoder of an encoder-decoder made of the source. Start with `Cache()`.
    """

    layers: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)
    memory: Tensor | None = None

    @property
    def length(self) -> int:
        """How many tokens have been read."""
        own = [keys.shape[-2] for name, (keys, _) in self.layers.items() if not name.endswith("cross")]
        return own[0] if own else 0

    @property
    def nbytes(self) -> int:
        """Memory of the keys and values, in bytes."""
        return sum(each.nbytes for pair in self.layers.values() for each in pair)

    def extend(self, name: str, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values of an attention, after these have been added."""
        if name in self.layers:
            earlier = self.layers[name]
            keys, values = (torch.cat(pair, -2) for pair in zip(earlier, (keys, values), strict=True))
        self.layers[name] = keys, values
        return keys, values

    def cut(self, length: int) -> None:
        """Forget all but the first tokens, for a text that goes on differently from there."""
        for name, pair in self.layers.items():
            if not name.endswith("cross"):
                self.layers[name] = pair[0][..., :length, :], pair[1][..., :length, :]

    def select(self, rows: Tensor) -> None:
        """Take these sequences of the batch, in this order; one may come twice."""
        self.layers = {name: (keys[rows], values[rows]) for name, (keys, values) in self.layers.items()}
        self.memory = None if self.memory is None else self.memory[rows]

    def copy(self) -> "Cache":
        """A copy that grows on its own."""
        return Cache(dict(self.layers), self.memory)


@dataclass
class Trace:
    """What a model computed along the way: `model(tokens, trace=True)`.

    logits [batch, token, outputs]. attention: by "self", "cross" and "source" (the encoder of an
    encoder-decoder), for each layer [batch, head, query, key]; scores: the same before the mask and softmax.
    hidden: the residual stream of the main stack, at its start and after every layer, [batch, token,
    d_model]. stages: (name, tensor) of the residual stream after every part. places: every tensor that has a
    name, such as "layer 1 weights" and "layer 1 heads" (see `Transformer.forward`). In a stack all have a
    first axis [setting]. keep=False: only the names, so that a long text needs little memory.
    """

    logits: Tensor = field(init=False, repr=False)
    attention: dict[str, list[Tensor]] = field(default_factory=dict)
    scores: dict[str, list[Tensor]] = field(default_factory=dict)
    hidden: list[Tensor] = field(default_factory=list)
    stages: list[tuple[str, Tensor]] = field(default_factory=list)
    places: dict[str, Tensor] = field(default_factory=dict)
    change: Change | None = field(default=None, repr=False)
    cache: Cache | None = field(default=None, repr=False)
    start: int = 0  # the position of the first token: what the cache has read comes before it
    keep: bool = True
    names: list[str] = field(default_factory=list, repr=False)

    def place(self, name: str, tensor: Tensor) -> Tensor:
        """Record a tensor by name, after the requested change."""
        if self.change is not None:
            tensor = _changed(self.change, name, tensor)
        self.names.append(name)
        if self.keep:
            self.places[name] = tensor
        return tensor

    def add(self, name: str, tensor: Tensor) -> Tensor:
        """Record the residual stream after a part."""
        tensor = self.place(name, tensor)
        if self.keep:
            self.stages.append((name, tensor))
        return tensor

    def passed(self, hidden: Tensor) -> None:
        """Record the residual stream of the main stack, at its start and after a layer."""
        if self.keep:
            self.hidden.append(hidden)

    def attended(self, role: str, scores: Tensor, weights: Tensor) -> None:
        if self.keep:
            self.attention.setdefault(role, []).append(weights)
            self.scores.setdefault(role, []).append(scores)

    def at(self, name: str) -> Tensor:
        """The tensor of a named place. ValueError: there is no such place."""
        if name not in self.places:
            raise ValueError(f"there is no {name!r}; choose from {', '.join(self.places)}")
        return self.places[name]

    @property
    def heads(self) -> list[Tensor]:
        """For each layer, the output of every self-attention head: [batch, head, query, d_head]."""
        return [self.places[f"layer {i} heads"] for i in range(1, len(self.hidden))]

    def first_wrong(self) -> str:
        """The name of the first part whose numbers are not all finite; "" if there is none."""
        return next((name for name, tensor in self.stages if not tensor.isfinite().all()), "")


def _changed(change: Change, name: str, tensor: Tensor) -> Tensor:
    found = change(name, tensor)
    if not isinstance(found, Tensor) or found.shape != tensor.shape:
        given = list(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(
            f"change must return a tensor {list(tensor.shape)} for {name!r}, got {given}; "
            "return the tensor itself to change nothing"
        )
    return found
