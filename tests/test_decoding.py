"""From logits to a text: rules, the loop, beams and speculation; transformers and plain counting judge."""

import itertools
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnlab.decoding import (
    FrequencyPenalty,
    MinP,
    NoRepeat,
    PresencePenalty,
    RepetitionPenalty,
    Temperature,
    TopK,
    TopP,
    accepts,
    beam_search,
    distinct,
    distribution,
    drawn,
    generate,
    loop_of,
    rest,
    speculative,
    stages,
)
from attnlab.models import Config, Transformer, ablate

VOCABULARY = 12
SEEDS = st.integers(0, 10_000)


def logits_of(seed: int, spread: float = 3.0) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(seed).normal(size=VOCABULARY) * spread)


def history_of(seed: int, length: int = 20) -> list[int]:
    return np.random.default_rng(seed).integers(0, VOCABULARY, length).tolist()


def writer(seed: int = 0, **choices: Any) -> Transformer:
    """A small model, shaken so that it does not write the same token for ever."""
    config = {"vocabulary": VOCABULARY, "length": 60, "kind": "decoder", "d_model": 16, "n_heads": 2}
    model = Transformer(Config(**config | {"n_layers": 2, "positions": "rotary"} | choices), seed)
    return model.requires_grad_(False)


# Rules


@given(SEEDS, st.sampled_from(range(6)), st.floats(0.05, 3), st.integers(1, VOCABULARY), st.floats(0.01, 1))
def test_rules_are_those_of_transformers(seed: int, which: int, value: float, k: int, p: float) -> None:
    hf = pytest.importorskip("transformers")
    pairs = [
        (Temperature(value), hf.TemperatureLogitsWarper(value)),
        (TopK(k), hf.TopKLogitsWarper(k)),
        (TopP(p), hf.TopPLogitsWarper(p)),
        (MinP(p), hf.MinPLogitsWarper(p)),
        (RepetitionPenalty(value), hf.RepetitionPenaltyLogitsProcessor(value)),
        (NoRepeat(1 + k % 4), hf.NoRepeatNGramLogitsProcessor(1 + k % 4)),
    ]
    ours, theirs = pairs[which]
    logits, ids = logits_of(seed), history_of(seed)
    found, expected = ours(logits, ids), theirs(torch.tensor([ids]), logits[None].clone())[0]
    assert torch.allclose(found, expected)


@given(SEEDS, st.floats(-2, 2))
def test_presence_and_frequency_are_counted(seed: int, value: float) -> None:
    logits, ids = logits_of(seed), history_of(seed)
    counts = Counter(ids)
    for token in range(VOCABULARY):
        once, often = PresencePenalty(value)(logits, ids), FrequencyPenalty(value)(logits, ids)
        assert math.isclose(once[token], logits[token] - value * (counts[token] > 0))
        assert math.isclose(often[token], logits[token] - value * counts[token])


@given(SEEDS, st.floats(0.01, 1))
def test_top_p_keeps_the_fewest_that_reach_p(seed: int, p: float) -> None:
    chances = logits_of(seed).softmax(-1)
    kept = distribution(logits_of(seed), [TopP(p)]) > 0
    outside = chances[~kept].max() if (~kept).any() else torch.tensor(0.0)
    assert chances[kept].sum() >= p - 1e-9 and chances[kept].min() >= outside
    assert chances[kept].sum() - chances[kept].min() < p + 1e-9  # without the last one it is not enough


def test_the_order_of_rules_matters_and_every_stage_is_kept() -> None:
    logits = torch.tensor([3.0, 2.0, 1.0, 0.0])
    cold, nucleus = Temperature(0.3), TopP(0.9)
    one, other = (distribution(logits, rules) for rules in ([cold, nucleus], [nucleus, cold]))
    assert [int((each > 0).sum()) for each in (one, other)] == [1, 3]
    found = stages(logits, [cold, nucleus], [])
    assert [name for name, _ in found] == ["model", "Temperature(value=0.3)", "TopP(p=0.9)"]
    for _, chances in found:
        assert math.isclose(chances.sum(), 1, abs_tol=1e-6)


BAD = [
    (lambda: Temperature(0.0), ValueError, "Temperature must be above 0: .* generate without a seed"),
    (lambda: Temperature(-1), ValueError, "Temperature must be a finite number, 0 or more, got -1"),
    (lambda: Temperature(math.nan), ValueError, "Temperature must be a finite number"),
    (lambda: Temperature("hot"), TypeError, "Temperature must be one number, got 'hot'"),
    (lambda: TopP(0.0), ValueError, "TopP must be above 0 and at most 1, got 0.0; 1 keeps every token"),
    (lambda: TopP(1.1), ValueError, "TopP must be above 0 and at most 1, got 1.1"),
    (lambda: MinP(math.nan), ValueError, "MinP must be above 0 and at most 1"),
    (lambda: TopK(0), ValueError, "TopK must be 1 or more, got 0"),
    (lambda: TopK(13)(logits_of(0), []), ValueError, r"TopK\(13\) is more than the vocabulary has: 12"),
    (lambda: RepetitionPenalty(0), ValueError, "RepetitionPenalty must be above 0; 1 changes nothing"),
    (lambda: PresencePenalty(math.inf), ValueError, "PresencePenalty must be a finite number, got inf"),
    (lambda: FrequencyPenalty(math.nan), ValueError, "FrequencyPenalty must be a finite number"),
    (lambda: NoRepeat(0), ValueError, "NoRepeat must be 1 or more, got 0"),
    (
        lambda: distribution(logits_of(0), [NoRepeat(1)], list(range(VOCABULARY))), ValueError,
        r"NoRepeat\(n=1\) leaves no token to draw from: loosen it, or leave it out",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(BAD)))
def test_a_rule_that_is_none_says_so(case: int) -> None:
    make, error, told = BAD[case]
    with pytest.raises(error, match=told):
        make()


@given(SEEDS)
def test_a_draw_finds_each_token_as_often_as_its_probability(seed: int) -> None:
    chances = distribution(logits_of(seed, 1.0), [TopK(5)])
    found = Counter(drawn(chances, (i + 0.5) / 500) for i in range(500))
    assert all(abs(found[token] / 500 - chances[token]) < 3e-3 for token in range(VOCABULARY))
    assert drawn(chances, 0.0) == chances.argmax() and chances[drawn(chances, 1 - 1e-16)] > 0


# The loop


def by_hand(model: Transformer, ids: list[int], most: int) -> list[int]:
    """Always the likeliest token, everything read anew each time."""
    ids = list(ids)
    for _ in range(most):
        ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
    return ids


@pytest.mark.parametrize("seed", range(5))
def test_without_a_seed_the_likeliest_token_is_written(seed: int) -> None:
    model = writer(seed)
    found = generate(model, [1, 2, 3], most=20)
    assert list(found.ids) == by_hand(model, [1, 2, 3], 20) and found.new == found.ids[3:]
    assert found.ended == "finished" and found.steps == list(range(21))
    assert all(step.draw is None and step.chance == step.likely for step in found.record)


def test_every_step_is_recorded() -> None:
    model, rules = writer(1), [Temperature(0.7), TopK(4), RepetitionPenalty(1.3)]
    found = generate(model, torch.tensor([[4, 5]]), rules, seed=3, most=12, top=3, maps=True)
    for n, step in enumerate(found.record, 2):
        before = list(found.ids[:n])
        chances = distribution(model(torch.tensor([before]))[0, -1], rules, before)
        assert math.isclose(step.chance, chances[step.token], rel_tol=1e-6) and step.token == found.ids[n]
        assert step.token == drawn(chances, step.draw)
        assert [*step.stages] == ["model", *map(str, rules)] and step.left["TopK(k=4)"] == 4
        assert step.stages["model"][0][0] == model(torch.tensor([before]))[0, -1].argmax()
        some = chances[chances > 0]
        assert math.isclose(step.entropy, -(some * some.log2()).sum(), abs_tol=1e-6)
        whole = model(torch.tensor([before]), trace=True).attention["self"]
        for mine, theirs in zip(step.maps, whole, strict=True):
            assert torch.allclose(mine, theirs[0, :, -1])
    assert max(len(top) for step in found.record for top in step.stages.values()) == 3


def test_a_seed_gives_its_text_and_draws_have_the_distribution() -> None:
    model = writer(2)
    one, same, other = (generate(model, [1], seed=s, most=15).ids for s in (1, 1, 2))
    assert one == same != other
    chances = distribution(model(torch.tensor([[1]]))[0, -1])
    found = Counter(generate(model, [1], seed=s, most=1).new[0] for s in range(2000))
    expected = [2000 * float(chance) for chance in chances]
    chi = sum((found[t] - e) ** 2 / e for t, e in enumerate(expected) if e > 5)
    assert chi < 35  # 11 degrees of freedom: 35 is exceeded once in 4000 times


def test_an_end_token_ends_the_text_and_is_written() -> None:
    model = writer(0)
    greedy = generate(model, [1, 2, 3], most=20).new
    found = generate(model, [1, 2, 3], most=20, end=greedy[4])
    assert found.ended == "end token" and found.new == greedy[: greedy.index(greedy[4]) + 1]
    never = next(t for t in range(VOCABULARY) if t not in greedy)
    assert generate(model, [1, 2, 3], most=20, end=[never]).ended == "finished"


class Told:
    """A watch that stops after some steps."""

    def __init__(self, after: int) -> None:
        self.stopped, self.after, self.seen = False, after, []

    def begin(self, steps: int) -> None:
        self.seen.append(steps)

    def step(self, step: int) -> None:
        self.stopped = step >= self.after

    def frame(self, run: Any) -> None:
        self.seen.append(run().new)

    def end(self, run: Any) -> None:
        self.seen.append(run.ended)


def test_a_watch_sees_every_token_and_stops_with_the_text_kept() -> None:
    watch = Told(3)
    found = generate(writer(0), [1, 2, 3], most=20, watch=watch)
    assert found.ended == "stopped" and len(found.new) == 3
    assert watch.seen == [20, found.new[:1], found.new[:2], found.new, "stopped"]


def test_changes_reach_every_step_and_an_encoder_decoder_reads_its_source() -> None:
    model = writer(4)
    off = ablate([(1, 0), (1, 1), (2, 0)])
    ids = list(generate(model, [1, 2], most=10, change=off).ids)
    for n in range(2, 12):
        assert ids[n] == model(torch.tensor([ids[:n]]), change=off)[0, -1].argmax()
    both = writer(3, kind="encoder-decoder", positions="learned")
    source = torch.tensor([[5, 6, 7]])
    text = generate(both, [0], most=8, source=source).ids
    for n in range(1, 9):
        assert text[n] == both(torch.tensor([text[:n]]), source)[0, -1].argmax()


@pytest.mark.parametrize(
    ("ids", "more", "error", "told"),
    [
        ([], {}, ValueError, r"ids must be whole numbers \[token\], at least one, got \[0\]"),
        ([0.5], {}, ValueError, "ids must be whole numbers"),
        ([[1], [2]], {}, ValueError, r"got \[2, 1\]"),
        ([1] * 50, {"most": 12}, ValueError, "50 tokens and 12 more are too long .* 60: lower most to 11"),
        ([1], {"most": 0}, ValueError, "most must be 1 or more"),
        ([12], {}, ValueError, "tokens holds 12, but the vocabulary is 0 to 11"),
        ([1], {"seed": -1}, ValueError, "seed must be 0 or more"),
    ],
)
def test_what_cannot_be_written(ids: Any, more: dict[str, Any], error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        generate(writer(), ids, **{"most": 5} | more)


def test_only_a_decoder_writes() -> None:
    with pytest.raises(TypeError, match="only a decoder writes, got an encoder"):
        generate(writer(kind="encoder"), [1])
    with pytest.raises(TypeError, match="only a decoder writes, got str"):
        generate("smollm2", [1])  # type: ignore[arg-type]
    assert len(generate(writer(), [1] * 50, most=11).new) == 11  # the last token is not read


# Beams


def every_text(model: Transformer, ids: list[int], most: int) -> dict[tuple[int, ...], float]:
    """The log probability of every continuation."""
    found = {tuple(ids): 0.0}
    for _ in range(most):
        longer = {}
        for text, logp in found.items():
            steps = model(torch.tensor([text]))[0, -1].log_softmax(-1)
            longer |= {(*text, t): logp + float(steps[t]) for t in range(model.config.vocabulary)}
        found = longer
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_search_finds_the_best_of_all_texts(seed: int) -> None:
    model = writer(seed, vocabulary=5)
    found = beam_search(model, [1, 2], width=125, most=3)
    expected = sorted(every_text(model, [1, 2], 3).items(), key=lambda pair: -pair[1])
    assert [each.ids for each in found.best[:10]] == [text for text, _ in expected[:10]]
    for each, (_, logp) in zip(found.best[:10], expected, strict=False):
        assert math.isclose(each.logp, logp, abs_tol=1e-9) and math.isclose(each.score, logp / 3)


@pytest.mark.parametrize("seed", range(4))
def test_one_beam_is_the_likeliest_token_and_more_are_no_worse(seed: int) -> None:
    model = writer(seed)
    one, four = (beam_search(model, [1, 2], width, most=12) for width in (1, 4))
    assert one.best[0].ids == generate(model, [1, 2], most=12).ids
    assert len(four.best) == 4 and four.best[0].logp >= one.best[0].logp - 1e-9
    path, place = [], 0
    for level in reversed(four.tree):  # from the best leaf back to the prompt
        place, token, _ = level[place]
        path.append(token)
    assert tuple(reversed(path)) == four.best[0].ids[2:]


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_beams_are_those_of_transformers(tmp_path: Path, power: float) -> None:
    hf = pytest.importorskip("transformers")
    from attnlab.pretrained import load

    sizes = {"vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        other = hf.LlamaForCausalLM(
            hf.LlamaConfig(**sizes, initializer_range=0.4, max_position_embeddings=64)
        )
    hf.logging.disable_progress_bar()
    other.eval().save_pretrained(tmp_path)
    ids = torch.tensor([[3, 1, 4, 1, 5]])
    for end in (None, 7):
        options = {"num_beams": 4, "num_return_sequences": 4, "length_penalty": power, "do_sample": False}
        options |= {"eos_token_id": end, "pad_token_id": 0, "bos_token_id": 1, "max_new_tokens": 12}
        found = other.generate(ids, **options, output_scores=True, return_dict_in_generate=True)
        ours = beam_search(
            load(tmp_path, quiet=True).model, ids, 4, most=12, length_penalty=power, end=end or ()
        )
        for mine, theirs, score in zip(ours.best, found.sequences, found.sequences_scores, strict=True):
            assert list(mine.ids) == theirs[: len(mine.ids)].tolist()
            assert math.isclose(mine.score, score, rel_tol=1e-4)


# Speculation


@given(SEEDS, SEEDS)
def test_the_first_token_has_the_distribution_of_the_large_model(one: int, other: int) -> None:
    """Exactly: for every drafted token, kept or replaced."""
    p, q = distribution(logits_of(one)), distribution(logits_of(other), [TopK(6)])
    kept = torch.minimum(p, q)
    found = kept + (1 - kept.sum()) * (rest(p, q) if kept.sum() < 1 - 1e-12 else 0)
    assert torch.allclose(found, p)
    for token in range(VOCABULARY):
        if q[token] > 0:
            share = np.mean(
                [accepts(float(p[token]), float(q[token]), (i + 0.5) / 1000) for i in range(1000)]
            )
            assert abs(share - min(1, float(p[token] / q[token]))) <= 1e-3


@pytest.mark.parametrize("k", [1, 3, 7])
def test_without_a_seed_both_write_the_text_of_the_large_model(k: int) -> None:
    for seed in range(4):
        model = writer(seed)
        alone = generate(model, [1, 2, 3], most=25)
        for draft in (writer(seed + 10), model):
            found = speculative(model, draft, [1, 2, 3], k, most=25)
            assert found.ids == alone.ids
            assert sum(each.accepted + 1 for each in found.rounds) == 25
        assert found.accepted == 1 and len(found.rounds) == math.ceil(25 / (k + 1))


def test_drawn_texts_have_the_distribution_of_the_large_model() -> None:
    """Pairs of tokens from 3000 texts against what the large model gives them, rules and all."""
    model, draft, rules = writer(5, vocabulary=5), writer(6, vocabulary=5), [Temperature(1.5), TopK(4)]
    found: Counter[tuple[int, ...]] = Counter()
    for seed in range(3000):
        found[speculative(model, draft, [1, 2], 2, rules, seed=seed, most=2).new] += 1
    chi, cells = 0.0, 0
    first = distribution(model(torch.tensor([[1, 2]]))[0, -1], rules)
    for one, two in itertools.product(range(5), repeat=2):
        second = distribution(model(torch.tensor([[1, 2, one]]))[0, -1], rules)
        expected = 3000 * float(first[one] * second[two])
        assert expected > 0 or not found[one, two]
        if expected > 5:
            chi, cells = chi + (found[one, two] - expected) ** 2 / expected, cells + 1
    assert chi < cells + 4.5 * math.sqrt(2 * cells)


def test_models_of_other_tokens_cannot_draft() -> None:
    with pytest.raises(ValueError, match="must have the same tokens, got vocabularies of 12 and 5"):
        speculative(writer(), writer(vocabulary=5), [1])
    with pytest.raises(ValueError, match="k must be 1 or more"):
        speculative(writer(), writer(), [1], 0)


# Loops


def test_a_loop_is_found_with_its_period_and_its_beginning() -> None:
    assert loop_of([9, 8, 1, 2, 3, 1, 2, 3, 1, 2, 3]) == (3, 2)
    assert loop_of([5, 5, 5]) == (1, 0) and loop_of([1, 2, 1, 2]) is None
    assert loop_of([1, 2, 1, 2], times=2) == (2, 0) and loop_of([]) is None
    assert loop_of([7, 1, 2, 1, 2, 1]) is None and loop_of([7, 1, 2, 1, 2, 1, 2]) == (2, 1)
    assert distinct([1, 2, 3, 4, 5]) == 1 and distinct([1] * 8, 2) == 1 / 7 and distinct([1]) == 1
