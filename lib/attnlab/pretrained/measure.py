"""What is measured with the real models and stored: see `store`. All heads are counted from 0 here."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from attnlab.models import Cache, Transformer, ablate
from attnlab.models.trace import Change

from .live import known, maps, read
from .texts import FACTS, PAIRS, PLAIN, REPEATED, WORDS, question, sentence

PREVIOUS = 0.3  # from this score on a head counts as a previous-token head
DRAWS, SEQUENCES, LENGTH = 20, 16, 16
DIGITS = 4


def rounded(numbers: Any) -> Any:
    """Lists of numbers, short enough to store."""
    return np.asarray(numbers, float).round(DIGITS).tolist()


def row_of(model: str, text: str, word: str, columns: Iterable[str]) -> NDArray:
    """The weights that a word's query puts on other words, [column, layer, head]."""
    tokens, weights = maps(model, text)
    places = [each.strip() for each in tokens]
    return np.array([weights[:, :, places.index(word), places.index(each)] for each in columns])


def shift(model: str) -> tuple[NDArray, NDArray]:
    """For each pair, where *it* (in SmolLM2: the adjective) looks, [pair, adjective, noun, layer, head].

    And how far each head follows the adjective, [layer, head]: the mean over pairs and nouns of what the
    noun gains when the adjective fits it.
    """
    rows = np.array([
        [
            row_of(model, sentence(pair, adjective), "it" if model == "minilm" else adjective, pair[0:3:2])
            for adjective in pair[3:]
        ]
        for pair in PAIRS
    ])  # fmt: skip
    first, second = rows[:, 0], rows[:, 1]
    return rows, ((first - second)[:, 0] + (second - first)[:, 1]).mean(0) / 2


def previous_token(weights: NDArray) -> NDArray:
    """[layer, head, query, key] -> [layer, head]: the weight on the token before, averaged over queries."""
    return np.diagonal(weights, -1, -2, -1).mean(-1)


def first_token(weights: NDArray) -> NDArray:
    """The same for the weight on the first token, without the query that can see nothing else."""
    return weights[:, :, 1:, 0].mean(-1)


def prefix_matching(weights: NDArray, tokens: Sequence[str]) -> NDArray:
    """The same for the weight right after an earlier occurrence of the query's own token.

    Olsson et al. (2022), https://arxiv.org/abs/2209.11895.
    """
    names = np.array(tokens)
    seen = np.tril(names[:, None] == names, -1)
    return (weights * np.roll(seen, 1, 1)).sum(-1)[..., seen.any(1)].mean(-1)


def scores() -> dict[str, NDArray]:
    """Of all heads of SmolLM2, [layer, head]: over plain texts, and over a row of words twice."""
    plain = [maps("smollm2", text)[1] for text in PLAIN]
    tokens, twice = maps("smollm2", REPEATED)
    return {
        "first token": np.mean([first_token(each) for each in plain], 0),
        "previous token": np.mean([previous_token(each) for each in plain], 0),
        "prefix matching": prefix_matching(twice, tokens),
    }


def highest(score: NDArray) -> list[tuple[int, int]]:
    """All heads as `ablate` wants them (layer from 1, head from 0), the highest score first."""
    order = np.argsort(-score, axis=None, kind="stable")
    return [(int(i) // score.shape[1] + 1, int(i) % score.shape[1]) for i in order]


def losses(model: Transformer, ids: Tensor, change: Change | None = None) -> Tensor:
    """The loss at each token but the first, [sequence, token - 1], in nats."""
    with torch.no_grad():
        logits = model(ids, change=change)
    return functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")


def ablation(found: dict[str, NDArray]) -> dict[str, Any]:
    """The loss without the best induction heads, and without random others: on repeated words, on plain text.

    The others are neither among the eight nor previous-token heads.
    """
    (model, tokenizer), rng = known("smollm2"), np.random.default_rng(0)
    singles = [word for word in WORDS if len(tokenizer.encode(" " + word)) == 1]
    rows = [list(rng.choice(singles, LENGTH, replace=False)) * 2 for _ in range(SEQUENCES)]
    twice = torch.tensor([tokenizer.encode(" " + " ".join(row)) for row in rows])
    plain = [torch.tensor([tokenizer.encode(text)]) for text in PLAIN]
    best = highest(found["prefix matching"])[:8]
    others = [
        (layer, head) for layer, head in highest(found["prefix matching"])[8:]
        if found["previous token"][layer - 1, head] < PREVIOUS
    ]  # fmt: skip
    drawn = [[others[i] for i in rng.choice(len(others), 8, replace=False)] for _ in range(DRAWS)]

    def repeated(off: list[tuple[int, int]]) -> float:
        return losses(model, twice, ablate(off))[:, LENGTH:].mean().item()

    def read_on(off: list[tuple[int, int]]) -> float:
        return torch.cat([losses(model, each, ablate(off))[0] for each in plain]).mean().item()

    return {
        "heads": [[layer, head + 1] for layer, head in best],
        "new words": rounded(losses(model, twice)[:, : LENGTH - 1].mean()),
        "repeated": {str(n): rounded(repeated(best[:n])) for n in (0, 1, 4, 8)},
        "random": rounded([repeated(each) for each in drawn]),
        "plain": {str(n): rounded(read_on(best[:n])) for n in (0, 1, 4, 8)},
    }


def lens(text: str, answer: str) -> dict[str, Any]:
    """What SmolLM2 would say after each layer: the rank of a token (0 is first), its probability, and the
    five tokens ahead, at the start and after every layer.
    """
    (model, tokenizer), (_, trace) = known("smollm2"), read("smollm2", text)
    target = tokenizer.encode(answer)[0]
    logits = model.read_out(torch.stack([each[0, -1] for each in trace.hidden])[None])[0]  # [layer, token]
    chances, ids = logits.softmax(-1).topk(5)
    top = [
        [[tokenizer.decode([i]), round(chance, DIGITS)] for i, chance in zip(*pair, strict=True)]
        for pair in zip(ids.tolist(), chances.tolist(), strict=True)
    ]
    return {
        "text": text, "answer": tokenizer.decode([target]),
        "rank": (logits > logits[:, target : target + 1]).sum(-1).tolist(),
        "chance": rounded(logits.softmax(-1)[:, target]), "top": top,
    }  # fmt: skip


def facts() -> list[dict[str, Any]]:
    return [lens(*each) for each in FACTS]


def adjectives() -> list[dict[str, Any]]:
    """For each pair: what head 14.9 does, and what SmolLM2 answers with and without it.

    answers: for each adjective, the logit of the first noun less that of the second.
    """
    rows, _ = shift("smollm2")
    return [
        {
            "pair": list(pair), "weights": rounded(rows[i, :, :, 13, 8]),
            "answers": rounded([answered(pair, each) for each in pair[3:]]),
            "without": rounded([answered(pair, each, ablate([(14, 8)])) for each in pair[3:]]),
        }
        for i, pair in enumerate(PAIRS)
    ]  # fmt: skip


def answers_moved(moved: NDArray) -> dict[str, Any]:
    """How far SmolLM2's answer follows the adjective, by the number of heads switched off: [mean, pairs].

    The heads that follow the adjective most, of all [layer, head]; and draws of five others.
    """
    rng, ranked = np.random.default_rng(0), highest(moved)

    def followed(off: list[tuple[int, int]]) -> list[float]:
        change = ablate(off)
        leans = np.array([[answered(pair, each, change) for each in pair[3:]] for pair in PAIRS])
        falls = leans[:, 0] - leans[:, 1]
        return [round(float(falls.mean()), DIGITS), int((falls > 0).sum())]

    drawn = [[ranked[10 + i] for i in rng.choice(len(ranked) - 10, 5, replace=False)] for _ in range(5)]
    return {
        "heads": [[layer, head + 1] for layer, head in ranked[:10]],
        "off": {str(n): followed(ranked[:n]) for n in (0, 1, 5, 10)},
        "random five": [followed(each) for each in drawn],
    }


def answered(pair: tuple[str, ...], adjective: str, change: Change | None = None) -> float:
    model, tokenizer = known("smollm2")
    with torch.no_grad():
        logits = model(torch.tensor([tokenizer.encode(question(pair, adjective))]), change=change)[0, -1]
    first, second = (tokenizer.encode(" " + noun)[0] for noun in pair[0:3:2])
    return float(logits[first] - logits[second])


def written(text: str, count: int = 24) -> dict[str, Any]:
    """The likeliest token each time, and the ten likeliest with their probabilities."""
    model, tokenizer = known("smollm2")
    ids, cache, top = tokenizer.encode(text), Cache(), []
    for _ in range(count):
        with torch.no_grad():
            logits = model(torch.tensor([ids[cache.length :]]), cache=cache)[0, -1]
        chances, found = logits.softmax(-1).topk(10)
        pairs = zip(found.tolist(), chances.tolist(), strict=True)
        top.append([[tokenizer.decode([i]), round(chance, DIGITS)] for i, chance in pairs])
        ids.append(int(found[0]))
    return {"text": text, "top": top}


def tensors() -> list[dict[str, Any]]:
    """What lies in the file of SmolLM2, by part: the type, how many tensors, numbers and bytes."""
    from gguf import GGUFReader

    from .sources import find

    def part(tensor: Any) -> tuple[str, str]:
        return tensor.name.removesuffix(".weight").rpartition(".")[2], tensor.tensor_type.name

    rows = []
    for (name, kind), each in groupby(sorted(GGUFReader(find("smollm2")).tensors, key=part), part):
        group = list(each)
        counts = {"tensors": len(group), "numbers": sum(int(t.n_elements) for t in group)}
        rows.append({"part": name, "type": kind, **counts, "bytes": sum(int(t.n_bytes) for t in group)})
    return rows
