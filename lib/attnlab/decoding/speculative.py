"""Speculative decoding: a small model drafts, the large one checks several tokens in one call.

Leviathan et al. (2023), https://arxiv.org/abs/2211.17192, algorithm 1: a drafted token is kept with
probability min(1, p / q), where p is what the large model gives it and q what the draft gave it; where it is
refused, another is drawn from what p has more than q. The text is distributed as if the large model had
written alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attnlab.attention.numbers import whole_number
from attnlab.models import Cache, Transformer

from .rules import Rule, distribution
from .writing import as_prompt, drawn


@dataclass(frozen=True)
class Round:
    """One call of the large model: what was drafted, how much of it was kept, and the token that follows.

    chances: of each drafted token that was looked at, what the large model and the draft gave it. extra:
    drawn from what the large model has more where a token was refused, else from what it says next.
    """

    drafted: tuple[int, ...]
    accepted: int
    extra: int
    chances: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Speculated:
    """A text that two models wrote: ids, of which the first `prompt` were given, and its rounds."""

    ids: tuple[int, ...]
    prompt: int
    rounds: tuple[Round, ...]

    @property
    def new(self) -> tuple[int, ...]:
        return self.ids[self.prompt :]

    @property
    def accepted(self) -> float:
        """The share of the drafted tokens that were kept."""
        return sum(each.accepted for each in self.rounds) / sum(len(each.drafted) for each in self.rounds)


def speculative(
    model: Transformer,
    draft: Transformer,
    ids: Sequence[int] | Tensor,
    k: int = 4,
    rules: Iterable[Rule] = (),
    *,
    seed: int | None = None,
    most: int = 50,
) -> Speculated:
    """Write `most` tokens: `draft` proposes `k`, `model` checks them in one call. Both obey the rules.

    seed None: always the likeliest token, which gives the text of `generate`; else tokens are drawn, and
    have its distribution. TypeError or ValueError: see `generate`; models of different vocabularies.
    """
    rules, written = tuple(rules), as_prompt(model, ids, most)
    as_prompt(draft, ids, most)
    if model.config.vocabulary != draft.config.vocabulary:
        sizes = f"{model.config.vocabulary} and {draft.config.vocabulary}"
        raise ValueError(f"both models must have the same tokens, got vocabularies of {sizes}")
    k, prompt, rounds = whole_number("k", k, 1), len(written), []
    rng = None if seed is None else np.random.default_rng(whole_number("seed", seed, 0))
    large, small = Reader(model, rules), Reader(draft, rules)
    while (left := prompt + most - len(written)) > 0:
        proposed, q = propose(small, written, min(k, left - 1), rng)
        p = large.read(written + proposed)[-len(proposed) - 1 :]
        rounds.append(checked(p, q, proposed, rng))
        written += [*proposed[: rounds[-1].accepted], rounds[-1].extra]
        large.forget(len(written) - 1)  # what was refused
        small.forget(len(written) - 1)
    return Speculated(tuple(written), prompt, tuple(rounds))


class Reader:
    """A model that has read a text, with its cache: distributions after every new token."""

    def __init__(self, model: Transformer, rules: Sequence[Rule]) -> None:
        self.model, self.rules, self.cache = model, rules, Cache()

    def read(self, ids: list[int]) -> list[Tensor]:
        """Read on to the end of ids; the distribution after each token that was new."""
        start = self.cache.length
        with torch.no_grad():
            logits = self.model(torch.tensor([ids[start:]]), cache=self.cache)[0]
        return [distribution(each, self.rules, ids[: start + i]) for i, each in enumerate(logits, 1)]

    def forget(self, length: int) -> None:
        """Keep the keys and values of the first tokens only."""
        self.cache.cut(min(length, self.cache.length))


def propose(
    small: Reader, ids: list[int], k: int, rng: np.random.Generator | None
) -> tuple[list[int], list[Tensor]]:
    """k tokens that the draft would write, and the distribution that each was drawn from."""
    found: list[int] = []
    chances: list[Tensor] = []
    for _ in range(k):
        chances.append(chosen(small.read(ids + found)[-1], rng))
        found.append(token_of(chances[-1], rng))
    return found, chances


def checked(
    p: Sequence[Tensor], q: Sequence[Tensor], drafted: Sequence[int], rng: np.random.Generator | None
) -> Round:
    """Keep drafted tokens from the first on, until one is refused; then one more token."""
    p, looked = [chosen(each, rng) for each in p], []
    for i, token in enumerate(drafted):
        looked.append((float(p[i][token]), float(q[i][token])))
        if not accepts(*looked[-1], 0.5 if rng is None else float(rng.random())):
            return Round(tuple(drafted), i, token_of(rest(p[i], q[i]), rng), tuple(looked))
    return Round(tuple(drafted), len(drafted), token_of(p[-1], rng), tuple(looked))


def accepts(p: float, q: float, draw: float) -> bool:
    """Whether a drafted token is kept: with probability min(1, p / q)."""
    return draw * q < p


def rest(p: Tensor, q: Tensor) -> Tensor:
    """What p has more than q, as a distribution: what a refused token is replaced from."""
    more = (p - q).clamp(min=0)
    return more / more.sum()


def chosen(chances: Tensor, rng: np.random.Generator | None) -> Tensor:
    """Without chance, all of it on the likeliest token."""
    if rng is not None:
        return chances
    return torch.zeros_like(chances).scatter_(0, chances.argmax(keepdim=True), 1.0)


def token_of(chances: Tensor, rng: np.random.Generator | None) -> int:
    return int(chances.argmax()) if rng is None else drawn(chances, float(rng.random()))
