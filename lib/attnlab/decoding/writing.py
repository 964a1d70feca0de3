"""Write token by token: the loop, and the record of every step."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from attnlab.attention.numbers import whole_number
from attnlab.models import Cache, Transformer
from attnlab.models.trace import Change

from .rules import Rule, stages

Top = tuple[tuple[int, float], ...]  # tokens and their probabilities, the likeliest first


@runtime_checkable
class Watch(Protocol):
    """What is told of the writing, such as `attnlab.Live`."""

    stopped: bool

    def begin(self, steps: int) -> None: ...
    def step(self, step: int) -> None: ...
    def frame(self, run: Any) -> None: ...
    def end(self, run: Any) -> None: ...


@dataclass(frozen=True)
class Step:
    """One token, and how it was found.

    chance: its probability after all rules; likely: what the model itself gave it. entropy: of the
    distribution that it was drawn from, in bits. draw: the number from 0 to 1 that chose it (None: the
    likeliest). stages: by name, "model" and then every rule, the likeliest tokens at that point; left: how
    many tokens have a probability above 0 there. maps: for every layer, what the last token attended to
    [head, key]; () unless asked for.
    """

    token: int
    chance: float
    likely: float
    entropy: float
    draw: float | None
    stages: dict[str, Top]
    left: dict[str, int]
    maps: tuple[Tensor, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Written:
    """A text that was written: ids, of which the first `prompt` were given, and a `Step` for each other.

    ended: "finished" (as many as asked for), "end token", or "stopped" (by the watch).
    """

    ids: tuple[int, ...]
    prompt: int
    record: tuple[Step, ...] = field(repr=False)
    ended: str = "finished"

    @property
    def new(self) -> tuple[int, ...]:
        """What was written, without the prompt."""
        return self.ids[self.prompt :]

    @property
    def steps(self) -> list[int]:
        """0, 1, 2 ... tokens have been written."""
        return list(range(len(self.record) + 1))


def generate(
    model: Transformer,
    ids: Sequence[int] | Tensor,
    rules: Iterable[Rule] = (),
    *,
    seed: int | None = None,
    most: int = 50,
    end: int | Iterable[int] = (),
    source: Tensor | None = None,
    change: Change | None = None,
    top: int = 10,
    maps: bool = False,
    watch: Watch | None = None,
) -> Written:
    """Write up to `most` tokens after `ids`, and record every step.

    seed None: always the likeliest token; else tokens are drawn, the same for the same seed. end: tokens
    that end the text (they are written). source [1, token]: what an encoder-decoder reads. change: as in
    `Transformer.forward`. top: how many tokens of each stage are recorded. watch: sees every token, and can
    stop the writing; what was written is kept. A cache holds keys and values of what was read.
    TypeError or ValueError: no decoder, ids it cannot read, a text that gets too long, a rule that leaves
    nothing to draw from.
    """
    rules, ends = tuple(rules), frozenset([end] if isinstance(end, int) else end)
    written = as_prompt(model, ids, most)
    rng = None if seed is None else np.random.default_rng(whole_number("seed", seed, 0))
    prompt, record, ended = len(written), [], "finished"
    if watch is not None:
        watch.begin(most)
    for logits, seen in reading(model, written, source, change, maps):
        record.append(one_step(logits, rules, written, rng, top, seen))
        written.append(record[-1].token)
        if watch is not None:
            watch.step(len(record))
            watch.frame(lambda: Written(tuple(written), prompt, tuple(record), "writing"))
        if written[-1] in ends or len(record) == most or (watch is not None and watch.stopped):
            ended = "end token" if written[-1] in ends else "finished" if len(record) == most else "stopped"
            break
    found = Written(tuple(written), prompt, tuple(record), ended)
    if watch is not None:
        watch.end(found)
    return found


def reading(
    model: Transformer,
    ids: list[int],
    source: Tensor | None = None,
    change: Change | None = None,
    maps: bool = False,
) -> Iterator[tuple[Tensor, tuple[Tensor, ...]]]:
    """The logits [vocabulary] after all ids, again and again while the caller appends to them.

    With `maps`, also the row of the last token in the map of every layer, each [head, key].
    """
    cache = Cache()
    while True:
        new = torch.tensor([ids[cache.length :]])
        with torch.no_grad():
            if not maps:
                yield model(new, source, cache=cache, change=change)[0, -1], ()
                continue
            trace = model(new, source, cache=cache, change=change, trace=True)
        yield trace.logits[0, -1], tuple(each[0, :, -1] for each in trace.attention["self"])


def one_step(
    logits: Tensor,
    rules: Sequence[Rule],
    ids: Sequence[int],
    rng: np.random.Generator | None,
    top: int = 10,
    maps: tuple[Tensor, ...] = (),
) -> Step:
    """Choose the next token after ids, and say how."""
    found = stages(logits, rules, ids)
    last = found[-1][1]
    draw = None if rng is None else float(rng.random())
    token = int(last.argmax()) if draw is None else drawn(last, draw)
    some = last[last > 0].double()
    return Step(
        token, float(last[token]), float(found[0][1][token]), float(-(some * some.log2()).sum()) + 0.0, draw,
        {name: likeliest(chances, top) for name, chances in found},
        {name: int((chances > 0).sum()) for name, chances in found}, maps,
    )  # fmt: skip


def drawn(chances: Tensor, draw: float) -> int:
    """The token at `draw`, from 0 to 1, when the probabilities lie side by side, the likeliest first."""
    ordered, tokens = chances.double().sort(descending=True, stable=True)
    place = int(torch.searchsorted(ordered.cumsum(0), draw * float(ordered.sum()), right=True))
    return int(tokens[min(place, int((ordered > 0).sum()) - 1)])


def likeliest(chances: Tensor, top: int) -> Top:
    """The likeliest tokens with a probability above 0, at most `top`."""
    values, tokens = chances.topk(min(top, len(chances)))
    return tuple((t, v) for t, v in zip(tokens.tolist(), values.tolist(), strict=True) if v > 0)


def as_prompt(model: Transformer, ids: Sequence[int] | Tensor, most: int) -> list[int]:
    """The ids as a list, when the model can read them and write `most` more."""
    if not isinstance(model, Transformer) or model.config.kind == "encoder":
        kind = f"an {model.config.kind}" if isinstance(model, Transformer) else type(model).__name__
        raise TypeError(f"only a decoder writes, got {kind}: pass a Transformer with kind='decoder'")
    given = torch.as_tensor(ids)
    given = given[0] if given.ndim == 2 and len(given) == 1 else given
    if given.ndim != 1 or not len(given) or given.is_floating_point():
        raise ValueError(f"ids must be whole numbers [token], at least one, got {list(given.shape)}")
    whole_number("most", most, 1, why="how many tokens to write")
    if len(given) + most - 1 > model.config.length:  # the last token is written, not read
        raise ValueError(
            f"{len(given)} tokens and {most} more are too long for this model, which reads at most "
            f"{model.config.length}: lower most to {max(0, model.config.length - len(given) + 1)}"
        )
    return given.tolist()
