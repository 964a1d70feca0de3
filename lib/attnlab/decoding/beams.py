"""Beam search: keep the best unfinished texts, and lengthen them all by one token at a time.

Without chance. Wu et al. (2016), https://arxiv.org/abs/1609.08144, section 7: a longer text has a smaller
probability, so texts are compared by log probability / length ** length_penalty (here without their offset).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from attnlab.attention.numbers import real_number, whole_number
from attnlab.models import Cache, Transformer

from .writing import as_prompt


@dataclass(frozen=True)
class Beam:
    """A text: its ids, its log probability (natural logarithm, of what was written), and its score."""

    ids: tuple[int, ...]
    logp: float
    score: float
    ended: bool = False


@dataclass(frozen=True)
class Beams:
    """The best texts, and the tree: for each step the beams, each with the place of the one it came from."""

    best: tuple[Beam, ...]
    prompt: int
    tree: tuple[tuple[tuple[int, int, float], ...], ...]  # for each step: parent, token, log probability


def beam_search(
    model: Transformer,
    ids: Sequence[int] | Tensor,
    width: int = 4,
    *,
    most: int = 50,
    length_penalty: float = 1.0,
    end: int | Iterable[int] = (),
    source: Tensor | None = None,
) -> Beams:
    """The `width` best texts of up to `most` new tokens, the best first.

    end: tokens that end a text. length_penalty: above 0 favours longer texts; 0 compares log probabilities.
    width 1 is always the likeliest token. Errors: see `generate`.
    """
    given, width = as_prompt(model, ids, most), whole_number("width", width, 1)
    power = real_number("length_penalty", length_penalty, 0)
    ends = torch.tensor(sorted([end] if isinstance(end, int) else set(end)), dtype=torch.long)
    search = Search(model, given, width, power, ends, source)
    for step in range(1, most + 1):
        search.lengthen(step)
        if search.settled(step, most):
            break
    return Beams(search.best(), len(given), tuple(search.tree))


class Search:
    """The live beams, those that have ended, and how they came about."""

    def __init__(
        self,
        model: Transformer,
        ids: list[int],
        width: int,
        power: float,
        ends: Tensor,
        source: Tensor | None,
    ) -> None:
        self.model, self.width, self.power, self.ends, self.source = model, width, power, ends, source
        self.prompt, self.cache = len(ids), Cache()
        self.live, self.logp = torch.tensor([ids]), torch.zeros(1)
        self.done: list[Beam] = []
        self.tree: list[tuple[tuple[int, int, float], ...]] = []

    def lengthen(self, step: int) -> None:
        """Every live beam by every token; the best `width` that have not ended live on."""
        new = self.live[:, self.cache.length :]
        source = None if self.source is None else self.source.expand(len(new), -1)
        with torch.no_grad():
            steps = self.model(new, source, cache=self.cache)[:, -1].log_softmax(-1)  # [beam, vocabulary]
        totals = (self.logp.to(steps.dtype)[:, None] + steps).flatten()
        values, places = totals.topk(min(self.width * (1 + len(self.ends)), len(totals)))
        parents, tokens = places // steps.shape[-1], places % steps.shape[-1]
        ending = torch.isin(tokens, self.ends)
        for i in ending[: self.width].nonzero().flatten().tolist():
            text = (*self.live[parents[i]].tolist(), int(tokens[i]))
            self.done.append(self._beam(text, float(values[i]), True))
        on = (~ending).nonzero().flatten()[: self.width]
        self.live = torch.cat([self.live[parents[on]], tokens[on, None]], 1)
        self.logp = values[on]
        self.cache.select(parents[on])
        self.tree.append(
            tuple(zip(parents[on].tolist(), tokens[on].tolist(), self.logp.tolist(), strict=True))
        )
        self.done = sorted(self.done, key=lambda each: -each.score)[: self.width]

    def settled(self, step: int, most: int) -> bool:
        """Whether no live beam can become better than what has ended."""
        if len(self.done) < self.width or not len(self.logp):
            return not len(self.logp)
        return float(self.logp[0]) / step**self.power <= self.done[-1].score

    def best(self) -> tuple[Beam, ...]:
        live = zip(self.live.tolist(), self.logp.tolist(), strict=True)
        found = [*self.done, *(self._beam(tuple(ids), logp, False) for ids, logp in live)]
        return tuple(sorted(found, key=lambda each: -each.score)[: self.width])

    def _beam(self, ids: tuple[int, ...], logp: float, ended: bool) -> Beam:
        return Beam(ids, logp, logp / (len(ids) - self.prompt) ** self.power, ended)
