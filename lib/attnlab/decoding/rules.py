"""Rules between the logits and the draw. Each takes logits [vocabulary] and the ids so far, and gives logits.

A rule changes logits or removes tokens (logit −∞); softmax of what is left is the distribution. Rules are
applied in the order in which they are given, and the order matters: a low temperature leaves top-p fewer
tokens. Fan et al. (2018),
https://arxiv.org/abs/1805.04833, section 5.4: top-k; Holtzman et al. (2020),
https://arxiv.org/abs/1904.09751, section 3.1: top-p; Nguyen et al. (2024), https://arxiv.org/abs/2407.01082:
min-p; Keskar et al. (2019), https://arxiv.org/abs/1909.05858, section 4.1: the repetition penalty; Paulus et
al. (2018), https://arxiv.org/abs/1705.04304, section 2.5: no n-gram twice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from attnlab.attention.numbers import real_number, whole_number

Rule = Callable[[Tensor, Sequence[int]], Tensor]


@dataclass(frozen=True)
class Temperature:
    """Divide by `value`: below 1 sharper, above 1 flatter. ValueError: 0 or less."""

    value: float

    def __post_init__(self) -> None:
        if not real_number("Temperature", self.value, 0):
            raise ValueError(
                "Temperature must be above 0: for the likeliest token each time, generate without a seed"
            )

    def __call__(self, logits: Tensor, ids: Sequence[int]) -> Tensor:
        return logits / self.value


@dataclass(frozen=True)
class TopK:
    """Keep the `k` likeliest tokens, and those that tie with the last. ValueError: k above the vocabulary."""

    k: int

    def __post_init__(self) -> None:
        whole_number("TopK", self.k, 1)

    def __call__(self, logits: Tensor, ids: Sequence[int]) -> Tensor:
        if self.k > len(logits):
            raise ValueError(f"TopK({self.k}) is more than the vocabulary has: {len(logits)} tokens")
        return kept(logits, logits >= logits.topk(self.k).values[-1])


@dataclass(frozen=True)
class TopP:
    """Keep the likeliest tokens until together they have the probability `p`, the one that reaches it too."""

    p: float

    def __post_init__(self) -> None:
        _share("TopP", self.p)

    def __call__(self, logits: Tensor, ids: Sequence[int]) -> Tensor:
        ordered, places = logits.sort(descending=True, stable=True)
        chances = ordered.softmax(-1)
        before = chances.cumsum(-1) - chances  # what the likelier ones have together
        inside = torch.empty_like(places, dtype=torch.bool).scatter_(0, places, before < self.p)
        return kept(logits, inside)


@dataclass(frozen=True)
class MinP:
    """Keep the tokens with at least the share `p` of the likeliest one's probability."""

    p: float

    def __post_init__(self) -> None:
        _share("MinP", self.p)

    def __call__(self, logits: Tensor, ids: Sequence[int]) -> Tensor:
        chances = logits.softmax(-1)
        return kept(logits, chances >= self.p * chances.max())


@dataclass(frozen=True)
class RepetitionPenalty:
    """Divide the logit of every token so far by `value` where it is positive, else multiply it.

    The tokens of the prompt count as well.
    """

    value: float

    def __post_init__(self) -> None:
        if not real_number("RepetitionPenalty", self.value, 0):
            raise ValueError("RepetitionPenalty must be above 0; 1 changes nothing")

    def __call__(self, logits: Tensor, ids: Sequence[int]) -> Tensor:
        seen = counts(logits, ids) > 0
        return torch.where(seen, torch.where(logits > 0, logits / self.value, logits * self.value), logits)


@dataclass(frozen=True)
class PresencePenalty:
    """Take `value` from the logit of every token so far, however often it came."""

    value: float

    def __post_init__(self) -> None:
        _finite("PresencePenalty", self.value)

    def __call__(self, logits: Tensor, ids: Sequence[int]) -> Tensor:
        return logits - self.value * counts(logits, ids).clamp(max=1)


@dataclass(frozen=True)
class FrequencyPenalty:
    """Take `value` from the logit of a token for each time that it came."""

    value: float

    def __post_init__(self) -> None:
        _finite("FrequencyPenalty", self.value)

    def __call__(self, logits: Tensor, ids: Sequence[int]) -> Tensor:
        return logits - self.value * counts(logits, ids)


@dataclass(frozen=True)
class NoRepeat:
    """Remove every token that would make the last `n` tokens a row that came before."""

    n: int

    def __post_init__(self) -> None:
        whole_number("NoRepeat", self.n, 1)

    def __call__(self, logits: Tensor, ids: Sequence[int]) -> Tensor:
        ids = list(ids)
        begun = ids[len(ids) - self.n + 1 :]  # the last n - 1 tokens
        rows = (ids[i : i + self.n] for i in range(len(ids) - self.n + 1))
        barred = [row[-1] for row in rows if row[:-1] == begun]
        inside = torch.ones_like(logits, dtype=torch.bool)
        inside[barred] = False
        return kept(logits, inside)


def kept(logits: Tensor, inside: Tensor) -> Tensor:
    """The logits, −∞ outside."""
    return logits.masked_fill(~inside, -torch.inf)


def counts(logits: Tensor, ids: Sequence[int]) -> Tensor:
    """How often each token of the vocabulary came, as numbers like the logits."""
    return torch.bincount(torch.as_tensor(ids, dtype=torch.long), minlength=len(logits)).to(logits.dtype)


def stages(logits: Tensor, rules: Iterable[Rule], ids: Sequence[int]) -> list[tuple[str, Tensor]]:
    """The distribution of the model, and after each rule: its name, and the probabilities [vocabulary].

    ValueError: a rule leaves nothing to draw from.
    """
    found = [("model", logits.softmax(-1))]
    for rule in rules:
        logits = rule(logits, ids)
        if not (logits > -torch.inf).any():
            raise ValueError(f"{rule} leaves no token to draw from: loosen it, or leave it out")
        found.append((str(rule), logits.softmax(-1)))
    return found


def distribution(logits: Tensor, rules: Iterable[Rule] = (), ids: Sequence[int] = ()) -> Tensor:
    """The probabilities [vocabulary] after all rules. Errors: see `stages`."""
    return stages(logits, rules, ids)[-1][1]


def _share(name: str, value: float) -> None:
    if not 0 < real_number(name, value) <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1, got {value}; 1 keeps every token")


def _finite(name: str, value: float) -> None:
    if not isfinite(real_number(name, value)):
        raise ValueError(f"{name} must be a finite number, got {value}; 0 changes nothing")
