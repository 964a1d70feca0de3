"""The attention of pretrained models: transformers' eager maps and our formulas as judges, every error.

All models are tiny and drawn at random, then shaken, so that no map is even. Nothing is downloaded.
"""

import copy
import logging
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

transformers = pytest.importorskip("transformers")

from attnlab import Heads, Heatmap, Links  # noqa: E402
from attnlab.attention import causal_mask, scaled_dot_product_attention, softmax  # noqa: E402
from attnlab.models import Config, Transformer  # noqa: E402
from attnlab.pretrained import Pretrained, PretrainedAttention, attention_of  # noqa: E402

VOCABULARY, WIDTH, LAYERS, HEADS, LONGEST = 30, 16, 2, 4, 12
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
PLAIN = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": 32,
    "max_position_embeddings": LONGEST,
    **SPECIAL,
}
GROUPED = PLAIN | {"num_key_value_heads": 2, "head_dim": 4}
T5 = {
    "vocab_size": VOCABULARY, "d_model": WIDTH, "d_kv": 4, "d_ff": 32, "num_layers": LAYERS,
    "num_heads": HEADS, "decoder_start_token_id": 0, "relative_attention_num_buckets": 8,
}  # fmt: skip
BART = {
    "vocab_size": VOCABULARY, "d_model": WIDTH, "max_position_embeddings": LONGEST,
    "encoder_layers": LAYERS, "decoder_layers": LAYERS, "encoder_attention_heads": HEADS,
    "decoder_attention_heads": HEADS, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32,
    "decoder_start_token_id": 2, **SPECIAL,
}  # fmt: skip
ROTARY = ("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")
ENCODERS = {
    "BertModel": PLAIN,
    "BertForMaskedLM": PLAIN,
    "RobertaModel": PLAIN | {"pad_token_id": 1, "bos_token_id": 0},
    "DistilBertModel": {
        "vocab_size": VOCABULARY, "dim": WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": 32,
        "max_position_embeddings": LONGEST,
    },
    "ElectraModel": PLAIN | {"embedding_size": WIDTH},
    "AlbertModel": PLAIN | {"embedding_size": 8},
}  # fmt: skip
DECODERS = {
    "GPT2LMHeadModel": {
        "vocab_size": VOCABULARY, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS,
        "n_positions": LONGEST, **SPECIAL,
    },
    "GPTNeoForCausalLM": {
        "vocab_size": VOCABULARY, "hidden_size": WIDTH, "num_layers": LAYERS, "num_heads": HEADS,
        "attention_types": [[["global", "local"], 1]], "window_size": 3, "max_position_embeddings": LONGEST,
        **SPECIAL,
    },
    "OPTForCausalLM": {
        "vocab_size": VOCABULARY, "hidden_size": WIDTH, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "ffn_dim": 32, "word_embed_proj_dim": WIDTH,
        "max_position_embeddings": LONGEST, **SPECIAL,
    },
    **dict.fromkeys(ROTARY, GROUPED),
}  # fmt: skip
BOTH = {
    "T5ForConditionalGeneration": T5,
    "MT5ForConditionalGeneration": T5,
    "BartForConditionalGeneration": BART,
    "MarianMTModel": BART,
}
ALL = ENCODERS | DECODERS | BOTH
THREE = ("BertForMaskedLM", "GPT2LMHeadModel", "T5ForConditionalGeneration")
IDS = [5, 9, 7, 5, 11, 3]
WRITTEN = [0, 8, 4]
WORDS = ["the", "cat", "dog", "sees", "sat", "big", "a", "red", "on", "mat"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody may ask for another computer, also if the refusal is then swallowed."""
    asked: list[Any] = []

    def refuse(*given: Any, **_: Any) -> None:
        asked.append(given)
        raise OSError("no network in these tests")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert asked == []


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What transformers logs from now on, also what it says only once in a process."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("transformers")
    level = logger.level
    logger.setLevel(logging.WARNING)  # a notebook that ran in this process may have made it silent
    logger.addHandler(handler)
    logging.Logger.warning_once.cache_clear()
    yield messages
    logger.removeHandler(handler)
    logger.setLevel(level)


def make(name: str, config: dict[str, Any] | None = None, **more: Any) -> Any:
    """A model of transformers in evaluation mode, the same each time. Global chance stays as it was."""
    cls = getattr(transformers, name)
    settings = cls.config_class(**((ALL[name] if config is None else config) | more))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = cls._from_config(settings)
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.4 * torch.randn(parameter.shape, generator=draw)
    return model.eval()


def inputs_for(name: str, ids: Any = IDS, written: Any = WRITTEN) -> dict[str, torch.Tensor]:
    given = {"input_ids": torch.tensor([ids])}
    return given | ({"decoder_input_ids": torch.tensor([written])} if name in BOTH else {})


def eager(model: Any) -> Any:
    other = copy.deepcopy(model)
    other.set_attn_implementation("eager")
    return other.eval()


def their_maps(model: Any, given: dict[str, Any]) -> dict[str, np.ndarray]:
    """What transformers itself returns of an eager model: [layer, head, query, key] of the first sequence."""
    names = {"self": "attentions", "cross": "cross_attentions", "source": "encoder_attentions"}
    if model.config.is_encoder_decoder:
        names["self"] = "decoder_attentions"
    with torch.no_grad():
        output = model(**given, output_attentions=True)
    found = {role: output.get(name) for role, name in names.items()}
    return {role: np.stack([each[0].numpy() for each in maps]) for role, maps in found.items() if maps}


def logits(model: Any, given: dict[str, Any]) -> torch.Tensor:
    with torch.no_grad():
        return model(**given)[0]


def state_of(model: Any) -> dict[str, Any]:
    """All that a call might leave behind."""
    return {
        "modes": [each.training for each in model.modules()],
        "ways": [each.config._attn_implementation for each in model.modules() if hasattr(each, "config")],
        "configs": [each.config.to_dict() for each in model.modules() if hasattr(each, "config")],
        "names": [sorted(vars(each)) for each in model.modules()],
        "hooks": [list(each._forward_hooks) for each in model.modules()],
        "gradients": [each.grad for each in model.parameters()],
        "asks": [each.requires_grad for each in model.parameters()],
        "weights": [each.tolist() for each in model.state_dict().values()],
        "chance": torch.get_rng_state().tolist(),
        "gradient mode": torch.is_grad_enabled(),
    }


def words() -> Any:
    """A tokenizer that splits at spaces, with an end token, built here."""
    tokenizers = pytest.importorskip("tokenizers")
    names = ["<pad>", "<s>", "</s>", "<unk>", *WORDS]
    inner = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>")
    )
    inner.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    inner.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 2)]
    )
    special = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, **special)


# ------------------------------------------------------------ the maps


@pytest.mark.parametrize("name", ALL)
def test_maps_are_those_of_the_model_in_eager_mode(name: str, said: list[str]) -> None:
    model = make(name)
    given = inputs_for(name)
    theirs = their_maps(eager(model), given)
    said.clear()
    found = attention_of(model, given)
    assert said == []
    assert set(found.attention) == set(theirs)
    for role, maps in found.attention.items():
        assert maps.dtype == np.float32
        np.testing.assert_allclose(maps, theirs[role], rtol=0, atol=1e-6)
        assert np.ptp(maps[..., -1, :], axis=-1).min() > 0.02, (
            "the last row is even: equality would say little"
        )


@pytest.mark.parametrize("name", ALL)
def test_rows_sum_to_one_and_decoders_look_back(name: str) -> None:
    found = attention_of(make(name), inputs_for(name))
    n, m = len(IDS), len(WRITTEN)
    shapes = {"self": (m, m), "cross": (m, n), "source": (n, n)} if name in BOTH else {"self": (n, n)}
    assert {role: maps.shape for role, maps in found.attention.items()} == {
        role: (LAYERS, HEADS, *shape) for role, shape in shapes.items()
    }
    for role, maps in found.attention.items():
        np.testing.assert_allclose(maps.sum(-1), 1, atol=1e-5)
        ahead = np.triu(maps, 1)
        assert (ahead == 0).all() == (role == "self" and name not in ENCODERS)


@pytest.mark.parametrize("name", THREE)
def test_a_model_from_a_file_with_either_implementation(name: str, tmp_path: Any) -> None:
    """The way people load: from_pretrained, here from a folder."""
    make(name).save_pretrained(tmp_path)
    load, given = getattr(transformers, name).from_pretrained, inputs_for(name)
    fused, plain = (load(tmp_path, attn_implementation=way) for way in ("sdpa", "eager"))
    assert fused.config._attn_implementation == "sdpa"
    found, theirs = attention_of(fused, given).attention, their_maps(plain, given)
    for role, maps in theirs.items():
        np.testing.assert_allclose(found[role], maps, rtol=0, atol=1e-6)
    torch.testing.assert_close(logits(fused, given), logits(plain, given), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", THREE)
def test_without_this_module_sdpa_gives_no_maps(name: str, said: list[str]) -> None:
    """The trap that `attention_of` is for. Where this fails, transformers has closed it."""
    with torch.no_grad():
        output = make(name)(**inputs_for(name), output_attentions=True)
    warned = any("`sdpa` attention does not support `output_attentions=True`" in each for each in said)
    assert warned == (name != "GPT2LMHeadModel")  # it gives none without a word
    assert not any(output.get(key) for key in ("attentions", "decoder_attentions", "cross_attentions"))


# ------------------------------------------------------------ our formulas as judges


def hidden_before(model: Any, layer: int, given: dict[str, Any], name: str = "hidden_states") -> np.ndarray:
    with torch.no_grad():
        return model(**given, output_hidden_states=True)[name][layer][0].numpy()


def weights_of(linear: nn.Module) -> np.ndarray:
    """[d_in, d_out]"""
    return linear.weight.detach().numpy().T


def heads_of(x: np.ndarray) -> np.ndarray:
    """[token, d_model] -> [head, token, d_head]"""
    return x.reshape(len(x), HEADS, -1).swapaxes(0, 1)


@pytest.mark.parametrize("layer", range(LAYERS))
def test_bert_by_hand(layer: int) -> None:
    model, given = make("BertModel"), inputs_for("BertModel")
    x, inner = hidden_before(model, layer, given), model.encoder.layer[layer].attention.self
    q, k, v = (
        heads_of(x @ weights_of(each) + each.bias.detach().numpy())
        for each in (inner.query, inner.key, inner.value)
    )
    ours = scaled_dot_product_attention(q, k, v).weights
    np.testing.assert_allclose(attention_of(model, given).attention["self"][layer], ours, atol=1e-5)


@pytest.mark.parametrize("layer", range(LAYERS))
def test_gpt2_by_hand(layer: int) -> None:
    """Pre-norm, and one matrix [d_model, 3 d_model] for queries, keys and values."""
    model, given = make("GPT2LMHeadModel"), inputs_for("GPT2LMHeadModel")
    x, block = hidden_before(model, layer, given), model.transformer.h[layer]
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    x = scaled * block.ln_1.weight.detach().numpy() + block.ln_1.bias.detach().numpy()
    packed = block.attn.c_attn
    q, k, v = map(
        heads_of, np.split(x @ packed.weight.detach().numpy() + packed.bias.detach().numpy(), 3, axis=1)
    )
    ours = scaled_dot_product_attention(q, k, v, causal_mask(len(x))).weights
    np.testing.assert_allclose(attention_of(model, given).attention["self"][layer], ours, atol=1e-5)


def rotary_queries_and_keys(model: Any, layer: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Those of Llama and its relatives, before they are rotated: [head, token, d_head]."""
    inner = model.model.layers[layer].self_attn
    found = []
    for name in ("q", "k"):
        linear = getattr(inner, f"{name}_proj")
        made = x @ weights_of(linear)
        made = made if linear.bias is None else made + linear.bias.detach().numpy()  # Qwen2 has one
        heads = made.reshape(len(x), -1, 4).swapaxes(0, 1)
        norm = getattr(inner, f"{name}_norm", None)  # and Qwen3 this
        found.append(heads if norm is None else t5_normed(heads, norm))
    return found[0], found[1]


@pytest.mark.parametrize("layer", range(LAYERS))
@pytest.mark.parametrize("name", ROTARY)
def test_grouped_heads_by_hand(name: str, layer: int) -> None:
    """Two heads of keys for four of queries: each serves two that are side by side."""
    model, given = make(name), inputs_for(name)
    x = t5_normed(hidden_before(model, layer, given), model.model.layers[layer].input_layernorm)
    q, k = rotary_queries_and_keys(model, layer, x)
    assert (len(q), len(k)) == (HEADS, 2)
    angles = np.arange(len(x))[:, None] * 10_000.0 ** (-np.arange(2) / 2)
    turn = np.exp(1j * angles)  # of the pair (first half, second half) as a complex number
    q, k = ((each[..., :2] + 1j * each[..., 2:]) * turn for each in (q, k))
    scores = (q @ np.repeat(k, 2, axis=0).conj().swapaxes(-1, -2)).real / 2
    ours = softmax(np.where(causal_mask(len(x)), scores, -np.inf))
    np.testing.assert_allclose(attention_of(model, given).attention["self"][layer], ours, atol=1e-5)


def test_the_window_of_mistral() -> None:
    """It looks at itself and the two before; beyond that its maps are 0."""
    maps = attention_of(make("MistralForCausalLM", sliding_window=3), IDS).attention["self"]
    n = len(IDS)
    near = np.tril(np.ones((n, n), bool)) & ~np.tril(np.ones((n, n), bool), -3)
    assert ((maps > 0) == near).all()


def bucket(distance: int, both_ways: bool, buckets: int, farthest: int = 128) -> int:
    """Of a distance key - query: one by one up to half the buckets, then in steps of equal ratio.

    Raffel et al. (2020), https://arxiv.org/abs/1910.10683, section 2.1; the ratios as in their code.
    """
    first = 0
    if both_ways:
        buckets //= 2
        first, distance = (buckets if distance > 0 else 0), abs(distance)
    else:
        distance = max(0, -distance)
    exact = buckets // 2
    if distance < exact:
        return first + distance
    share = np.log(distance / exact) / np.log(farthest / exact)
    return first + min(buckets - 1, exact + int(share * (buckets - exact)))


def t5_normed(x: np.ndarray, norm: nn.Module) -> np.ndarray:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * norm.weight.detach().numpy()


@pytest.mark.parametrize("layer", range(LAYERS))
@pytest.mark.parametrize("role", ["source", "self"])
def test_t5_by_hand(role: str, layer: int) -> None:
    """An RMS norm, no 1/√d, and a learned number for each head and distance, shared by all layers."""
    model = make("T5ForConditionalGeneration")
    written = [0, 8, 4, 9, 9, 3, 12, 5, 6]
    given = inputs_for("T5ForConditionalGeneration", list(range(3, 14)), written)
    stack, side = (model.encoder, "encoder") if role == "source" else (model.decoder, "decoder")
    part = stack.block[layer].layer[0]
    x = t5_normed(hidden_before(model, layer, given, f"{side}_hidden_states"), part.layer_norm)
    q, k = (heads_of(x @ weights_of(each)) for each in (part.SelfAttention.q, part.SelfAttention.k))
    table = stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight.detach().numpy()
    n = len(x)
    bias = np.array([[table[bucket(j - i, role == "source", 8)] for j in range(n)] for i in range(n)])
    scores = q @ k.swapaxes(-1, -2) + bias.transpose(2, 0, 1)
    if role == "self":
        scores = np.where(causal_mask(n), scores, -np.inf)
    np.testing.assert_allclose(attention_of(model, given).attention[role][layer], softmax(scores), atol=1e-5)


@pytest.mark.parametrize("layer", range(LAYERS))
def test_t5_cross_attention_by_hand(layer: int) -> None:
    model, given = make("T5ForConditionalGeneration"), inputs_for("T5ForConditionalGeneration")
    seen: list[torch.Tensor] = []  # the decoder's stream where cross-attention reads it
    part = model.decoder.block[layer].layer[1]
    handle = part.register_forward_pre_hook(lambda _, args: seen.append(args[0].detach()))
    memory = hidden_before(model, -1, given, "encoder_hidden_states")
    handle.remove()
    inner = part.EncDecAttention
    q = heads_of(t5_normed(seen[0][0].numpy(), part.layer_norm) @ weights_of(inner.q))
    k, v = (heads_of(memory @ weights_of(each)) for each in (inner.k, inner.v))
    ours = scaled_dot_product_attention(q, k, v, scale=1.0).weights
    np.testing.assert_allclose(attention_of(model, given).attention["cross"][layer], ours, atol=1e-5)


# ------------------------------------------------------------ the model stays as it was


@pytest.mark.parametrize(
    "name", ["BertModel", "GPT2LMHeadModel", "T5ForConditionalGeneration", "MarianMTModel"]
)
def test_the_model_stays_as_it_was(name: str) -> None:
    model, given = make(name), inputs_for(name)
    model.train()
    next(iter(model.children())).eval()  # some parts in one mode, some in the other
    handle = model.register_forward_hook(lambda *_: None)
    before = state_of(model)
    attention_of(model, given)
    assert state_of(model) == before
    handle.remove()
    assert not model._forward_hooks
    pickle.dumps(model)  # the hooks with which transformers collects maps cannot be pickled


def test_logits_are_the_same_before_and_after() -> None:
    model, given = make("GPT2LMHeadModel"), inputs_for("GPT2LMHeadModel")
    before = logits(model, given)
    attention_of(model, given)
    assert torch.equal(logits(model, given), before)
    assert attention_of(model, given).attention["self"].shape[0] == LAYERS  # a second time too


def test_each_stack_keeps_its_own_implementation() -> None:
    model = make("T5ForConditionalGeneration")
    model.encoder.config._attn_implementation = "eager"
    before = state_of(model)
    found = attention_of(model, inputs_for("T5ForConditionalGeneration"))
    assert set(found.attention) == {"self", "cross", "source"}
    assert state_of(model) == before
    assert {"eager", "sdpa"} <= set(before["ways"])


@pytest.mark.parametrize("way", ["flash_attention_2", "flex_attention"])
def test_other_implementations_are_left_and_taken_up_again(way: str) -> None:
    model, given = make("BertModel"), inputs_for("BertModel")
    usual = attention_of(model, given).attention["self"]
    model.config._attn_implementation = way
    np.testing.assert_array_equal(attention_of(model, given).attention["self"], usual)
    assert model.config._attn_implementation == way


def test_an_error_on_the_way_leaves_nothing_behind() -> None:
    model, given = make("BertModel"), inputs_for("BertModel")
    model.train()

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("in the last layer")

    handle = model.encoder.layer[-1].register_forward_hook(fail)
    before = state_of(model)
    with pytest.raises(ZeroDivisionError):
        attention_of(model, given)
    assert state_of(model) == before
    handle.remove()
    assert attention_of(model, given).attention["self"].shape[0] == LAYERS


@pytest.mark.parametrize("name", THREE)
def test_there_is_no_dropout(name: str) -> None:
    dropout = {
        "BertForMaskedLM": {"attention_probs_dropout_prob": 0.5, "hidden_dropout_prob": 0.5},
        "GPT2LMHeadModel": {"attn_pdrop": 0.5, "resid_pdrop": 0.5, "embd_pdrop": 0.5},
        "T5ForConditionalGeneration": {"dropout_rate": 0.5},
    }[name]
    model, given = make(name, **dropout), inputs_for(name)
    quiet = attention_of(model, given).attention
    loud = attention_of(model.train(), given).attention
    for role, maps in quiet.items():
        np.testing.assert_array_equal(loud[role], maps)


def test_what_a_config_asks_for_does_not_matter() -> None:
    model, given = make("BertModel", attn_implementation="eager"), inputs_for("BertModel")
    usual = attention_of(model, given).attention["self"]
    model.config.output_attentions, model.config.return_dict = True, False
    np.testing.assert_array_equal(attention_of(model, given).attention["self"], usual)
    assert (model.config.output_attentions, model.config.return_dict) == (True, False)


# ------------------------------------------------------------ what may be given


@pytest.mark.parametrize(
    "given",
    [
        torch.tensor(IDS),
        torch.tensor([IDS], dtype=torch.int32),
        IDS,
        [IDS],
        np.array([IDS]),
        {"input_ids": IDS},
        {"input_ids": [IDS], "attention_mask": [[1] * len(IDS)], "token_type_ids": [[0] * len(IDS)]},
        transformers.BatchEncoding({"input_ids": [IDS], "attention_mask": [[True] * len(IDS)]}),
        {"input_ids": [IDS], "attention_mask": None},
    ],
    ids=lambda given: type(given).__name__,
)
def test_ids_in_any_form(given: Any) -> None:
    model = make("BertModel")
    usual = attention_of(model, inputs_for("BertModel"))
    found = attention_of(model, given)
    np.testing.assert_array_equal(found.attention["self"], usual.attention["self"])
    assert found.tokens == tuple(map(str, IDS))
    assert found.source_tokens == ()


def test_types_of_tokens_reach_the_model() -> None:
    model, types = make("BertModel"), [[0, 0, 0, 1, 1, 1]]
    found = attention_of(model, {"input_ids": [IDS], "token_type_ids": types}).attention["self"]
    given = inputs_for("BertModel") | {"token_type_ids": torch.tensor(types)}
    np.testing.assert_allclose(found, their_maps(eager(model), given)["self"], atol=1e-6)
    assert np.abs(found - attention_of(model, [IDS]).attention["self"]).max() > 0.01


def test_types_of_tokens_are_left_out_where_a_model_has_none() -> None:
    model = make("DistilBertModel")
    given = {"input_ids": [IDS], "token_type_ids": [[0] * len(IDS)]}
    np.testing.assert_array_equal(
        attention_of(model, given).attention["self"], attention_of(model, IDS).attention["self"]
    )


def test_a_text_with_its_tokenizer() -> None:
    found = attention_of(make("BertModel"), "the big cat sat", tokenizer=words())
    assert found.tokens == ("the", "big", "cat", "sat", "</s>")
    assert found.attention["self"].shape == (LAYERS, HEADS, 5, 5)
    values = found.attention["self"][0]
    for view in (
        Heads(values, found.tokens, found.tokens),
        Links(values, found.tokens, found.tokens),
        Heatmap(values[0], found.tokens, found.tokens),
    ):
        assert "cat" in view.describe()


def test_a_text_and_its_target() -> None:
    """A decoder reads what it writes one place later: start token first, end token not at all."""
    model = make("T5ForConditionalGeneration")
    found = attention_of(model, "the cat sees a dog", target="a red mat", tokenizer=words())
    assert found.tokens == ("<pad>", "a", "red", "mat")
    assert found.source_tokens == ("the", "cat", "sees", "a", "dog", "</s>")
    assert "red" in Heads(found.attention["cross"][0], found.tokens, found.source_tokens).describe()
    given = dict(words()("the cat sees a dog", return_tensors="pt"))
    labels = words()(text_target="a red mat", return_tensors="pt")["input_ids"]
    theirs = their_maps(eager(model), {"input_ids": given["input_ids"], "labels": labels})  # shifts by itself
    np.testing.assert_allclose(found.attention["cross"], theirs["cross"], atol=1e-6)


def test_what_the_model_itself_writes() -> None:
    """The way that the error for missing decoder_input_ids shows."""
    model = make("T5ForConditionalGeneration", eos_token_id=None)
    inputs = {"input_ids": torch.tensor([IDS]), "attention_mask": torch.ones(1, len(IDS), dtype=torch.long)}
    inputs["decoder_input_ids"] = model.generate(**inputs, max_new_tokens=4)
    assert attention_of(model, inputs).attention["cross"].shape == (LAYERS, HEADS, 5, len(IDS))


def test_labels_that_a_tokenizer_does_not_know() -> None:
    """A model may have more rows than its tokenizer has tokens."""
    found = attention_of(make("BertModel"), [4, 29], tokenizer=words())
    assert found.tokens == ("the", "29")


def test_a_model_alone_with_its_encoder() -> None:
    whole, given = make("BartForConditionalGeneration"), inputs_for("BartForConditionalGeneration")
    found = attention_of(whole.get_encoder(), IDS).attention
    np.testing.assert_array_equal(found["self"], attention_of(whole, given).attention["source"])


@pytest.mark.parametrize(("dtype", "expected"), [(torch.bfloat16, "float32"), (torch.float64, "float64")])
def test_precision(dtype: torch.dtype, expected: str) -> None:
    model = make("BertModel")
    usual = attention_of(model, IDS).attention["self"]
    found = attention_of(model.to(dtype), IDS).attention["self"]
    assert found.dtype == expected
    np.testing.assert_allclose(found, usual, atol=0.1 if dtype == torch.bfloat16 else 1e-5)


def test_it_says_what_it_holds() -> None:
    found = attention_of(make("MarianMTModel"), inputs_for("MarianMTModel"))
    assert repr(found) == "PretrainedAttention(self [2, 4, 3, 3], cross [2, 4, 3, 6], source [2, 4, 6, 6])"


# ------------------------------------------------------------ several sequences, padding

LEFT = {"input_ids": [IDS, [0, 0, 4, 8, 6, 3]], "attention_mask": [[1] * 6, [0, 0, 1, 1, 1, 1]]}
RIGHT = {"input_ids": [IDS, [4, 8, 6, 3, 0, 0]], "attention_mask": [[1] * 6, [1, 1, 1, 1, 0, 0]]}


@pytest.mark.parametrize("given", [LEFT, RIGHT], ids=["left", "right"])
@pytest.mark.parametrize("name", ["BertModel", "RobertaModel", "GPT2LMHeadModel", "LlamaForCausalLM"])
def test_padding_is_cut_off(name: str, given: dict[str, Any]) -> None:
    model = make(name)
    found = attention_of(model, given)
    assert [each.tokens for each in found] == [tuple(map(str, IDS)), ("4", "8", "6", "3")]
    for each, ids in zip(found, [IDS, [4, 8, 6, 3]], strict=True):
        np.testing.assert_array_equal(each.attention["self"], attention_of(model, ids).attention["self"])


@pytest.mark.parametrize("name", ["BertModel", "GPT2LMHeadModel"])
def test_padding_as_transformers_has_it(name: str) -> None:
    """In one batch with a mask the model gives the same, beside the rows of the padding."""
    model = make(name)
    with torch.no_grad():
        batch = {key: torch.tensor(value) for key, value in RIGHT.items()}
        theirs = eager(model)(**batch, output_attentions=True)["attentions"]
    for i, found in enumerate(attention_of(model, RIGHT)):
        n = len(found.tokens)
        maps = np.stack([each[i, :, :n, :n].numpy() for each in theirs])
        np.testing.assert_allclose(found.attention["self"], maps, atol=1e-5)


def test_padding_on_both_sides_of_a_translation() -> None:
    model = make("T5ForConditionalGeneration")
    given = RIGHT | {
        "decoder_input_ids": [[0, 8, 0], [0, 8, 4]],
        "decoder_attention_mask": [[1, 1, 0], [1, 1, 1]],
    }
    first, second = attention_of(model, given)
    assert first.attention["cross"].shape == (LAYERS, HEADS, 2, 6)
    assert second.attention["cross"].shape == (LAYERS, HEADS, 3, 4)
    assert (first.tokens, second.source_tokens) == (("0", "8"), ("4", "8", "6", "3"))
    alone = attention_of(model, {"input_ids": [4, 8, 6, 3], "decoder_input_ids": [0, 8, 4]})
    for role, maps in alone.attention.items():
        np.testing.assert_array_equal(second.attention[role], maps)


def test_a_token_that_is_hidden_in_the_middle() -> None:
    """It stays in its place, and nobody looks at it."""
    found = attention_of(make("BertModel"), {"input_ids": IDS, "attention_mask": [1, 1, 0, 1, 1, 1]})
    maps = found.attention["self"]
    assert maps.shape[-1] == len(IDS)
    np.testing.assert_array_equal(maps[..., 2], 0)
    np.testing.assert_allclose(maps.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["BertModel", "GPT2LMHeadModel", "T5ForConditionalGeneration"])
def test_without_a_mask_nothing_is_padding(name: str, said: list[str]) -> None:
    """Also where an id is the one of the padding. GPT-2 warns of that where it gets no mask."""
    model = make(name)
    found = attention_of(model, inputs_for(name, [4, 8, 0, 0], [0, 0]))
    assert said == []
    assert "0" in (found.source_tokens or found.tokens)
    assert (found.attention["self"][..., -1, :] > 0).all()


# ------------------------------------------------------------ how long


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A model that is run is a failure: the error must come before."""

    def run(*_: Any, **__: Any) -> None:
        raise AssertionError("the model was run")

    monkeypatch.setattr(nn.Module, "__call__", run)
    yield


def most_of(name: str) -> int:
    return LONGEST - 2 * name.startswith("Roberta")


LIMITED = [name for name in ALL if "T5" not in name]


@pytest.mark.parametrize("name", LIMITED)
def test_the_longest_input(name: str) -> None:
    model = make(name)
    at_most = [4] * most_of(name)
    assert attention_of(model, inputs_for(name, at_most)).attention["self"].shape[0] == LAYERS
    if name not in ROTARY:  # these would go on, to positions that they have never learnt
        with pytest.raises((IndexError, RuntimeError)), torch.no_grad():
            model(**inputs_for(name, [*at_most, 4]))


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize("name", LIMITED)
def test_a_longer_input(name: str) -> None:
    most = most_of(name)
    with pytest.raises(
        ValueError, match=f"input_ids has {most + 1} tokens.* at most {most}.*truncation=True"
    ):
        attention_of(make(name), inputs_for(name, [4] * (most + 1)))


@pytest.mark.usefixtures("asleep")
def test_a_longer_input_of_the_decoder() -> None:
    name = "BartForConditionalGeneration"
    with pytest.raises(ValueError, match=r"decoder_input_ids has 13 tokens.* at most 12"):
        attention_of(make(name), inputs_for(name, IDS, [4] * (LONGEST + 1)))


def test_t5_has_no_longest_input() -> None:
    name = "T5ForConditionalGeneration"
    assert attention_of(make(name), inputs_for(name, [4] * 700)).attention["source"].shape[-1] == 700


@pytest.mark.usefixtures("asleep")
def test_maps_that_are_too_large() -> None:
    """20 000 tokens, 8 heads in all: 20 000² cells of 4 bytes each."""
    model = make("BertModel", max_position_embeddings=20_000)
    with pytest.raises(ValueError, match=r"maps of 8 heads would take 12\.8 GB, more than 2 GB.*shorter"):
        attention_of(model, [4] * 20_000)


@pytest.mark.usefixtures("asleep")
def test_maps_of_many_sequences_are_counted_together() -> None:
    model = make("BertModel", max_position_embeddings=5000)
    with pytest.raises(ValueError, match=r"3\.2 GB.*fewer sequences"):
        attention_of(model, torch.full((4, 5000), 4))


# ------------------------------------------------------------ what is refused


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (torch.tensor([[1.0, 2.0]]), TypeError, r"input_ids must be whole numbers, got torch\.float32"),
        (torch.tensor([[4, VOCABULARY]]), ValueError, "input_ids holds 30, but this model knows 0 to 29"),
        ([-1, 3], ValueError, "input_ids holds -1"),
        (np.ma.masked_array([4, 5], mask=[0, 1]), ValueError, "input_ids is a masked array: pass all ids"),
        ([], ValueError, r"at least one token, got \[0\]"),
        (torch.zeros(2, 0, dtype=torch.long), ValueError, r"got \[2, 0\]"),
        (torch.zeros(1, 2, 3, dtype=torch.long), ValueError, r"\[batch, token\].*got \[1, 2, 3\]"),
        (torch.tensor(3), ValueError, r"got \[\]"),
        ([[1, 2], [3]], ValueError, "rows of equal length.*padding=True"),
        (["a text", "another"], ValueError, "input_ids must be numbers.*tokenizer"),
        (None, ValueError, "must hold input_ids, got nothing"),
        ("a text", TypeError, "a text needs tokenizer="),
        ({}, ValueError, "must hold input_ids, got nothing"),
        ({"inputs_embeds": torch.zeros(1, 2, 16)}, ValueError, "must hold input_ids, got inputs_embeds"),
        (
            {"input_ids": [4, 5], "labels": [4, 5]},
            ValueError,
            "inputs hold labels: leave it out; only input_ids, ",
        ),
        ({"input_ids": [4, 5], "decoder_input_ids": [4]}, ValueError, "hold decoder_input_ids: leave it out"),
        ({"input_ids": [4, 5], "attention_mask": [1]}, ValueError, r"like input_ids, \[1, 2\], got \[1, 1\]"),
        (
            {"input_ids": [[4, 5]], "attention_mask": torch.ones(1, 1, 2, 2)},
            ValueError,
            r"attention_mask must be \[batch, token\].*\[1, 1, 2, 2\]",
        ),
        ({"input_ids": [4, 5], "attention_mask": [1.0, 1.0]}, TypeError, "attention_mask must be whole"),
        ({"input_ids": [4, 5], "attention_mask": [0, 0]}, ValueError, "leave each sequence a token"),
        ({"input_ids": [4, 5], "attention_mask": [1, 2]}, ValueError, "1 for a token and 0 for padding"),
        ({"input_ids": [4, 5], "token_type_ids": [0, 2]}, ValueError, "token_type_ids holds 2"),
        ({"input_ids": [4, 5], "token_type_ids": [0]}, ValueError, "ids must be shaped like input_ids"),
    ],
)
def test_inputs_that_are_refused(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        attention_of(make("BertModel"), given)


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"input_ids": IDS}, r"needs decoder_input_ids.*target='a text'.*model\.generate\(\*\*inputs\)"),
        ({"input_ids": IDS, "decoder_input_ids": [VOCABULARY]}, "decoder_input_ids holds 30"),
        ({"input_ids": [IDS, IDS], "decoder_input_ids": [[0, 1]]}, "equally many sequences, got 1 and 2"),
        (
            {"input_ids": IDS, "decoder_input_ids": [0, 1], "decoder_attention_mask": [1]},
            "decoder_attention_mask must be shaped like decoder_input_ids",
        ),
    ],
)
def test_inputs_that_an_encoder_decoder_refuses(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attention_of(make("T5ForConditionalGeneration"), given)


def test_each_side_has_its_own_vocabulary() -> None:
    name = "MarianMTModel"
    model = make(name, decoder_vocab_size=20, share_encoder_decoder_embeddings=False)
    assert attention_of(model, inputs_for(name, [29], [19])).tokens == ("19",)
    with pytest.raises(ValueError, match="decoder_input_ids holds 20, but this model knows 0 to 19"):
        attention_of(model, inputs_for(name, [29], [20]))


@pytest.mark.usefixtures("asleep")
def test_targets_that_are_refused() -> None:
    with pytest.raises(TypeError, match="a text needs tokenizer="):
        attention_of(make("T5ForConditionalGeneration"), IDS, target="a mat")
    with pytest.raises(ValueError, match=r"target must be one text, .*got list"):
        attention_of(make("T5ForConditionalGeneration"), IDS, target=[3], tokenizer=words())
    with pytest.raises(ValueError, match="decoder_start_token_id"):
        attention_of(make("BertModel"), IDS, target="a mat", tokenizer=words())


@pytest.mark.parametrize("model", ["bert-base-uncased", None, nn.Linear(2, 2), transformers.BertModel])
def test_what_is_no_loaded_model(model: Any) -> None:
    with pytest.raises(TypeError, match=r"pip install transformers.*AutoModel\.from_pretrained"):
        attention_of(model, IDS)


def wrapped() -> Iterator[tuple[Any, str]]:
    """What people pass instead of a model, and what they are told."""
    model = make("BertModel")
    yield torch.compile(model), r"got OptimizedModule.*before torch\.compile: model\._orig_mod"
    yield nn.DataParallel(model), r"got DataParallel.*the model inside: model\.module"
    spread = nn.parallel.DistributedDataParallel  # with __init__ it asks for other processes
    yield spread.__new__(spread), r"got DistributedDataParallel.*the model inside: model\.module"
    yield nn.Sequential(model), r"got Sequential.*if it holds a model of transformers, pass that part"
    yield words(), r"got TokenizersBackend.*pass the model first, then the text, then tokenizer="
    yield transformers.pipeline("feature-extraction", model=model, tokenizer=words()), r"pipe\.model"
    yield model.config, "got BertConfig.*a config has no weights.*AutoModel"
    yield words()("the cat"), r"got BatchEncoding.*pass the model first"
    yield transformers.BertModel, "got BertModel: that is a class.*AutoModel"
    yield transformers.Pipeline, "got Pipeline: that is a class.*AutoModel"
    yield "gpt2", r"got 'gpt2': that is a name.*load it with AutoModel\.from_pretrained\('gpt2'\)"
    yield "the cat " * 99, r"got '[^']{59}\.\.\.: that is a name"
    yield PurePosixPath("mine"), r"got PurePosixPath\('mine'\): that is a name"
    yield None, r"got None: load a model with AutoModel\.from_pretrained"
    yield model.state_dict(), "got OrderedDict.*AutoModel"


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch.compile imports that
def test_what_holds_a_model_or_belongs_to_it_says_what_to_pass() -> None:
    for given, told in wrapped():
        with pytest.raises(TypeError, match="must be a loaded model from transformers.*" + told):
            attention_of(given, IDS)


def test_a_model_without_weights_is_told() -> None:
    with torch.device("meta"):
        model = transformers.BertModel(transformers.BertConfig(**PLAIN))
    with pytest.raises(ValueError, match=r"this BertModel has no weights in embeddings\..*meta.*to_empty"):
        attention_of(model, IDS)


def test_a_part_without_weights_is_told() -> None:
    model = make("BertModel")
    model.pooler.to("meta")
    with pytest.raises(
        ValueError, match=r"no weights in pooler\.dense\.weight.*load it with from_pretrained"
    ):
        attention_of(model, IDS)


def test_a_model_of_this_package_has_a_trace() -> None:
    model = Transformer(Config(vocabulary=VOCABULARY, length=LONGEST))
    for given in (model, Pretrained(model, None)):
        with pytest.raises(TypeError, match=r"of attnlab.*model\(tokens, trace=True\)\.attention"):
            attention_of(given, IDS)


HYBRID = GROUPED | {
    "num_hidden_layers": 4, "attn_layer_period": 2, "attn_layer_offset": 1, "num_experts": 2,
    "mamba_d_state": 4,
}  # fmt: skip
MAMBA = {"vocab_size": VOCABULARY, "hidden_size": WIDTH, "num_hidden_layers": 2}
VIT = {
    "hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 8, "patch_size": 4,
}  # fmt: skip


WAV2VEC2 = {
    "hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
    "conv_dim": (8,), "conv_stride": (2,), "conv_kernel": (2,), "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}  # fmt: skip
WHISPER = {
    "d_model": WIDTH, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "vocab_size": VOCABULARY,
    "decoder_start_token_id": 1, **SPECIAL,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "config", "why"),
    [
        ("MambaForCausalLM", MAMBA, "has no attention maps"),
        ("FNetModel", {k: v for k, v in PLAIN.items() if "heads" not in k}, "has no attention maps"),
        ("RwkvModel", {"vocab_size": VOCABULARY, "hidden_size": WIDTH}, r"gave \[1, 6, 16\] for self"),
        ("JambaForCausalLM", HYBRID, "has 2 maps for 4 layers"),
        ("JambaForCausalLM", HYBRID | {"num_hidden_layers": 1}, "has no attention maps for self"),
        ("SqueezeBertModel", PLAIN | {"embedding_size": WIDTH}, "rows do not sum to 1"),
        ("ViTModel", VIT, "reads pictures"),
        ("CLIPModel", {"text_config": PLAIN, "vision_config": VIT}, "reads text and pictures"),
        ("Wav2Vec2Model", WAV2VEC2, "reads sound"),
        ("WhisperModel", WHISPER, "reads sound"),
        ("LongformerModel", PLAIN | {"attention_window": 4}, "keeps its maps as windows"),
    ],
)
def test_kinds_that_it_does_not_know(name: str, config: dict[str, Any], why: str) -> None:
    model = make(name, config)
    before = [each.training for each in model.modules()]
    with pytest.raises(ValueError, match=f"cannot show a {name}.*{why}.*BERT.*GPT-2.*T5"):
        attention_of(model, IDS)
    assert [each.training for each in model.modules()] == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda weights: weights * 2, "gave numbers for self that are not weights"),
        (
            lambda weights: weights - torch.eye(len(IDS)) + 1 / len(IDS),
            "gave numbers for self that are not weights",
        ),
        (lambda weights: weights / 0, "gave numbers for self that are not weights"),
        (lambda weights: weights[..., :-1], r"gave \[1, 4, 6, 5\] for self, not \[1, head, 6, 6\]"),
        (lambda weights: weights[0], r"gave \[4, 6, 6\] for self"),
        (lambda weights: None, "has 1 maps for 2 layers"),
    ],
)
def test_maps_that_are_none(change: Any, why: str) -> None:
    """A model whose second layer returns something else in the place of its weights."""
    model = make("BertModel")
    inner = model.encoder.layer[1].attention.self
    inner.register_forward_hook(lambda _, __, output: (output[0], change(output[1])))
    with pytest.raises(ValueError, match=f"cannot show a BertModel.*{why}"):
        attention_of(model, IDS)


@pytest.mark.parametrize("role", ["self", "cross", "source"])
def test_a_role_that_is_missing(role: str) -> None:
    model = make("T5ForConditionalGeneration")
    stack = model.encoder if role == "source" else model.decoder
    for block in stack.block:
        inner = block.layer[1].EncDecAttention if role == "cross" else block.layer[0].SelfAttention
        inner.register_forward_hook(lambda _, __, output: (*output[:-1], None))
    with pytest.raises(ValueError, match=f"has no attention maps for {role}"):
        attention_of(model, inputs_for("T5ForConditionalGeneration"))


def test_a_model_that_cannot_leave_its_implementation() -> None:
    class Fixed(transformers.BertModel):
        @classmethod
        def _can_set_attn_implementation(cls) -> bool:
            return False

    model = Fixed(transformers.BertConfig(**PLAIN))
    with pytest.raises(ValueError, match=r"cannot leave 'sdpa'.*attn_implementation=\"eager\""):
        attention_of(model, IDS)
    assert model.config._attn_implementation == "sdpa"


def test_a_pair_whose_encoder_stays_behind() -> None:
    """transformers changes the config of a pair of BERTs, but its encoder goes on with another one."""
    decoder = transformers.BertConfig(**PLAIN, is_decoder=True, add_cross_attention=True)
    pair = transformers.EncoderDecoderModel(
        encoder=transformers.BertModel(transformers.BertConfig(**PLAIN)),
        decoder=transformers.BertLMHeadModel(decoder),
    )
    before = state_of(pair)
    with pytest.raises(ValueError, match=r"cannot leave 'sdpa'.*attn_implementation=\"eager\""):
        attention_of(pair, inputs_for("BertModel") | {"decoder_input_ids": WRITTEN})
    assert state_of(pair) == before


# ------------------------------------------------------------ an optional extra


def test_it_is_there_without_transformers() -> None:
    """Importing the module asks for transformers neither where it is installed nor where it is not."""
    code = """
import sys
import attnlab, attnlab.pretrained
print("transformers" in sys.modules)
sys.modules["transformers"] = None  # as if it were not installed
try:
    attnlab.pretrained.attention_of("bert-base-uncased", [1, 2])
except TypeError as error:
    print("pip install transformers" in str(error))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_result_is_one_record_a_batch_a_list() -> None:
    model = make("BertModel")
    assert isinstance(attention_of(model, [IDS]), PretrainedAttention)
    assert [type(each) for each in attention_of(model, [IDS, IDS])] == [PretrainedAttention] * 2
