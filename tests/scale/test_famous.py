"""Famous models: the published figures, our real model, and the models of `transformers` and `torch`."""

import os
from dataclasses import FrozenInstanceError

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnlab import scale
from attnlab.models import Config
from attnlab.scale.famous import original, rounds_to

from .cases import numel, on_meta

COUNTS = {
    "Transformer base": 65_130_496,
    "Transformer big": 213_221_376,
    "BERT base": 110_106_428,
    "BERT large": 336_226_108,
    "GPT-2 small": 124_439_808,
    "GPT-2 medium": 354_823_168,
    "GPT-2 large": 774_030_080,
    "GPT-2 XL": 1_557_611_200,
    "GPT-3 175B": 174_604_259_328,
    "Llama 3.1 8B": 8_030_261_248,
    "Qwen3 8B": 8_190_735_360,
}


def test_who_is_famous():
    assert list(scale.FAMOUS) == list(COUNTS)
    assert all(model.name == name for name, model in scale.FAMOUS.items())


@pytest.mark.parametrize("name", COUNTS)
def test_the_count_is_exact_and_agrees_with_the_published_figure(name):
    model = scale.FAMOUS[name]
    assert model.parameters == sum(model.pieces.values()) == COUNTS[name]
    assert model.agrees
    assert model.source.count("https://") >= 1 and 2017 <= model.year <= 2025
    assert (model.trained_tokens is None) == (model.tokens_source == "")


@pytest.mark.parametrize("name", COUNTS)
def test_our_real_model_has_as_many(name):
    model = scale.FAMOUS[name]
    assert numel(on_meta(model.config)) + sum(model.extra.values()) == model.parameters


def test_tokens_that_were_published():
    """In billions; the epochs of BERT over its 3.3 billion words are about 40."""
    found = {name: model.trained_tokens for name, model in scale.FAMOUS.items() if model.trained_tokens}
    assert {name: tokens / 10**9 for name, tokens in found.items()} == {
        "Transformer base": 2.5, "Transformer big": 7.5, "BERT base": 128, "BERT large": 128,
        "GPT-3 175B": 300, "Llama 3.1 8B": 15_000, "Qwen3 8B": 36_000,
    }  # fmt: skip
    assert found["BERT base"] / 3.3e9 == pytest.approx(40, rel=0.05)


def test_nobody_changes_them_by_accident():
    model = scale.FAMOUS["BERT base"]
    model.pieces.clear()
    assert model.parameters == COUNTS["BERT base"]
    with pytest.raises(FrozenInstanceError):
        model.published = "117M"


def test_bert_has_its_extra_pieces_and_no_other_model_has_any():
    base = scale.FAMOUS["BERT base"]
    assert base.extra == {
        "segment embedding": 2 * 768,
        "embedding norm": 2 * 768,
        "masked-word head": 768 * 768 + 768 + 2 * 768 + 30_522,
        "next-sentence head": 768 * 768 + 768 + 2 * 768 + 2,
    }
    assert not set(base.extra) & set(scale.parameters(base.config))
    assert {name for name, model in scale.FAMOUS.items() if model.extra} == {"BERT base", "BERT large"}


# ------------------------------------------------------------ rounding


@pytest.mark.parametrize(
    ("published", "lowest", "beyond"),
    [
        ("110M", 105_000_000, 115_000_000),
        ("340M", 335_000_000, 345_000_000),
        ("336M", 335_500_000, 336_500_000),
        ("1558M", 1_557_500_000, 1_558_500_000),
        ("8.0B", 7_950_000_000, 8_050_000_000),
        ("8.20B", 8_195_000_000, 8_205_000_000),
        ("8B", 7_500_000_000, 8_500_000_000),
        ("175B", 174_500_000_000, 175_500_000_000),
        ("1.5K", 1450, 1550),
        ("2T", 1_500_000_000_000, 2_500_000_000_000),
        ("1,557,611,200", 1_557_611_150, 1_557_611_250),
        ("1,003", 1003, 1004),
        ("0.5K", 450, 550),
    ],
)
def test_a_number_agrees_within_half_of_the_last_significant_digit(published, lowest, beyond):
    inside = [number for number in (lowest - 1, lowest, beyond - 1, beyond) if rounds_to(number, published)]
    assert set(inside) == {lowest, beyond - 1}


@given(st.integers(1, 10**13), st.integers(1, 5))
def test_what_is_rounded_agrees_with_its_rounding(number, digits):
    step = 10 ** max(len(str(number)) - digits, 0)
    rounded = (number + step // 2) // step * step
    assert rounds_to(number, str(rounded)) and rounds_to(number, f"{rounded:,}")


@pytest.mark.parametrize(
    "given", ["", "M", "110m", "1.M", "about 5M", "0", "0.0B", "12,34", "1e6", "-5", "110 M"]
)
def test_what_is_no_number_is_an_error(given):
    with pytest.raises(ValueError, match=r"published must be a number like '110M' or '8\.0B', got "):
        rounds_to(5, given)


def test_figures_that_do_not_agree_are_told():
    """What the paper on GPT-2 says, 175.0B of Table 2.1, and a BERT without its extra pieces."""
    for name, paper in (("small", "117M"), ("medium", "345M"), ("large", "762M"), ("XL", "1542M")):
        model = scale.FAMOUS[f"GPT-2 {name}"]
        assert not rounds_to(model.parameters, paper) and paper in model.note
    assert not rounds_to(COUNTS["GPT-3 175B"], "175.0B")
    assert not rounds_to(scale.count(scale.FAMOUS["BERT large"].config), "336M")


# ------------------------------------------------------------ the original Transformer

ROWS = [
    ({"n_layers": 2}, 36),
    ({"n_layers": 4}, 50),
    ({}, 65),
    ({"n_layers": 8}, 80),
    ({"d_model": 256}, 28),
    ({"d_model": 1024}, 168),
    ({"d_ff": 1024}, 53),
    ({"d_ff": 4096}, 90),
]  # Table 3 of Vaswani et al. (2017), parameters · 10⁻⁶
NARROW = [(16, 58), (32, 60)]  # the same for d_k 16 and 32, with d_v as it was


def millions(number: float) -> int:
    return round(number / 10**6)


@pytest.mark.parametrize(("changes", "published"), ROWS, ids=str)
def test_the_rows_of_table_3_agree_with_the_vocabulary_that_is_inferred_and_not_with_37_000(
    changes, published
):
    assert millions(scale.count(original(41_000, **changes))) == published
    assert millions(scale.count(original(37_000, **changes))) != published


@pytest.mark.parametrize(("d_k", "published"), NARROW)
def test_narrower_keys_agree_too(d_k, published):
    """18 attentions have less of W_Q and W_K: no Config, but the difference is known."""
    less = 18 * 2 * 513 * (512 - 8 * d_k)
    assert millions(scale.count(original(41_000)) - less) == published
    assert millions(scale.count(original(37_000)) - less) != published


def test_only_vocabularies_near_41_000_agree_with_all_rows():
    def agree(vocabulary: int) -> bool:
        return all(millions(scale.count(original(vocabulary, **row))) == number for row, number in ROWS)

    assert [v for v in range(35_000, 45_001, 100) if agree(v)] == [41_000, 41_100]


def test_big_needs_a_smaller_vocabulary():
    def big(vocabulary: int) -> int:
        return millions(scale.count(original(vocabulary, 6, 1024, 16, 4096)))

    assert [v for v in range(35_000, 42_000, 500) if big(v) == 213] == [35_500, 36_000]
    assert big(37_000) == 214 and millions(scale.count(original(37_000))) == 63


@pytest.mark.parametrize("name", ["Transformer base", "Transformer big"])
def test_biases_of_the_attention_are_less_than_a_thousandth(name):
    model = scale.FAMOUS[name]
    biases = 18 * 4 * model.config.d_model
    assert biases / model.parameters < 0.001 and rounds_to(model.parameters - biases, model.published)


@pytest.mark.parametrize("name", ["Transformer base", "Transformer big"])
def test_the_layers_are_those_of_torch(name):
    """torch.nn.Transformer has a last norm on both stacks, which the paper has not."""
    config = scale.FAMOUS[name].config
    with torch.device("meta"):
        theirs = torch.nn.Transformer(
            config.d_model, config.n_heads, config.n_layers, config.n_layers, config.width, batch_first=True
        )
    layers = scale.count(config) - scale.parameters(config)["token embedding"]
    assert layers == numel(theirs) - 2 * 2 * config.d_model


# ------------------------------------------------------------ transformers


@pytest.fixture(scope="module")
def transformers():
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when it is imported
    return pytest.importorskip("transformers")


def test_bert_is_that_of_transformers(transformers):
    large = transformers.BertConfig(
        hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096
    )
    for name, config in (("BERT base", transformers.BertConfig()), ("BERT large", large)):
        with torch.device("meta"):
            theirs = transformers.BertForPreTraining(config)
        assert numel(theirs) == scale.FAMOUS[name].parameters


@pytest.mark.parametrize("name", ["small", "medium", "large", "XL"])
def test_gpt_2_is_that_of_transformers(transformers, name):
    ours = scale.FAMOUS[f"GPT-2 {name}"].config
    config = transformers.GPT2Config(n_embd=ours.d_model, n_layer=ours.n_layers, n_head=ours.n_heads)
    with torch.device("meta"):
        theirs = transformers.GPT2LMHeadModel(config)
    assert numel(theirs) == COUNTS[f"GPT-2 {name}"]


def recent(config: Config) -> dict[str, int | bool]:
    """The sizes of a config by the names of transformers."""
    return {
        "vocab_size": config.vocabulary, "hidden_size": config.d_model, "intermediate_size": config.d_ff,
        "num_hidden_layers": config.n_layers, "num_attention_heads": config.n_heads,
        "num_key_value_heads": config.n_kv_heads, "head_dim": config.d_head,
        "max_position_embeddings": config.length, "tie_word_embeddings": False,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), [("Llama 3.1 8B", "Llama"), ("Qwen3 8B", "Qwen3")])
def test_recent_models_are_those_of_transformers(transformers, name, kind):
    config = getattr(transformers, f"{kind}Config")(**recent(scale.FAMOUS[name].config))
    with torch.device("meta"):
        theirs = getattr(transformers, f"{kind}ForCausalLM")(config)
    assert numel(theirs) == COUNTS[name]


def test_qwen_without_embeddings():
    pieces = scale.FAMOUS["Qwen3 8B"].pieces
    rest = sum(pieces.values()) - pieces["token embedding"] - pieces["output"]
    assert rounds_to(rest, "6.95B")
