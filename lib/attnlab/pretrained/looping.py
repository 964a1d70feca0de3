"""Why text falls into loops: what SmolLM2 does when a clause is repeated, and what each rule makes of it.

Heads are counted from 0 here. See `store`.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from attnlab.decoding import (
    FrequencyPenalty,
    NoRepeat,
    RepetitionPenalty,
    Rule,
    Temperature,
    TopP,
    distinct,
    generate,
    loop_of,
)
from attnlab.models import ablate

from .live import known
from .measure import PREVIOUS, highest, rounded

TIMES = 9  # how often a clause stands in a row
CLAUSES = {  # a text that repeats itself begins with one of these; the second word says what it is
    "The wind blows and the ship is lost.\n": "a line of a poem",
    "She opened the door and walked into the room.": "a sentence",
    "The committee will meet again on Thursday to discuss the budget.": "a sentence",
    "I do not know what to say.": "a sentence",
    "x = x + 1\n": "a line of code",
    "garden seven copper window listen river": "six words without a meaning",
    "相似度矩阵可以通过计算位置间的相似度矩阵来得到。": (
        "the similarity matrix can be obtained by computing the similarity matrix between positions"
    ),
}
PROMPTS = (
    "The wind blows and", "The rain falls on the roof,\nThe rain falls on the", "Once upon a time",
    "The best way to learn is", "My favourite food is", "The history of the city begins",
    "In this paper, we show that", "Dear Sir or Madam,", "The first rule is", "1, 2, 3,",
    "To be or not to be,", "The cat drank milk because",
)  # fmt: skip


def repeated(clause: str, off: Iterable[tuple[int, int]] = ()) -> dict[str, list[float]]:
    """The probability per token (the geometric mean) of one more repetition, after 0, 1, 2 ... of them.

    And the entropy of the prediction, in bits, as a mean over the tokens of the clause.
    """
    model, tokenizer = known("smollm2")
    once = tokenizer.encode(clause)
    with torch.no_grad():
        logits = model(torch.tensor([once * TIMES]), change=ablate(off))[0, :-1].double()
    logp = logits.log_softmax(-1)
    entropy = -(logp.exp() * logp).sum(-1) / np.log(2)
    chosen = logp.gather(-1, torch.tensor(once * TIMES)[1:, None])[:, 0]
    n = len(once)  # the first token of all has nothing before it
    parts = [slice(max(0, r * n - 1), (r + 1) * n - 1) for r in range(TIMES)]
    return {
        "chance": rounded([chosen[part].mean().exp() for part in parts]),
        "entropy": rounded([entropy[part].mean() for part in parts]),
    }


def curves(scores: dict[str, NDArray], draws: int = 5) -> dict[str, Any]:
    """For every clause: the whole model, without its best 8, 16, 32 induction heads, or as many others."""
    ranked, rng = highest(scores["prefix matching"]), np.random.default_rng(0)
    others = [(i, h) for i, h in ranked[32:] if scores["previous token"][i - 1, h] < PREVIOUS]
    sets: dict[str, list[list[tuple[int, int]]]] = {"0": [[]]}
    for n in (8, 16, 32):
        sets[f"best {n}"] = [ranked[:n]]
        picked = [rng.choice(len(others), n, replace=False) for _ in range(draws)]
        sets[f"others {n}"] = [[others[i] for i in each] for each in picked]
    return {
        clause: {name: [repeated(clause, off) for off in each] for name, each in sets.items()}
        for clause in CLAUSES
    }


def looped(prompt: str, rules: Iterable[Rule], seed: int | None, most: int = 150) -> dict[str, Any]:
    """What a rule makes of a prompt: the text, whether it ends in a loop, and how much of it is new.

    Only what was written counts. likely: the probability per token that the model itself gives the text.
    """
    model, tokenizer = known("smollm2")
    found = generate(model, tokenizer.encode(prompt), rules, seed=seed, most=most, top=1)
    likely = np.exp(np.mean(np.log([step.likely for step in found.record])))
    return {
        "text": tokenizer.decode(found.new), "loop": loop_of(found.new),
        "distinct": round(distinct(found.new), 4), "likely": round(float(likely), 4),
    }  # fmt: skip


CURES: dict[str, tuple[tuple[Rule, ...], bool]] = {  # rules, and whether tokens are drawn
    "the likeliest": ((), False),
    "temperature 0.3": ((Temperature(0.3),), True),
    "temperature 0.7": ((Temperature(0.7),), True),
    "temperature 1": ((), True),
    "top-p 0.9": ((TopP(0.9),), True),
    "repetition penalty 1.1": ((RepetitionPenalty(1.1),), False),
    "repetition penalty 1.2": ((RepetitionPenalty(1.2),), False),
    "frequency penalty 0.5": ((FrequencyPenalty(0.5),), False),
    "no 4 tokens twice": ((NoRepeat(4),), False),
}


def cures(seeds: Iterable[int] = range(3)) -> dict[str, list[list[dict[str, Any]]]]:
    """For every rule and prompt: what was written, once, or, where tokens are drawn, with each seed."""
    return {
        name: [[looped(prompt, rules, seed) for seed in (seeds if chance else [None])] for prompt in PROMPTS]
        for name, (rules, chance) in CURES.items()
    }
